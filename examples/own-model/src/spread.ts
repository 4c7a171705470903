import { embedding } from '@seqrec/core';
import { retrievalTask, type TaskDefinition, type TokenEncoder } from '@seqrec/models';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

const schema = z.strictObject({
  kind: z.literal('own/spread'),
  weight: z.number().min(0).default(0.1).describe('Weight of the second term.'),
});

/**
 * Retrieval under the objective of the configuration, and item vectors that keep apart:
 *
 * `loss = objective + weight mean_t(log mean_u(exp(-2 |v_t - v_u|^2)))` over the next items `v` of a batch.
 *
 * Source: the uniformity of Wang & Isola 2020 (arXiv:2005.10242). Differs from it in: the logarithm is taken a row.
 */
export const spread: TaskDefinition<z.output<typeof schema>, TokenEncoder> = {
  kind: 'own/spread',
  needs: 'encode',
  schema,
  create({ weight }, { objective }) {
    const retrieval = retrievalTask(objective());
    return {
      ...retrieval,
      name: 'own/spread',
      // Stands in checkpoints: a run that is resumed under another weight is refused.
      identity: { ...retrieval.identity, spread: weight },
      loss(context) {
        const { sum, weight: labels } = retrieval.loss(context);
        const { model, batch, run } = context;
        const next = embedding(model.itemVectors(run), batch.targets);
        // Of unit vectors |a - b|^2 = 2 - 2 ab.
        const cosines = tf.matMul(next, next, false, true);
        const near = tf.mean(tf.exp(tf.mul(tf.sub(cosines, 1), 4)), 1);
        return { sum: tf.add(sum, tf.mul(tf.sum(tf.log(near)), weight)) as tf.Scalar, weight: labels };
      },
    };
  },
};
