import { historyCost } from '../tasks/part.ts';

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
