import * as tf from '@tensorflow/tfjs-core';
import type { WeightedLoss } from '../objectives/objective.ts';

/** The loss of a part that has nothing to learn from, where gradients are nothing and are still asked for. */
export function noLoss(variables: Iterable<tf.Variable>): WeightedLoss {
  const sum = tf.tidy(() => tf.mul(tf.addN(Array.from(variables, (each) => tf.sum(each))), 0)) as tf.Scalar;
  return { sum, weight: 0 };
}
