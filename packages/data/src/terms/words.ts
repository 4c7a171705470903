const word = /[\p{L}\p{N}\p{M}]+/gu;

/** Runs of letters, digits and their marks, of any script, in lower case and NFKC. */
export function wordsOf(text: string): string[] {
  return text.normalize('NFKC').toLowerCase().match(word) ?? [];
}

/** Runs of `1 .. longest` neighbouring words, joined by a space, shorter ones first. */
export function ngramsOf(words: readonly string[], longest: number): string[] {
  const runs: string[] = [];
  for (let length = 1; length <= longest; length++) {
    for (let i = 0; i + length <= words.length; i++) runs.push(words.slice(i, i + length).join(' '));
  }
  return runs;
}

/** Runs of `length` characters inside each word, a space at both of its ends: for scripts without spaces. */
export function characterRuns(words: readonly string[], length: number): string[] {
  return words.flatMap((each) => {
    const characters = [' ', ...each, ' '];
    return Array.from({ length: Math.max(0, characters.length - length + 1) }, (_, i) =>
      characters.slice(i, i + length).join(''),
    );
  });
}
