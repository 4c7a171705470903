import * as tf from '@tensorflow/tfjs-core';
import { RowwiseAdamWStep, type RowwiseAdamWStepAttrs } from '../backends/kernel-names.ts';
import { runKernel } from '../ops/run-kernel.ts';
import { type AdagradOptions, resolveAdagrad } from './adagrad-options.ts';

/** Rows of a step: `param` `[I, D]` on the backend, of which the rows `ids` have gradients `[U, D]`. */
export interface AdagradRowsOnBackend {
  readonly param: tf.Tensor;
  readonly ids: Int32Array;
  /** Their sums, `[U]`. */
  readonly sums: Float32Array;
  readonly grad: tf.Tensor2D;
}

/** The arithmetic of row-wise Adagrad, wherever a table and its sums lie. */
export class RowwiseAdagradRule {
  readonly options: Required<AdagradOptions>;

  /** @throws UnsupportedError when an option is outside its range. */
  constructor(op: string, options: AdagradOptions) {
    this.options = resolveAdagrad(op, options);
  }

  /**
   * New values of `param`, and half of the new sums, inside a tidy. Works on the rows alone: the kernel of row-wise
   * AdamW updates them in place, with the gradient for a first moment (`b1 = 0`) and half the sum for a second
   * (`b2 = 1/2`), which is exact in binary numbers.
   *
   * @param iterations steps before this one.
   */
  step(
    { param, ids, sums, grad }: AdagradRowsOnBackend,
    iterations: number,
    learningRate: number,
  ): [param: tf.Tensor, halves: tf.Tensor] {
    const { learningRateDecay, weightDecay, epsilon } = this.options;
    const rate = learningRate / (1 + iterations * learningRateDecay);
    const attrs: RowwiseAdamWStepAttrs = { beta1: 0, beta2: 0.5, epsilon, decay: 0, whole: false };
    const places = tf.tensor1d(ids, 'int32');
    const inputs = {
      param,
      ids: places,
      m: tf.zerosLike(grad),
      v: tf.tensor1d(sums),
      grad: weightDecay === 0 ? grad : tf.add(grad, tf.mul(tf.gather(param, places), weightDecay)),
      rates: tf.fill([ids.length], rate),
      corrections: tf.fill([ids.length], Math.SQRT2),
    };
    const [rows, , halves] = runKernel<tf.Tensor[]>(RowwiseAdamWStep, inputs, attrs);
    return [rows, halves];
  }
}
