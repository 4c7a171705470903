/** How distances fall into buckets. */
export interface BucketRule {
  /** Buckets in all. */
  readonly buckets: number;
  /** From here on all distances are in the last bucket of their direction. */
  readonly maxDistance: number;
  /** Whether keys after the query have half of the buckets, the upper one; else they are at distance 0. */
  readonly bothWays: boolean;
}

/**
 * The bucket of a key `distance` places after its query (before it: negative). With `n` buckets for a direction and
 * `m = floor(n / 2)`:
 *
 * ```
 * d                                                            for d = |distance| < m
 * min(n - 1, m + floor(ln(d / m) / ln(maxDistance / m) (n - m)))          else
 * ```
 *
 * The logarithm is float32, as in the reference: at some distances float64 gives another bucket.
 *
 * Source: Raffel et al. 2020, section 2.1 (arXiv:1910.10683); `T5Attention._relative_position_bucket` of transformers.
 */
export function relativeBucket(distance: number, { buckets, maxDistance, bothWays }: BucketRule): number {
  const own = bothWays ? Math.floor(buckets / 2) : buckets;
  const first = bothWays && distance > 0 ? own : 0;
  const apart = bothWays ? Math.abs(distance) : Math.max(0, -distance);
  const exact = Math.floor(own / 2);
  if (apart < exact) return first + apart;
  const f = Math.fround;
  const share = f(f(Math.log(f(apart / exact))) / f(Math.log(maxDistance / exact)));
  return first + Math.min(own - 1, exact + Math.floor(f(share * (own - exact))));
}

/** The buckets of keys `0 .. places - 1` for queries at the same places, row by row; shape `[places, places]`. */
export function bucketGrid(places: number, rule: BucketRule): Int32Array {
  // A distance has one bucket, wherever it is.
  const byDistance = Int32Array.from({ length: 2 * places - 1 }, (_, i) => relativeBucket(i - places + 1, rule));
  return Int32Array.from(
    { length: places * places },
    (_, i) => byDistance[(i % places) - Math.floor(i / places) + places - 1],
  );
}
