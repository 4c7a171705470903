/**
 * Float64 reference of the sampled softmax over item ids.
 *
 * Source: Zhai et al. 2024, section 4.1 (arXiv:2402.17152) and its public code.
 */
export interface SampledSoftmaxInput {
  /** `[T, D]`. */
  readonly queries: ArrayLike<number>;
  /** `[I, D]`. */
  readonly items: ArrayLike<number>;
  /** `[T]`. */
  readonly positives: ArrayLike<number>;
  /** `[T, R]`. */
  readonly negatives: ArrayLike<number>;
  /** `[I]`, or empty. */
  readonly logQ: ArrayLike<number>;
  readonly width: number;
  readonly numNegatives: number;
  readonly temperature: number;
}

/** `loss_t = logsumexp(z_t) - z_t0`; a negative equal to the positive gets `-5e4`. */
export function sampledSoftmax(input: SampledSoftmaxInput): { loss: Float64Array; logSumExp: Float64Array } {
  const tokens = input.positives.length;
  const loss = new Float64Array(tokens);
  const logSumExp = new Float64Array(tokens);
  for (let t = 0; t < tokens; t++) {
    const z = logits(input, t);
    const top = Math.max(...z);
    logSumExp[t] = top + Math.log(z.reduce((sum, x) => sum + Math.exp(x - top), 0));
    loss[t] = logSumExp[t] - z[0];
  }
  return { loss, logSumExp };
}

/** `dz = softmax(z) - onehot(0)`; nothing flows through a constant logit. */
export function sampledSoftmaxGrad(
  input: SampledSoftmaxInput,
  dLoss: ArrayLike<number>,
): { dQueries: Float64Array; dItems: Float64Array } {
  const { queries, items, positives, negatives, width: D, numNegatives: R, temperature } = input;
  const { logSumExp } = sampledSoftmax(input);
  const dQueries = new Float64Array(queries.length);
  const dItems = new Float64Array(items.length);
  for (let t = 0; t < positives.length; t++) {
    const z = logits(input, t);
    for (let r = 0; r <= R; r++) {
      const id = r === 0 ? positives[t] : negatives[t * R + r - 1];
      if (r > 0 && id === positives[t]) continue;
      const dz = ((Math.exp(z[r] - logSumExp[t]) - (r === 0 ? 1 : 0)) * dLoss[t]) / temperature;
      for (let d = 0; d < D; d++) {
        dQueries[t * D + d] += dz * items[id * D + d];
        dItems[id * D + d] += dz * queries[t * D + d];
      }
    }
  }
  return { dQueries, dItems };
}

function logits(input: SampledSoftmaxInput, t: number): number[] {
  const { queries, items, positives, negatives, logQ, width: D, numNegatives: R, temperature } = input;
  const logit = (id: number): number => {
    let product = 0;
    for (let d = 0; d < D; d++) product += queries[t * D + d] * items[id * D + d];
    return product / temperature - (logQ.length > 0 ? logQ[id] : 0);
  };
  const z = [logit(positives[t])];
  for (let r = 0; r < R; r++) {
    const id = negatives[t * R + r];
    z.push(id === positives[t] ? -5e4 : logit(id));
  }
  return z;
}
