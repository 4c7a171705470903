import * as tf from '@tensorflow/tfjs-core';
import { RowwiseAdamWStep, type RowwiseAdamWStepAttrs } from '../backends/kernel-names.ts';
import { runKernel } from '../ops/run-kernel.ts';
import { type AdamWOptions, resolveAdamW } from './adamw-options.ts';

/** Rows of a step on the backend: `param` `[I, D]`, of which the rows `ids` have gradients `[U, D]`. */
export interface AdamWRowsOnBackend {
  readonly param: tf.Tensor;
  readonly ids: Int32Array;
  /** First moments, `[I, D]` when `whole`, else `[U, D]`. */
  readonly m: tf.Tensor;
  /** Second moments, `[I]` or `[U]`. */
  readonly v: tf.Tensor;
  readonly whole: boolean;
  readonly grad: tf.Tensor2D;
}

/** The arithmetic of row-wise AdamW, wherever a table and its moments lie. */
export class RowwiseAdamWRule {
  readonly options: Required<AdamWOptions>;
  readonly #first: Corrections;
  readonly #second: Corrections;

  /** @throws UnsupportedError when an option is outside its range. */
  constructor(op: string, options: AdamWOptions) {
    this.options = resolveAdamW(op, options);
    const { beta1, beta2 } = this.options;
    this.#first = new Corrections((n) => 1 / (1 - beta1 ** n));
    this.#second = new Corrections((n) => 1 / Math.sqrt(1 - beta2 ** n));
  }

  /**
   * New values of `param`, `m` and `v`, inside a tidy; a backend may write them in place.
   *
   * @param counts how many steps have touched each row, this one included, `[U]`.
   */
  step(
    { param, ids, m, v, whole, grad }: AdamWRowsOnBackend,
    counts: Int32Array,
    learningRate: number,
  ): [param: tf.Tensor, m: tf.Tensor, v: tf.Tensor] {
    const { beta1, beta2, epsilon, weightDecay } = this.options;
    const rates = new Float32Array(ids.length);
    const corrections = new Float32Array(ids.length);
    for (let u = 0; u < ids.length; u++) {
      rates[u] = learningRate * this.#first.at(counts[u]);
      corrections[u] = this.#second.at(counts[u]);
    }
    const attrs: RowwiseAdamWStepAttrs = { beta1, beta2, epsilon, decay: learningRate * weightDecay, whole };
    const rows = { ids: tf.tensor1d(ids, 'int32'), rates: tf.tensor1d(rates), corrections: tf.tensor1d(corrections) };
    const [newParam, newM, newV] = runKernel<tf.Tensor[]>(RowwiseAdamWStep, { param, m, v, grad, ...rows }, attrs);
    return [newParam, newM, newV];
  }
}

/** A function of a step count that tends to 1, remembered: powers are slow, and rows share few counts. */
class Corrections {
  readonly #values: number[] = [Number.NaN];
  readonly #of: (n: number) => number;

  constructor(of: (n: number) => number) {
    this.#of = of;
  }

  at(n: number): number {
    const values = this.#values;
    while (values.length <= n) {
      if (values[values.length - 1] === 1) return 1;
      values.push(this.#of(values.length));
    }
    return values[n];
  }
}
