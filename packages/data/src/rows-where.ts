/** The places of a value among flags or numbers, ascending. */
export function rowsWhere(flags: Uint8Array, value = 1): Int32Array {
  let count = 0;
  for (const flag of flags) if (flag === value) count++;
  const rows = new Int32Array(count);
  let at = 0;
  for (let row = 0; row < flags.length; row++) if (flags[row] === value) rows[at++] = row;
  return rows;
}
