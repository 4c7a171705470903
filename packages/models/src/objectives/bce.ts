import { embedding, integers, rememberHostValues, streamKey } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { BceConfig } from './config.ts';
import type { Objective } from './objective.ts';
import { ownLabels } from './own-labels.ts';
import { drawnValues, flatSettings, pairObjectiveLoss, pairsOfPart, positiveScores, weightOfPairs } from './pairs.ts';

/**
 * Binary cross-entropy with sampled negatives: `loss = -log sigmoid(s_label) - mean_r log(1 - sigmoid(s_r))`. A
 * negative that the sequence itself has as a label does not count.
 *
 * Negatives come from the stream `negatives` at the global step.
 *
 * Source: Kang & McAuley 2018, eq. 7 (arXiv:1808.09781). Differs from the paper in: scores are
 * cosines over a temperature.
 */
export function bceObjective(config: Omit<BceConfig, 'kind' | 'actionWeight'>): Objective {
  const { numNegatives } = config;
  return {
    name: 'bce',
    settings: flatSettings(config),
    weightOf: (whole, run) => weightOfPairs(whole, config, run),
    draw({ batch, numItems, run, part }) {
      const { pairs, firstPair } = pairsOfPart(batch, { part, run }, config);
      const count = pairs.rows.length * numNegatives;
      const drawn = integers(streamKey(run.seed, 'negatives'), run.step, count, 1, numItems, firstPair * numNegatives);
      return { negatives: rememberHostValues(tf.tensor1d(drawn, 'int32'), drawn) };
    },
    loss: (context) =>
      pairObjectiveLoss(context, config, (encoded, { batch, part, drawn }) => {
        const { count, pairs, queries, items, temperature } = encoded;
        const own = ownLabels(batch.host, part);
        const counts = Float32Array.from(drawnValues(drawn.negatives), (item, i) =>
          own[pairs.sequences[Math.floor(i / numNegatives)]].has(item) ? 0 : 1,
        );
        const vectors = embedding(items, drawn.negatives);
        const width = queries.shape[1];
        const products = tf.matMul(
          tf.reshape(vectors, [count, numNegatives, width]) as tf.Tensor3D,
          tf.reshape(queries, [count, width, 1]) as tf.Tensor3D,
        );
        const scores = tf.div(tf.reshape(products, [count, numNegatives]), temperature);
        const perNegative = tf.mul(tf.softplus(scores), tf.tensor2d(counts, [count, numNegatives]));
        const positive = tf.softplus(tf.neg(positiveScores(encoded)));
        return tf.add(positive, tf.mean(perNegative, 1)) as tf.Tensor1D;
      }),
  };
}
