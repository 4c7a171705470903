import { integers, logSumExpScores, MASKED_SCORE, streamKey } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { hostIntegers } from '../host-integers.ts';
import type { PoolSoftmaxConfig } from './config.ts';
import type { Frequencies } from './frequencies.ts';
import type { LabelledPairs } from './labels.ts';
import { correctedPoolLoss, poolShares } from './logq-forms.ts';
import { logExpected, type NegativePool, negativePool } from './negative-pool.ts';
import type { Objective, ObjectiveContext } from './objective.ts';
import { ownLabels } from './own-labels.ts';
import {
  drawnValues,
  type EncodedPairs,
  flatSettings,
  pairObjectiveLoss,
  positiveScores,
  weightOfPairs,
} from './pairs.ts';
import { pairsOf } from './part-pairs.ts';

/**
 * Softmax of each label against one pool of negatives that the whole batch shares: the labels of the batch
 * (`in-batch`), uniform draws (`random`), or both (`mixed`). An item that the user has as a label is never
 * a negative of that user.
 *
 * With `logQ` every score, the label's too, has `log(N_inBatch share(v) + N_random / I)` taken off: how often the
 * item is expected in the pool, `share(v)` its share of the labels that are drawn. `logQForm` says whether of the
 * label's as well: by `negatives` it is not, by `corrected` see {@link correctedPoolLoss}. Random numbers come from
 * the streams `negatives` and `pool` at the global step.
 *
 * Source: Pancha et al. 2022, eq. 1-2 and section 3.3 (arXiv:2205.04507); mixed negatives after Yang et al. 2020, logQ
 * after Yi et al. 2019, its corrected form after arXiv:2507.09331 (RecSys 2025). Differs from the paper in: shares
 * are counted over the training set beforehand, not while training, so that a resumed run is exact; the formula for
 * the mixture, which the paper does not give.
 */
export function poolSoftmaxObjective(
  config: Omit<PoolSoftmaxConfig, 'kind' | 'actionWeight'>,
  frequencies?: Frequencies,
  numNegativeItems?: number,
): Objective {
  return {
    name: 'pool-softmax',
    settings: flatSettings(config),
    weightOf: (whole, run) => weightOfPairs(whole, config, run),
    draw({ numItems, run }) {
      const count = config.negatives.kind === 'in-batch' ? 0 : config.negatives.random;
      const drawn = integers(streamKey(run.seed, 'negatives'), run.step, count, 1, numItems);
      return { negatives: hostIntegers(drawn) };
    },
    sharedItems: (whole, drawn, run) => {
      const { positives } = pairsOf(whole, config, run);
      return [negativePool(positives, drawnValues(drawn.negatives), config.negatives, run).items];
    },
    loss: (context) => {
      // The pool is that of the batch, whatever part of it this is.
      const poolOf = ({ positives }: LabelledPairs): NegativePool =>
        negativePool(positives, drawnValues(context.drawn.negatives), config.negatives, context.run);
      const losses = (encoded: EncodedPairs, { model, batch, part, rowIds }: ObjectiveContext): tf.Tensor1D => {
        const { queries, temperature, pairs, whole } = encoded;
        const pool = poolOf(whole);
        const idOf = (row: number): number => rowIds?.[row] ?? row;
        const ids = pool.items.map(idOf);
        // By id: a label of the user that only another rank reads has no place here, and counts all the same.
        const own = ownLabels(batch.host, part, part?.wholeIds?.targets);
        const mask = { values: poolMask(ids, own), groups: tf.tensor1d(pairs.sequences, 'int32') };
        const logQ =
          frequencies === undefined
            ? undefined
            : logExpected(pool, (item) => frequencies.share(item), numNegativeItems ?? model.numItems);
        const bias = logQ === undefined ? undefined : tf.tensor1d(Float32Array.from(ids, (item) => -logQ(item)));
        const items = encoded.vectorsOf(pool.items);
        const negatives = logSumExpScores({ queries: tf.div(queries, temperature), items, bias, mask });
        let label = positiveScores(encoded);
        if (logQ !== undefined && config.logQForm === 'corrected') {
          return correctedPoolLoss(label, negatives, poolShares(ids, own, logQ), pairs.sequences);
        }
        if (logQ !== undefined && config.logQForm !== 'negatives') {
          label = tf.sub(label, tf.tensor1d(Float32Array.from(pairs.positives, (row) => logQ(idOf(row)))));
        }
        // -log(exp(label) / (exp(label) + sum of exp(negatives)))
        return tf.softplus(tf.sub(negatives, label));
      };
      return pairObjectiveLoss(context, config, losses, (whole) => [whole.positives, poolOf(whole).items]);
    },
  };
}

/** `[B, N]`: {@link MASKED_SCORE} where the item of the pool is a label of the sequence's user. */
function poolMask(pool: Int32Array, own: readonly ReadonlySet<number>[]): tf.Tensor2D {
  const places = new Map<number, number[]>();
  for (const [place, item] of pool.entries()) {
    const list = places.get(item);
    if (list === undefined) places.set(item, [place]);
    else list.push(place);
  }
  const values = new Float32Array(own.length * pool.length);
  for (const [b, items] of own.entries()) {
    for (const item of items) {
      for (const place of places.get(item) ?? []) values[b * pool.length + place] = MASKED_SCORE;
    }
  }
  return tf.tensor2d(values, [own.length, pool.length]);
}
