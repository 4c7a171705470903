import { sampledSoftmaxLoss, streamKey, uniformIntegers } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../errors.ts';
import type { Objective } from './objective.ts';

export interface SampledSoftmaxSettings {
  /** Negatives `R` per token, drawn uniformly with replacement from all items; default 128. */
  readonly numNegatives?: number;
  /** Divides the cosine scores; default 0.05. */
  readonly temperature?: number;
}

/**
 * Next-item prediction with a sampled softmax: for every token the next item against `R` uniform negatives of its own,
 * scores are cosines divided by the temperature, a negative equal to the positive is masked, mean over tokens.
 *
 * Negatives come from the stream `negatives` at the global step.
 *
 * Source: the published research code of Zhai et al. 2024 (arXiv:2402.17152). No logQ correction: the sampler is uniform.
 * @throws ConfigError when a setting is outside its range.
 */
export function sampledSoftmaxObjective(settings: SampledSoftmaxSettings = {}): Objective {
  const { numNegatives = 128, temperature = 0.05 } = settings;
  if (!Number.isInteger(numNegatives) || numNegatives < 1) {
    throw new ConfigError(`objective: numNegatives: expected an integer >= 1; got ${numNegatives}`, 'numNegatives');
  }
  if (!(temperature > 0)) {
    throw new ConfigError(`objective: temperature: expected a number > 0; got ${temperature}`, 'temperature');
  }
  return {
    name: 'sampled-softmax',
    settings: { numNegatives, temperature },
    draw({ batch, numItems, run }) {
      const numTokens = batch.itemIds.length;
      const stream = { key: streamKey(run.seed, 'negatives'), step: run.step };
      const drawn = uniformIntegers({ count: numTokens * numNegatives, low: 1, bound: numItems, stream });
      return { negatives: tf.reshape(drawn, [numTokens, numNegatives]) };
    },
    loss({ model, batch, drawn, run }) {
      const queries = model.encode(batch, run);
      const items = model.itemVectors();
      const negatives = drawn.negatives as tf.Tensor2D;
      const losses = sampledSoftmaxLoss({ queries, items, positives: batch.targets, negatives, temperature });
      return tf.mean(losses) as tf.Scalar;
    },
  };
}
