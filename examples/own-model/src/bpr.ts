import { embedding, integers, rememberHostValues, streamKey } from '@seqrec/core';
import { candidateFlops, type ObjectiveDefinition } from '@seqrec/models';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

const schema = z.strictObject({
  kind: z.literal('own/bpr'),
  temperature: z.number().gt(0).default(0.1).describe('Divides the cosines.'),
});

/**
 * Bayesian personalised ranking: for every event `loss = log(1 + exp(-(s_next - s_negative) / temperature))`, with one
 * uniform negative.
 *
 * Source: Rendle et al. 2009 (arXiv:1205.2618). Differs from the paper in: sequences, cosines over a temperature, and
 * no weight decay, which the optimiser has.
 */
export const bpr: ObjectiveDefinition<z.output<typeof schema>> = {
  kind: 'own/bpr',
  schema,
  // Each label against itself and one negative: what the FLOPs of tables count.
  flops: (_, work) => candidateFlops(1, work),
  create: ({ temperature }) => ({
    name: 'own/bpr',
    settings: { temperature },
    // A function of seed and step, and of where a part of a batch begins: resumed and divided steps draw the same.
    draw({ batch, numItems, run, part }) {
      const count = batch.itemIds.length;
      const key = streamKey(run.seed, 'own/bpr');
      const ids = integers(key, run.step, count, 1, numItems, part?.firstToken ?? 0);
      return { negatives: rememberHostValues(tf.tensor1d(ids, 'int32'), ids) };
    },
    loss({ model, batch, drawn, run }) {
      const items = model.itemVectors(run);
      const negatives = drawn.negatives as tf.Tensor1D;
      const difference = tf.sub(embedding(items, batch.targets), embedding(items, negatives));
      const margins = tf.div(tf.sum(tf.mul(model.encode(batch, run), difference), 1), temperature);
      return { sum: tf.sum(tf.softplus(tf.neg(margins))) as tf.Scalar, weight: batch.numTokens };
    },
  }),
};
