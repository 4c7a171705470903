/** Float64 reference of scores of items of each query's own, by their ids. */
export interface SampledScoresInput {
  /** `[P, D]`. */
  readonly queries: ArrayLike<number>;
  /** `[I, D]`. */
  readonly items: ArrayLike<number>;
  /** `[P, R]`. */
  readonly ids: ArrayLike<number>;
  readonly width: number;
  /** `R`. */
  readonly each: number;
}

/** `scores_pr = q_p . items[ids_pr]`. */
export function sampledScores({ queries, items, ids, width: D, each: R }: SampledScoresInput): Float64Array {
  const scores = new Float64Array(ids.length);
  for (let i = 0; i < ids.length; i++) {
    const p = Math.floor(i / R);
    for (let d = 0; d < D; d++) scores[i] += queries[p * D + d] * items[ids[i] * D + d];
  }
  return scores;
}

/** `dQ_p = sum_r ds_pr items[ids_pr]`, `dItems_i = sum of ds_pr q_p over ids_pr = i`. */
export function sampledScoresGrad(
  { queries, items, ids, width: D, each: R }: SampledScoresInput,
  dScores: ArrayLike<number>,
): { dQueries: Float64Array; dItems: Float64Array } {
  const dQueries = new Float64Array(queries.length);
  const dItems = new Float64Array(items.length);
  for (let i = 0; i < ids.length; i++) {
    const p = Math.floor(i / R);
    for (let d = 0; d < D; d++) {
      dQueries[p * D + d] += dScores[i] * items[ids[i] * D + d];
      dItems[ids[i] * D + d] += dScores[i] * queries[p * D + d];
    }
  }
  return { dQueries, dItems };
}
