import { type Flops, type ObjectiveConfigInput, parseObjectiveConfig } from '@seqrec/models';
import { ConfigError } from '../../errors.ts';

/** What an objective works on besides the encoder's tokens. */
export interface ObjectiveWork {
  /** Pairs of a user vector and a label. */
  readonly labels: number;
  readonly embeddingDim: number;
  readonly numItems: number;
}

/**
 * Products of an objective: every label's vector against the label and its candidates, `2 P (N + 1) D` forwards, twice
 * that backwards. `N`: `R` negatives of its own (sampled softmax, BCE), the pool that the batch shares (at most the
 * labels of the batch are in it), or all items. Scalable cross-entropy: see {@link sceFlops}.
 */
export function objectiveFlops(config: ObjectiveConfigInput, work: ObjectiveWork): Flops {
  const { labels, embeddingDim, numItems } = work;
  const objective = parseObjectiveConfig(config);
  if (objective.kind === 'sce') return sceFlops(objective, work);
  const forward = 2 * labels * (candidates(config, labels, numItems) + 1) * embeddingDim;
  return { forward, backward: 2 * forward };
}

/**
 * Buckets are chosen forwards alone, by products of their centres with all user vectors and all items; with `mix` the
 * centres are products too. Then each label and, in each bucket, its pairs against its items.
 */
function sceFlops(
  { buckets, bucketPairs, bucketItems, mix }: Extract<ReturnType<typeof parseObjectiveConfig>, { kind: 'sce' }>,
  { labels, embeddingDim, numItems }: ObjectiveWork,
): Flops {
  const square = Math.max(1, Math.round(2 * Math.sqrt(labels)));
  const count = buckets ?? square;
  const scored = count * Math.min(labels, bucketPairs ?? square) * Math.min(numItems, bucketItems);
  const scores = 2 * (scored + labels) * embeddingDim;
  const choice = 2 * count * ((mix ? 2 : 1) * labels + numItems) * embeddingDim;
  return { forward: choice + scores, backward: 2 * scores };
}

function candidates(config: ObjectiveConfigInput, labels: number, numItems: number): number {
  const objective = parseObjectiveConfig(config);
  switch (objective.kind) {
    case 'full-softmax':
      return numItems;
    case 'pool-softmax': {
      const { negatives } = objective;
      const inBatch = negatives.kind === 'random' ? 0 : Math.min(negatives.inBatch, labels);
      return inBatch + (negatives.kind === 'in-batch' ? 0 : negatives.random);
    }
    case 'sce':
      throw new Error('flops: expected an objective with candidates of each label; got sce');
    default: {
      // A plug-in's objective may have none.
      const { numNegatives }: { readonly numNegatives?: number } = objective;
      if (numNegatives === undefined)
        throw new ConfigError(
          `flops: expected an objective whose candidates can be counted; got ${(objective as { readonly kind: string }).kind}`,
        );
      return numNegatives;
    }
  }
}
