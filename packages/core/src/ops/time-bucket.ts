/** Natural-log base of the buckets in the published recipes. */
export const DEFAULT_BUCKET_DIVISOR = 0.301;

/**
 * Bucket of a time difference: `clamp(trunc(ln(max(|x|, 1)) / divisor), 0, last)`.
 *
 * @param seconds difference in seconds, an integer.
 * @param last largest bucket, that is the length of the table minus one.
 *
 * Every intermediate is rounded to float32, as the reference does: in float64 the bucket would differ within a few
 * seconds of an edge, for differences above about 4.2e5 seconds.
 *
 * Source: Zhai et al. 2024, section 3 (arXiv:2402.17152);
 * `RelativeBucketedTimeAndPositionBasedBias` of the public code.
 */
export function timeBucket(seconds: number, last: number, divisor: number = DEFAULT_BUCKET_DIVISOR): number {
  const x = Math.fround(Math.max(Math.abs(seconds), 1));
  const bucket = Math.trunc(Math.fround(Math.fround(Math.log(x)) / Math.fround(divisor)));
  return Math.min(Math.max(bucket, 0), last);
}
