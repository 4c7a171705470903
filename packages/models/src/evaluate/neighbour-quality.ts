/**
 * Average precision and recalls of one query among its neighbours: `[AP, recall@k for each k]`.
 *
 * `AP = 1/R sum_j j / rank_j` with `rank_j = j +` the number of other candidates with at least the score of the `j`-th relevant
 * one: equal scores count against the model. The query itself is no candidate.
 *
 * @param scores one a candidate
 * @param query its place among the candidates
 * @param relevant whether a candidate should come first; at least one beside the query must
 */
export function neighbourQuality(
  scores: Float32Array,
  query: number,
  relevant: (candidate: number) => boolean,
  ks: readonly number[],
): number[] {
  const wanted: number[] = [];
  const unwanted: number[] = [];
  for (let c = 0; c < scores.length; c++) if (c !== query) (relevant(c) ? wanted : unwanted).push(scores[c]);
  const found = Float32Array.from(wanted).sort();
  const others = Float32Array.from(unwanted).sort();
  const hits = ks.map(() => 0);
  let precision = 0;
  let at = others.length - 1;
  for (let j = 1; j <= found.length; j++) {
    while (at >= 0 && others[at] >= found[found.length - j]) at--;
    const rank = j + others.length - 1 - at;
    precision += j / rank;
    for (const [i, k] of ks.entries()) if (rank <= k) hits[i]++;
  }
  return [precision / found.length, ...hits.map((count) => count / found.length)];
}
