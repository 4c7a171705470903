import type { Flops } from '../flops/flops.ts';
import type { PoolSoftmaxConfig, SceConfig } from './config.ts';

/** What an objective works on besides the encoder's tokens. */
export interface ObjectiveWork {
  /** Pairs of a user vector and a label. */
  readonly labels: number;
  readonly embeddingDim: number;
  readonly numItems: number;
}

/** Every label's vector against the label and `N` candidates: `2 P (N + 1) D` forwards, twice that backwards. */
export function candidateFlops(candidates: number, { labels, embeddingDim }: ObjectiveWork): Flops {
  const forward = 2 * labels * (candidates + 1) * embeddingDim;
  return { forward, backward: 2 * forward };
}

/** {@link candidateFlops} of the pool that a batch shares: at most the labels of the batch are in it. */
export function poolFlops({ negatives }: Pick<PoolSoftmaxConfig, 'negatives'>, work: ObjectiveWork): Flops {
  const inBatch = negatives.kind === 'random' ? 0 : Math.min(negatives.inBatch, work.labels);
  return candidateFlops(inBatch + (negatives.kind === 'in-batch' ? 0 : negatives.random), work);
}

/**
 * Scalable cross-entropy. Buckets are chosen forwards alone, by products of their centres with all user vectors and all
 * items; with `mix` the centres are products too. Then each label and, in each bucket, its pairs against its items.
 */
export function sceFlops(
  { buckets, bucketPairs, bucketItems, mix }: Pick<SceConfig, 'buckets' | 'bucketPairs' | 'bucketItems' | 'mix'>,
  { labels, embeddingDim, numItems }: ObjectiveWork,
): Flops {
  const square = Math.max(1, Math.round(2 * Math.sqrt(labels)));
  const count = buckets ?? square;
  const scored = count * Math.min(labels, bucketPairs ?? square) * Math.min(numItems, bucketItems);
  const scores = 2 * (scored + labels) * embeddingDim;
  const choice = 2 * count * ((mix ? 2 : 1) * labels + numItems) * embeddingDim;
  return { forward: choice + scores, backward: 2 * scores };
}
