/**
 * Float64 reference of exact ranking: every query against every row of the item table, one after the other.
 */
export interface RankingInput {
  /** `[B, D]`. */
  readonly queries: ArrayLike<number>;
  /** `[I, D]`. */
  readonly items: ArrayLike<number>;
  /** `[B + 1]`. */
  readonly excludedOffsets: ArrayLike<number>;
  /** `[S]`. */
  readonly excludedIds: ArrayLike<number>;
  /** `[B]`, or empty: all rows of the table. */
  readonly last: ArrayLike<number>;
  readonly width: number;
  /** Lowest id that is a candidate. */
  readonly firstItem: number;
}

/** `[B, 4]`: candidates with a higher score, an equal one and a lower id, an equal one and a higher id, a NaN. */
export function rankCounts(input: RankingInput, targets: ArrayLike<number>): Int32Array {
  const counts = new Int32Array(targets.length * 4);
  for (let b = 0; b < targets.length; b++) {
    const goal = score(input, b, targets[b]);
    if (!Number.isFinite(goal)) counts[b * 4 + 3]++;
    for (const id of candidates(input, b)) {
      if (id === targets[b]) continue;
      const other = score(input, b, id);
      if (Number.isNaN(other)) counts[b * 4 + 3]++;
      else if (other > goal) counts[b * 4]++;
      else if (other === goal) counts[b * 4 + (id < targets[b] ? 1 : 2)]++;
    }
  }
  return counts;
}

/** The `k` best candidates: scores `[B, k]` and ids `[B, k]`, best first, among equals the lower id first. */
export function topItems(input: RankingInput, k: number): { scores: Float64Array; ids: Int32Array } {
  const numQueries = input.excludedOffsets.length - 1;
  const scores = new Float64Array(numQueries * k).fill(Number.NEGATIVE_INFINITY);
  const ids = new Int32Array(numQueries * k).fill(-1);
  for (let b = 0; b < numQueries; b++) {
    candidates(input, b)
      .map((id) => ({ id, value: score(input, b, id) }))
      .sort((x, y) => y.value - x.value || x.id - y.id)
      .slice(0, k)
      .forEach(({ id, value }, place) => {
        scores[b * k + place] = value;
        ids[b * k + place] = id;
      });
  }
  return { scores, ids };
}

function candidates(
  { items, excludedOffsets, excludedIds, last, width, firstItem }: RankingInput,
  b: number,
): number[] {
  const excluded = new Set<number>();
  for (let s = excludedOffsets[b]; s < excludedOffsets[b + 1]; s++) excluded.add(excludedIds[s]);
  const ids: number[] = [];
  const end = last.length > 0 ? last[b] : items.length / width - 1;
  for (let id = firstItem; id <= end; id++) if (!excluded.has(id)) ids.push(id);
  return ids;
}

function score({ queries, items, width }: RankingInput, b: number, id: number): number {
  let sum = 0;
  for (let d = 0; d < width; d++) sum += queries[b * width + d] * items[id * width + d];
  return sum;
}
