/** Mean over queries of `|A and B| / |A or B|` of two lists of distinct items; two empty ones are alike, 1. */
export function meanJaccard(a: readonly Int32Array[], b: readonly Int32Array[]): number {
  const sum = a.reduce((total, list, q) => {
    const own = new Set(list);
    const both = b[q].filter((item) => own.has(item)).length;
    const either = own.size + b[q].length - both;
    return total + (either === 0 ? 1 : both / either);
  }, 0);
  return sum / a.length;
}
