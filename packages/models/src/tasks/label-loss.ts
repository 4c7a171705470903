import * as tf from '@tensorflow/tfjs-core';
import type { LabelLoss } from '../model.ts';
import { stopGradient } from '../rankers/stop-gradient.ts';

/** The loss of a label over the rows of a batch that have it. */
export interface LabelRows extends LabelLoss {
  /** How many these are. */
  readonly rows: number;
  /** The sum over them, where `ofLabel` is the mean. */
  sum(logits: tf.Tensor1D): tf.Scalar;
}

/** Rows that have a label; without one it is NaN. */
export function knownRows(values: Float32Array): number {
  return values.reduce((count, value) => (Number.isNaN(value) ? count : count + 1), 0);
}

/** `softplus(z) - y z` (`binary`) or `(z - y)^2` (`squared`), over the rows that have the label. */
export function labelLoss(labels: Float32Array, loss: 'binary' | 'squared'): LabelRows {
  const rows = knownRows(labels);
  const isComplete = rows === labels.length;
  const y = tf.tensor1d(isComplete ? labels : labels.map((value) => (Number.isNaN(value) ? 0 : value)));
  const mask = isComplete ? undefined : tf.tensor1d(labels.map((value) => (Number.isNaN(value) ? 0 : 1)));
  const sumOf = (logits: tf.Tensor1D, targets: tf.Tensor): tf.Scalar => {
    const each =
      loss === 'binary' ? tf.sub(tf.softplus(logits), tf.mul(logits, targets)) : tf.square(tf.sub(logits, targets));
    return tf.sum(mask === undefined ? each : tf.mul(each, mask)) as tf.Scalar;
  };
  const mean = (sum: tf.Scalar): tf.Scalar => tf.div(sum, Math.max(1, rows)) as tf.Scalar;
  return {
    rows,
    sum: (logits) => sumOf(logits, y),
    ofLabel: (logits) => mean(sumOf(logits, y)),
    ofTeacher: (logits, teacher) =>
      mean(sumOf(logits, stopGradient(loss === 'binary' ? tf.sigmoid(teacher) : teacher))),
  };
}
