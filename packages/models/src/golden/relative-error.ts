/**
 * `max |got - expected| / max |expected|`; the absolute error when all of `expected` is zero. Infinities and NaN must
 * stand where they are expected, and count for no magnitude; Infinity where they do not.
 */
export function relativeError(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY;
  let error = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(got[i], expected[i])) {
      if (Number.isFinite(expected[i])) largest = Math.max(largest, Math.abs(expected[i]));
      continue;
    }
    const difference = Math.abs(got[i] - expected[i]);
    if (!Number.isFinite(difference)) return Number.POSITIVE_INFINITY;
    error = Math.max(error, difference);
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  return largest === 0 ? error : error / largest;
}
