/**
 * Average precision and recalls of one query among its neighbours: `[AP, recall@k for each k]`, each its mean over
 * all orders of candidates with equal scores. The query itself is no candidate.
 *
 * Without ties `AP = 1/R sum_j j / rank_j` over the `R` relevant candidates, `recall@k` the share of them at a rank
 * up to `k`. A group of `n` equal scores, `r` of them relevant, that comes after `N` candidates with `M` relevant
 * ones adds `r/n sum_{i=1}^{n} (M + (i - 1)(r - 1)/(n - 1) + 1) / (N + i)` to `R AP`, and
 * `r min(n, max(0, k - N)) / n` to `R recall@k`.
 *
 * Source: McSherry and Najork 2008, "Computing information retrieval performance measures efficiently in the presence
 * of tied scores", section 3.
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
  const found = Float32Array.from(wanted).sort().reverse();
  const others = Float32Array.from(unwanted).sort().reverse();
  const hits = ks.map(() => 0);
  let precision = 0;
  let at = 0;
  for (let before = 0; before < found.length; ) {
    const score = found[before];
    while (at < others.length && others[at] > score) at++;
    let [r, equal] = [1, at];
    while (before + r < found.length && found[before + r] === score) r++;
    while (equal < others.length && others[equal] === score) equal++;
    const [n, above] = [r + equal - at, before + at];
    // Relevant ones expected at place i, given that the one at place i is relevant.
    const slope = n === 1 ? 0 : (r - 1) / (n - 1);
    let sum = 0;
    for (let i = 1; i <= n; i++) sum += (before + (i - 1) * slope + 1) / (above + i);
    precision += n === r ? sum : (r / n) * sum;
    for (const [m, k] of ks.entries()) hits[m] += (r * Math.min(n, Math.max(0, k - above))) / n;
    before += r;
    at = equal;
  }
  return [precision / found.length, ...hits.map((count) => count / found.length)];
}
