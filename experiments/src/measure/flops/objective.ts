import type { Flops, Workload } from './flops.ts';

/** Sampled softmax: `T` queries against the positive and `R` negatives of width `D`; backward twice the forward. */
export function sampledSoftmaxFlops(
  { embeddingDim, numNegatives }: { readonly embeddingDim: number; readonly numNegatives: number },
  { tokens }: Workload,
): Flops {
  const forward = 2 * tokens * (numNegatives + 1) * embeddingDim;
  return { forward, backward: 2 * forward };
}
