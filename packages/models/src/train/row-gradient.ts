import type * as tf from '@tensorflow/tfjs-core';

/** Gradient of some rows of a table. */
export interface RowGradient {
  /** Strictly increasing. */
  readonly ids: Int32Array;
  /** `[U, D]`. */
  readonly grad: tf.Tensor2D;
}
