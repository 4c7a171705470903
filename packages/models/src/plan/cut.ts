/** Tokens of a history whose attention costs as much as all else that is done for it, about. */
const ATTENTION_TOKENS = 512;

/** What a step costs of some histories: `1 + l + l^2 / 512` of each, its products and its attention. */
export function historyCost(length: number): number {
  return 1 + length + (length * length) / ATTENTION_TOKENS;
}

/**
 * Bounds of `ranks` neighbouring ranges of the sequences of a batch, `[ranks + 1]`, of about equal cost
 * ({@link historyCost}): a range ends with the sequence whose middle is the last before its share of the cost of all.
 * There are empty ranges where a batch has fewer sequences than ranks, and beside long histories.
 *
 * @param offsets of the sequences among the tokens, `[B + 1]`.
 */
export function rankBounds(offsets: Int32Array, ranks: number): Int32Array {
  const count = offsets.length - 1;
  const before = new Float64Array(count + 1);
  for (let s = 0; s < count; s++) before[s + 1] = before[s] + historyCost(offsets[s + 1] - offsets[s]);
  const bounds = new Int32Array(ranks + 1);
  for (let rank = 1, s = 0; rank <= ranks; rank++) {
    const end = (rank / ranks) * before[count];
    while (s < count && (before[s] + before[s + 1]) / 2 < end) s++;
    bounds[rank] = rank === ranks ? count : s;
  }
  return bounds;
}

/** Tokens, sequences and cost of each range, `[R]`. */
export function rankWork(offsets: Int32Array, bounds: Int32Array) {
  const ranks = bounds.length - 1;
  const tokens = new Int32Array(ranks);
  const sequences = new Int32Array(ranks);
  const cost = new Float64Array(ranks);
  for (let rank = 0; rank < ranks; rank++) {
    const [from, to] = [bounds[rank], bounds[rank + 1]];
    sequences[rank] = to - from;
    tokens[rank] = offsets[to] - offsets[from];
    for (let s = from; s < to; s++) cost[rank] += historyCost(offsets[s + 1] - offsets[s]);
  }
  return { tokens, sequences, cost };
}
