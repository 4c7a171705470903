import * as tf from '@tensorflow/tfjs-core';
import { RowwiseAdamWStep, type RowwiseAdamWStepAttrs } from '../backends/kernel-names.ts';
import { ShapeError } from '../errors.ts';
import { runKernel } from '../ops/run-kernel.ts';
import { describe } from '../shapes.ts';
import { type AdamWOptions, resolveAdamW } from './adamw-options.ts';

/** State of {@link RowwiseAdamW}, on the host. */
export interface RowwiseMoments {
  /** First moments, `[I, D]` row-major. */
  readonly m: Float32Array;
  /** Second moment of each row, `[I]`. */
  readonly v: Float32Array;
  /** Steps that have touched each row, `[I]`. */
  readonly steps: Int32Array;
}

/**
 * Row-wise AdamW for one big table `[I, D]`. A step changes the rows that have a gradient, and costs nothing for the others:
 * for each such row, touched `n` times by now,
 * `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) mean(g^2)` (one number a row),
 * `w = w - lr (m / (1 - b1^n) / (sqrt(v / (1 - b2^n)) + epsilon) + weightDecay w)`.
 *
 * Moments and weight decay of a row rest while it has no gradient, unlike in the dense {@link AdamW}. The moments live
 * on the host, `4 I (D + 2)` bytes beside the backend's memory; the rows that a step needs, `U` of them, travel.
 *
 * Source: Zhai et al. 2024, section 3 (arXiv:2402.17152), which names row-wise AdamW with states in DRAM; the form is that of
 * FBGEMM's partial row-wise Adam, with a step count for each row.
 */
export class RowwiseAdamW {
  readonly table: tf.Variable<tf.Rank.R2>;
  /** May be changed between steps, for example by a schedule. */
  learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  #moments: RowwiseMoments;

  /** @throws UnsupportedError when an option is outside its range; ShapeError for a variable that is not `[I, D]`. */
  constructor(table: tf.Variable, options: AdamWOptions) {
    const { learningRate, beta1, beta2, epsilon, weightDecay } = resolveAdamW('RowwiseAdamW', options);
    if (table.rank !== 2) throw new ShapeError(`RowwiseAdamW: expected a table [I, D]; got ${describe(table)}`);
    this.table = table as tf.Variable<tf.Rank.R2>;
    this.learningRate = learningRate;
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.epsilon = epsilon;
    this.weightDecay = weightDecay;
    const [rows, d] = this.table.shape;
    this.#moments = { m: new Float32Array(rows * d), v: new Float32Array(rows), steps: new Int32Array(rows) };
  }

  /**
   * One step.
   *
   * @param ids rows with a gradient, strictly increasing.
   * @param grad their gradients, `[U, D]`.
   * @throws ShapeError when ids and gradient do not fit each other or the table.
   */
  async step(ids: Int32Array, grad: tf.Tensor2D): Promise<void> {
    this.#check(ids, grad);
    const { m, v, steps } = this.#moments;
    const { beta1, beta2, epsilon, learningRate, table } = this;
    const d = table.shape[1];
    const rows = ids.length;
    const rowM = new Float32Array(rows * d);
    const rowV = new Float32Array(rows);
    const rates = new Float32Array(rows);
    const corrections = new Float32Array(rows);
    for (let u = 0; u < rows; u++) {
      const id = ids[u];
      rowM.set(m.subarray(id * d, (id + 1) * d), u * d);
      rowV[u] = v[id];
      const n = steps[id] + 1;
      rates[u] = learningRate / (1 - beta1 ** n);
      corrections[u] = 1 / Math.sqrt(1 - beta2 ** n);
    }
    const attrs: RowwiseAdamWStepAttrs = { beta1, beta2, epsilon, decay: learningRate * this.weightDecay };
    const [newM, newV] = tf.tidy(() => {
      const inputs = {
        param: table,
        ids: tf.tensor1d(ids, 'int32'),
        m: tf.tensor2d(rowM, [rows, d]),
        v: tf.tensor1d(rowV),
        grad,
        rates: tf.tensor1d(rates),
        corrections: tf.tensor1d(corrections),
      };
      const updated = runKernel<tf.Tensor[]>(RowwiseAdamWStep, inputs, attrs);
      table.assign(updated[0] as tf.Tensor2D);
      return [updated[1], updated[2]] as const;
    });
    const [hostM, hostV] = await Promise.all([newM.data(), newV.data()]);
    tf.dispose([newM, newV]);
    for (let u = 0; u < rows; u++) {
      const id = ids[u];
      m.set(hostM.subarray(u * d, (u + 1) * d), id * d);
      v[id] = hostV[u];
      steps[id] += 1;
    }
  }

  /** The moments themselves, not a copy: they change with every step. */
  state(): RowwiseMoments {
    return this.#moments;
  }

  /** Replaces the moments, for a resumed run. The arrays are kept, not copied. @throws ShapeError for another size. */
  loadState({ m, v, steps }: RowwiseMoments): void {
    const [rows, d] = this.table.shape;
    if (m.length !== rows * d || v.length !== rows || steps.length !== rows) {
      throw new ShapeError(
        `RowwiseAdamW: expected m [${rows}, ${d}], v [${rows}] and steps [${rows}]; got ${m.length}, ${v.length} and ${steps.length} numbers`,
      );
    }
    this.#moments = { m, v, steps };
  }

  #check(ids: Int32Array, grad: tf.Tensor2D): void {
    const [rows, d] = this.table.shape;
    if (grad.shape.length !== 2 || grad.shape[0] !== ids.length || grad.shape[1] !== d) {
      throw new ShapeError(
        `RowwiseAdamW: expected a gradient [${ids.length}, ${d}] for ${ids.length} rows of a table [${rows}, ${d}]; got ${describe(grad)}`,
      );
    }
    for (let u = 0, last = -1; u < ids.length; last = ids[u++]) {
      if (ids[u] > last && ids[u] < rows) continue;
      throw new ShapeError(
        `RowwiseAdamW: expected strictly increasing ids from 0 to ${rows - 1}; got ${ids[u]} after ${last} at position ${u}; rowSet makes them`,
      );
    }
  }
}
