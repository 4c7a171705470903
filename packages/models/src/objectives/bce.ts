import { integers, rememberHostValues, sampledScores, streamKey } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { BceConfig, GbceConfig } from './config.ts';
import { gbceBeta } from './functions/gbce.ts';
import type { Objective } from './objective.ts';
import { ownLabels } from './own-labels.ts';
import { drawnValues, flatSettings, pairObjectiveLoss, pairsOfPart, positiveScores, weightOfPairs } from './pairs.ts';

/** What every objective of its own function takes. */
type Own<C> = Omit<C, 'kind' | 'actionWeight'>;

/**
 * Binary cross-entropy with sampled negatives: `loss = -log sigmoid(s_label) - mean_r log(1 - sigmoid(s_r))`, or by
 * `divisor: 'all'` `-(log sigmoid(s_label) + sum_r log(1 - sigmoid(s_r))) / (1 + R)`. Unless `ownLabels` are kept, a
 * negative that the sequence itself has as a label does not count.
 *
 * Negatives come from the stream `negatives` at the global step.
 *
 * Source: Kang & McAuley 2018, eq. 7 (arXiv:1808.09781). Differs from the paper in: scores are
 * cosines over a temperature.
 */
export function bceObjective(config: Own<BceConfig>): Objective {
  return binaryObjective('bce', config, () => 1);
}

/**
 * gBCE: `loss = -(beta log sigmoid(s_label) + sum_r log(1 - sigmoid(s_r))) / (1 + R)`, `beta` of {@link gbceBeta} with
 * the share of the items that are drawn. With `t` 0 it is binary cross-entropy, a mean over the label and its
 * negatives.
 *
 * Negatives come from the stream `negatives` at the global step.
 *
 * Source: Petrov & Macdonald 2023, section 5 (arXiv:2308.07192); a mean over `1 + R`, as RecTools and gSASRec's code.
 *
 * @param numNegativeItems items that negatives are drawn from; default: all of the model.
 */
export function gbceObjective(config: Own<GbceConfig>, numNegativeItems?: number): Objective {
  return binaryObjective('gbce', { ...config, divisor: 'all' }, (numItems) =>
    gbceBeta(config.t, config.numNegatives, numNegativeItems ?? numItems),
  );
}

/** @param betaOf weight of the label, by the number of items. */
function binaryObjective(name: string, config: Own<BceConfig>, betaOf: (numItems: number) => number): Objective {
  const { numNegatives, divisor, ownLabels: own } = config;
  return {
    name,
    settings: settingsOf(name, config),
    weightOf: (whole, run) => weightOfPairs(whole, config, run),
    draw({ batch, numItems, run, part }) {
      const { pairs, firstPair } = pairsOfPart(batch, { part, run }, config);
      const count = pairs.rows.length * numNegatives;
      const drawn = integers(streamKey(run.seed, 'negatives'), run.step, count, 1, numItems, firstPair * numNegatives);
      const ids = tf.tensor2d(drawn, [pairs.rows.length, numNegatives], 'int32');
      return { negatives: rememberHostValues(ids, drawn) };
    },
    loss: (context) =>
      pairObjectiveLoss(context, config, (encoded, { model, batch, part, drawn }) => {
        const { count, pairs, queries, items, temperature } = encoded;
        const scores = tf.div(sampledScores(queries, items, drawn.negatives), temperature);
        const every = tf.softplus(scores);
        const labels = own === 'kept' ? undefined : ownLabels(batch.host, part);
        const counts =
          labels && notOwn(drawnValues(drawn.negatives), numNegatives, pairs.sequences, labels, model.numItems);
        const perNegative = counts ? tf.mul(every, tf.tensor2d(counts, [count, numNegatives])) : every;
        const positive = tf.softplus(tf.neg(positiveScores(encoded)));
        if (divisor === 'negatives') return tf.add(positive, tf.mean(perNegative, 1)) as tf.Tensor1D;
        const sum = tf.add(tf.mul(positive, betaOf(model.numItems)), tf.sum(perNegative, 1));
        return tf.div(sum, 1 + numNegatives) as tf.Tensor1D;
      }),
  };
}

/** 1 for a negative that counts, 0 for one that the pair's sequence has as a label itself. */
function notOwn(
  negatives: Int32Array,
  each: number,
  sequences: ArrayLike<number>,
  labels: readonly ReadonlySet<number>[],
  numItems: number,
): Float32Array {
  const counts = new Float32Array(negatives.length);
  // Of each item the last sequence that it was marked for: a look at an array for every negative, not at a set.
  const marked = new Int32Array(numItems + 1).fill(-1);
  let current = -1;
  for (let p = 0; p < sequences.length; p++) {
    if (sequences[p] !== current) {
      current = sequences[p];
      for (const item of labels[current]) marked[item] = current;
    }
    for (let i = p * each; i < (p + 1) * each; i++) counts[i] = marked[negatives[i]] === current ? 0 : 1;
  }
  return counts;
}

/** A run from before there were other divisors and masks goes on. */
function settingsOf(name: string, { divisor, ownLabels: own, ...config }: Own<BceConfig>): Objective['settings'] {
  const changed = {
    ...(divisor === 'all' && name === 'bce' && { divisor }),
    ...(own === 'kept' && { ownLabels: own }),
  };
  return flatSettings({ ...config, ...changed });
}
