/** Float64 reference of the logarithm of the softmax's denominator over all items. */
export interface LogSumExpScoresInput {
  /** `[P, D]`. */
  readonly queries: ArrayLike<number>;
  /** `[N, D]`. */
  readonly items: ArrayLike<number>;
  /** `[N]`, or empty. */
  readonly bias: ArrayLike<number>;
  /** `[G, N]`, or empty. */
  readonly mask: ArrayLike<number>;
  /** `[P]`, or empty. */
  readonly groups: ArrayLike<number>;
  readonly width: number;
}

/** `log sum_n exp(q_p . c_n + bias_n + mask[groups_p, n])`; `[P]`. */
export function logSumExpScores(input: LogSumExpScoresInput): Float64Array {
  return Float64Array.from({ length: input.queries.length / input.width }, (_, p) => {
    const scores = scoresOf(input, p);
    const top = Math.max(...scores);
    return top + Math.log(scores.reduce((sum, s) => sum + Math.exp(s - top), 0));
  });
}

/** `d / d score_pn = dSums_p softmax_n(score_p)`. */
export function logSumExpScoresGrad(
  input: LogSumExpScoresInput,
  dSums: ArrayLike<number>,
): { dQueries: Float64Array; dItems: Float64Array } {
  const { queries, items, width: D } = input;
  const logSumExp = logSumExpScores(input);
  const dQueries = new Float64Array(queries.length);
  const dItems = new Float64Array(items.length);
  for (let p = 0; p < logSumExp.length; p++) {
    for (const [n, score] of scoresOf(input, p).entries()) {
      const dScore = dSums[p] * Math.exp(score - logSumExp[p]);
      for (let d = 0; d < D; d++) {
        dQueries[p * D + d] += dScore * items[n * D + d];
        dItems[n * D + d] += dScore * queries[p * D + d];
      }
    }
  }
  return { dQueries, dItems };
}

function scoresOf({ queries, items, bias, mask, groups, width: D }: LogSumExpScoresInput, p: number): number[] {
  const count = items.length / D;
  return Array.from({ length: count }, (_, n) => {
    let score = (bias.length > 0 ? bias[n] : 0) + (mask.length > 0 ? mask[groups[p] * count + n] : 0);
    for (let d = 0; d < D; d++) score += queries[p * D + d] * items[n * D + d];
    return score;
  });
}
