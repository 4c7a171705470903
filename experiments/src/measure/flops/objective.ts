import { type Flops, type ObjectiveConfigInput, parseObjectiveConfig } from '@seqrec/models';

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
 * labels of the batch are in it), or all items.
 */
export function objectiveFlops(config: ObjectiveConfigInput, { labels, embeddingDim, numItems }: ObjectiveWork): Flops {
  const forward = 2 * labels * (candidates(config, labels, numItems) + 1) * embeddingDim;
  return { forward, backward: 2 * forward };
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
    default:
      return objective.numNegatives;
  }
}
