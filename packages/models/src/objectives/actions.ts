import type { SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../errors.ts';
import { NUM_KNOWN_ACTIONS, ratingActions } from '../layers/actions.ts';
import type { TokenEncoder } from '../model.ts';
import type { Objective, ObjectiveContext, WeightedLoss } from './objective.ts';

/**
 * Adds the prediction of actions to an objective:
 * `loss = (1 - w) items + w mean_t(-log softmax(logits_t)[action_t])` over the events `t` of the batch whose rating is
 * known. With `w = 1` the items are not scored at all: ranking alone. A batch without labels of items has the actions
 * alone, still `w` times.
 *
 * Source: Zhai et al. 2024, table 1, row "ranking" (arXiv:2402.17152). Differs from the paper in: one
 * categorical task over the ids of the ratings where it has several binary ones, which data without several
 * kinds of feedback cannot give.
 *
 * @param weight `w`, above 0 and at most 1
 * @throws ConfigError for another weight; in training for a model without interleaved actions or data without ratings
 */
export function withActions(objective: Objective, weight: number): Objective {
  if (!(weight > 0 && weight <= 1)) {
    throw new ConfigError(
      `objective: actionWeight: expected a number above 0, at most 1; got ${weight}`,
      'actionWeight',
    );
  }
  const labelsOf: WeightOf = (whole, run) => objective.weightOf?.(whole, run) ?? whole.itemIds.length;
  const draw = weight === 1 ? () => ({}) : objective.draw?.bind(objective);
  return {
    name: weight === 1 ? 'actions' : `${objective.name}+actions`,
    settings: { ...objective.settings, actionWeight: weight },
    // What hides events does so in its loss, of which a weight of 1 leaves nothing: the labels are then refused alike.
    ...(objective.hidesEvents && { hidesEvents: true }),
    ...(draw === undefined ? {} : { draw }),
    loss(context) {
      const { model, batch, run } = context;
      if (model.encodeWithActions === undefined) {
        throw new ConfigError(
          `objective: actionWeight: expected a model with interleaved actions; got '${model.kind}' without; set model.actions to 'interleave' (kind 'hstu')`,
          'actionWeight',
        );
      }
      const { encoded, actionLogits } = model.encodeWithActions(batch, run);
      const actions = actionLoss(actionLogits, context);
      if (weight === 1) return actions;
      // The item loss reads the events of the same pass; histories that labels have cut short are another batch.
      const encode: TokenEncoder['encode'] = (history, at) => (history === batch ? encoded : model.encode(history, at));
      const items = objective.loss({ ...context, model: { ...model, encode } });
      // Both means count alike, though the batch may have more known ratings than labels, or fewer.
      const whole = context.part?.whole ?? batch.host;
      const labels = labelsOf(whole, run);
      const share = labels === 0 ? 1 : labels / Math.max(1, knownRatings(whole));
      const sum = tf.add(tf.mul(items.sum, 1 - weight), tf.mul(actions.sum, weight * share)) as tf.Scalar;
      return { sum, weight: labels === 0 ? actions.weight : items.weight };
    },
    weightOf: weight === 1 ? knownRatings : (whole, run) => labelsOf(whole, run) || knownRatings(whole),
    ...(weight !== 1 && objective.sharedItems && { sharedItems: objective.sharedItems.bind(objective) }),
  };
}

type WeightOf = NonNullable<Objective['weightOf']>;

function knownRatings({ ratings }: Pick<SequenceBatch, 'ratings'>): number {
  return ratings?.reduce((count, rating) => count + (Number.isNaN(rating) ? 0 : 1), 0) ?? 0;
}

function actionLoss(logits: tf.Tensor2D, { batch }: ObjectiveContext): WeightedLoss {
  // Ids without ratings would be no labels, in training or not; -1 of a rating that is not known has no logit.
  const ids = ratingActions(batch.host, { training: true, step: 0, seed: 0 }).map((id) => id - 1);
  const own = tf.oneHot(tf.tensor1d(ids, 'int32'), NUM_KNOWN_ACTIONS);
  const sum = tf.neg(tf.sum(tf.sum(tf.mul(tf.logSoftmax(logits), own), 1))) as tf.Scalar;
  return { sum, weight: knownRatings(batch.host) };
}
