import { integers, rememberHostValues, sampledSoftmaxLoss, streamKey, uniformIntegers } from '@seqrec/core';
import type { SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../errors.ts';
import type { SampledSoftmaxConfig } from './config.ts';
import type { DrawContext, Objective } from './objective.ts';
import {
  flatSettings,
  isEveryToken,
  type PairSettings,
  pairObjectiveLoss,
  pairsOfPart,
  weightOfPairs,
} from './pairs.ts';
import { scaledQueries } from './temperature.ts';

export interface SampledSoftmaxSettings extends Partial<Pick<SampledSoftmaxConfig, 'labels' | 'weighting'>> {
  /** Negatives `R` per pair, drawn uniformly with replacement from all items; default 128. */
  readonly numNegatives?: number;
  /** Divides the cosine scores; default 0.05. */
  readonly temperature?: number;
}

/**
 * A sampled softmax: for every pair of user vector and label the label against `R` uniform negatives of the pair's own,
 * scores are cosines divided by the temperature, a negative equal to the positive is masked, weighted mean over pairs.
 * By default every token predicts the next item and all weigh the same.
 *
 * Negatives come from the stream `negatives` at the global step.
 *
 * Source: the published research code of Zhai et al. 2024 (arXiv:2402.17152). No logQ
 * correction: the sampler is uniform.
 * @throws ConfigError when a setting is outside its range.
 */
export function sampledSoftmaxObjective(settings: SampledSoftmaxSettings = {}): Objective {
  const { numNegatives = 128, temperature = 0.05, labels = { kind: 'next-item' }, weighting = 'token' } = settings;
  if (!Number.isInteger(numNegatives) || numNegatives < 1) {
    throw new ConfigError(`objective: numNegatives: expected an integer >= 1; got ${numNegatives}`, 'numNegatives');
  }
  if (!(temperature > 0)) {
    throw new ConfigError(`objective: temperature: expected a number > 0; got ${temperature}`, 'temperature');
  }
  const pairSettings: PairSettings = { labels, weighting, temperature };
  /** The pairs of a batch, and those of the step before it. */
  const countPairs = (
    batch: SequenceBatch,
    { part, run }: Pick<DrawContext, 'part' | 'run'>,
  ): { readonly count: number; readonly firstPair: number } => {
    if (isEveryToken(pairSettings)) return { count: batch.itemIds.length, firstPair: part?.firstToken ?? 0 };
    const { pairs, firstPair } = pairsOfPart(batch, { part, run }, pairSettings);
    return { count: pairs.rows.length, firstPair };
  };
  return {
    name: 'sampled-softmax',
    settings: {
      numNegatives,
      temperature,
      ...(isEveryToken(pairSettings) ? {} : flatSettings({ labels, weighting })),
    },
    weightOf: (whole, run) => weightOfPairs(whole, pairSettings, run),
    draw({ batch, numItems, run, part, onHost = false }) {
      const { count, firstPair } = countPairs(batch, { part, run });
      const stream = { key: streamKey(run.seed, 'negatives'), step: run.step, first: firstPair * numNegatives };
      if (onHost) {
        const ids = integers(stream.key, stream.step, count * numNegatives, 1, numItems, stream.first);
        return { negatives: rememberHostValues(tf.tensor2d(ids, [count, numNegatives], 'int32'), ids) };
      }
      const drawn = uniformIntegers({ count: count * numNegatives, low: 1, bound: numItems, stream });
      return { negatives: tf.reshape(drawn, [count, numNegatives]) };
    },
    loss(context) {
      const { model, batch, drawn, run } = context;
      const negatives = drawn.negatives as tf.Tensor2D;
      if (!isEveryToken(pairSettings)) {
        return pairObjectiveLoss(context, pairSettings, ({ queries, items, positives, temperature }) =>
          sampledSoftmaxLoss({ queries, items, positives, negatives, temperature }),
        );
      }
      const scaled = scaledQueries(model, model.encode(batch, run), temperature);
      const items = model.itemVectors(context.run);
      const losses = sampledSoftmaxLoss({ ...scaled, items, positives: batch.targets, negatives });
      return { sum: tf.sum(losses) as tf.Scalar, weight: losses.shape[0] };
    },
  };
}
