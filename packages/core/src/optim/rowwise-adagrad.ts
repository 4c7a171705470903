import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors.ts';
import { describe } from '../shapes.ts';
import type { AdagradOptions } from './adagrad-options.ts';
import { checkRows } from './check-rows.ts';
import { OneStep } from './one-step.ts';
import { RowwiseAdagradRule } from './rowwise-adagrad-rule.ts';

/** State of row-wise Adagrad, for a checkpoint. */
export interface RowwiseSums {
  /** Sum of the mean squares of each row's gradients, `[I]`. */
  readonly sum: Float32Array;
  /** Steps so far. */
  readonly iterations: number;
}

/**
 * Row-wise Adagrad for one big table `[I, D]`: one number a row. For each row that has a gradient `g` (plus
 * `weightDecay w`), at step `t = 1, 2, ...`
 * `sum = sum + mean(g^2)`, `w = w - lr / (1 + (t - 1) learningRateDecay) g / (sqrt(sum) + epsilon)`.
 *
 * Rows without a gradient rest, and with them their weight decay, as in FBGEMM's fused kernel; torchrec's module decays
 * them too, which giving every row in every step does here. State: `4 I` bytes outside the backend's memory.
 *
 * Source: FBGEMM's `EXACT_ROWWISE_ADAGRAD` and torchrec 1.9.2, `optim/rowwise_adagrad.py`.
 */
export class RowwiseAdagrad {
  readonly table: tf.Variable<tf.Rank.R2>;
  /** May be changed between steps, for example by a schedule. */
  learningRate: number;
  readonly #rule: RowwiseAdagradRule;
  readonly #one = new OneStep();
  #sum: Float32Array;
  #iterations = 0;

  /** @throws UnsupportedError when an option is outside its range; ShapeError for a variable that is not `[I, D]`. */
  constructor(table: tf.Variable, options: AdagradOptions) {
    this.#rule = new RowwiseAdagradRule('RowwiseAdagrad', options);
    if (table.rank !== 2) throw new ShapeError(`RowwiseAdagrad: expected a table [I, D]; got ${describe(table)}`);
    this.table = table as tf.Variable<tf.Rank.R2>;
    this.learningRate = options.learningRate;
    this.#sum = new Float32Array(table.shape[0]).fill(this.#rule.options.initialAccumulator);
  }

  /**
   * One step, to be awaited before the next. Works on the rows alone.
   *
   * @param ids rows with a gradient, strictly increasing.
   * @param grad their gradients, `[U, D]`; stays the caller's.
   * @throws ShapeError when ids and gradient do not fit each other or the table; UnsupportedError beside another step.
   */
  step(ids: Int32Array, grad: tf.Tensor2D): Promise<void> {
    return this.#one.run('RowwiseAdagrad', () => this.#step(ids, grad));
  }

  async #step(ids: Int32Array, grad: tf.Tensor2D): Promise<void> {
    const { table, learningRate } = this;
    checkRows('RowwiseAdagrad', table, ids, grad);
    const iterations = this.#iterations++;
    if (ids.length === 0) return;
    const sums = Float32Array.from(ids, (id) => this.#sum[id]);
    const half = tf.tidy(() => {
      const [rows, v] = this.#rule.step({ param: table, ids, sums, grad }, iterations, learningRate);
      table.assign(rows as tf.Tensor2D);
      return v;
    });
    const halves = await half.data();
    half.dispose();
    for (let u = 0; u < ids.length; u++) this.#sum[ids[u]] = 2 * halves[u];
  }

  /** The sums themselves, not a copy: they change with every step. */
  state(): RowwiseSums {
    return { sum: this.#sum, iterations: this.#iterations };
  }

  /** Replaces the sums, for a resumed run. The array is taken over. @throws ShapeError for another size. */
  loadState({ sum, iterations }: RowwiseSums): void {
    const [rows] = this.table.shape;
    if (sum.length !== rows) {
      throw new ShapeError(`RowwiseAdagrad: expected a sum [${rows}]; got ${sum.length} numbers`);
    }
    this.#sum = sum;
    this.#iterations = iterations;
  }

  /** There is nothing on the backend to free; the table stays. */
  dispose(): void {}
}
