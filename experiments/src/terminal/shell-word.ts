/** A word of a command as a shell reads it back: in quotes where it would fall apart. */
export function shellWord(text: string): string {
  return /^[\w./:@=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
