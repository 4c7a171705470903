/** How programs write that there is no value. */
export const missingMarkers: readonly string[] = ['', 'NA', 'NaN', 'nan', 'null', 'NULL', 'None', '\\N'];

/** Whether a field, without blanks around it, says that there is no value. */
export function missingRule(markers: readonly string[] = missingMarkers): (text: string) => boolean {
  const known = new Set(['', ...markers]);
  const longest = Math.max(...Array.from(known, (marker) => marker.length));
  // Most fields are longer than any marker, and need not be hashed.
  return (text) => text.length <= longest && known.has(text);
}
