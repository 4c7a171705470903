import * as tf from '@tensorflow/tfjs-core';
import type { LabelLoss } from '../../model.ts';
import { stopGradient } from '../../rankers/stop-gradient.ts';
import { rowLosses } from './losses.ts';

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

/** The loss of a plain label, by {@link rowLosses}, over the rows that have it. */
export function labelLoss(labels: Float32Array, loss: 'binary' | 'squared'): LabelRows {
  const rows = knownRows(labels);
  const isComplete = rows === labels.length;
  const y = tf.tensor1d(isComplete ? labels : labels.map((value) => (Number.isNaN(value) ? 0 : value)));
  const mask = isComplete ? undefined : tf.tensor1d(labels.map((value) => (Number.isNaN(value) ? 0 : 1)));
  const sumOf = (logits: tf.Tensor1D, targets: tf.Tensor1D): tf.Scalar => {
    const each = rowLosses({ loss, delta: 1, negatives: 'unwatched' }, logits, targets);
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
