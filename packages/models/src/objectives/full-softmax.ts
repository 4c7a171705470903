import { logSumExpScores } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { FullSoftmaxConfig } from './config.ts';
import type { Objective } from './objective.ts';
import { flatSettings, pairObjectiveLoss, positiveScores, weightOfPairs } from './pairs.ts';

/**
 * Cross-entropy over all items: `loss = log sum_i exp(s_i) - s_label`, no sampling.
 *
 * Time grows with pairs times items: `8 P I D` floating-point operations forwards and backwards, scores being computed
 * twice. Memory does not: scores exist a block at a time, see `logSumExpScores`.
 */
export function fullSoftmaxObjective(config: Omit<FullSoftmaxConfig, 'kind' | 'actionWeight'>): Objective {
  return {
    name: 'full-softmax',
    settings: flatSettings(config),
    weightOf: (whole, run) => weightOfPairs(whole, config, run),
    loss: (context) =>
      pairObjectiveLoss(context, config, (encoded) => {
        const { queries, items, temperature } = encoded;
        const all = tf.slice(items, [1, 0], [context.model.numItems, -1]);
        const total = logSumExpScores({ queries: tf.div(queries, temperature), items: all });
        return tf.sub(total, positiveScores(encoded));
      }),
  };
}
