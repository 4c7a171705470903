/**
 * Labels of a head, 0 where one is missing (NaN) and that of a parent is 0: who has not clicked has not bought.
 *
 * @param parents labels of the heads above it, of the same rows.
 */
export function impliedLabels(own: Float32Array, parents: readonly Float32Array[]): Float32Array {
  if (parents.length === 0) return own;
  return own.map((label, row) => (Number.isNaN(label) && parents.some((above) => above[row] === 0) ? 0 : label));
}
