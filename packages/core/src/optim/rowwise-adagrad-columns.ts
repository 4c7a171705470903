import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors.ts';
import { assignRows } from '../ops/assign-rows.ts';
import type { AdagradOptions } from './adagrad-options.ts';
import { checkColumns } from './check-columns.ts';
import { checkRows } from './check-rows.ts';
import type { RowwiseSums } from './rowwise-adagrad.ts';
import { RowwiseAdagradRule } from './rowwise-adagrad-rule.ts';
import { amongZeros, ownColumns, putRows, type TableColumns, takeRows } from './table-columns.ts';

/**
 * `RowwiseAdagrad` of some columns `[I, d]` of a table `[I, D]`, with the bits that it has of them. It is given the
 * gradients of all columns; with weight decay, which is in the mean square of a row, it asks for the other columns of
 * the weights as well. State: `4 I` bytes outside the backend's memory.
 */
export class RowwiseAdagradColumns {
  readonly table: tf.Variable<tf.Rank.R2>;
  readonly columns: TableColumns;
  /** May be changed between steps, for example by a schedule. */
  learningRate: number;
  readonly #rule: RowwiseAdagradRule;
  #sum: Float32Array;
  #iterations = 0;

  /** @throws UnsupportedError when an option is outside its range; ShapeError for columns outside the table. */
  constructor(table: tf.Variable, columns: TableColumns, options: AdagradOptions) {
    this.#rule = new RowwiseAdagradRule('RowwiseAdagradColumns', options);
    this.table = checkColumns('RowwiseAdagradColumns', table, columns);
    this.columns = columns;
    this.learningRate = options.learningRate;
    this.#sum = new Float32Array(table.shape[0]).fill(this.#rule.options.initialAccumulator);
  }

  /**
   * One step.
   *
   * @param ids rows with a gradient, strictly increasing.
   * @param grad their gradients, `[U, D]`; stays the caller's.
   * @throws ShapeError when ids and gradient do not fit each other or the table.
   */
  async step(ids: Int32Array, grad: tf.Tensor2D): Promise<void> {
    const { table, columns, learningRate } = this;
    const [rows, d] = table.shape;
    checkRows('RowwiseAdagradColumns', { shape: [rows, columns.width] }, ids, grad);
    const iterations = this.#iterations++;
    if (ids.length === 0) return;
    const sums = takeRows(this.#sum, ids, 1);
    const places = Int32Array.from(ids, (_, u) => u);
    const param = await this.#rows(ids);
    const [w, half] = tf.tidy(() => {
      const [newW, halves] = this.#rule.step({ param, ids: places, sums, grad }, iterations, learningRate);
      return [ownColumns(newW, columns, d), halves] as const;
    });
    param.dispose();
    putRows(
      this.#sum,
      ids,
      1,
      ((await half.data()) as Float32Array).map((x) => 2 * x),
    );
    half.dispose();
    if (d > 0) assignRows(table, w, ids);
    else w.dispose();
  }

  /** Rows of the weights, `[U, D]`; without a decay, which alone reads them, the other columns are zeros. */
  async #rows(ids: Int32Array): Promise<tf.Tensor2D> {
    const { table, columns } = this;
    const [, d] = table.shape;
    const gathered = (): tf.Tensor2D =>
      d === 0 ? tf.zeros([ids.length, 0]) : tf.gather(table, tf.tensor1d(ids, 'int32'));
    if (this.#rule.options.weightDecay === 0) return tf.tidy(() => amongZeros(gathered(), columns));
    const own = tf.tidy(gathered);
    const all = await columns.withAll(new Float32Array((await own.data()) as Float32Array), ids.length);
    own.dispose();
    return tf.tensor2d(all, [ids.length, columns.width]);
  }

  /** The sums themselves, not a copy: they change with every step. */
  state(): RowwiseSums {
    return { sum: this.#sum, iterations: this.#iterations };
  }

  /** Replaces the sums, for a resumed run. The array is taken over. @throws ShapeError for another size. */
  loadState({ sum, iterations }: RowwiseSums): void {
    const [rows] = this.table.shape;
    if (sum.length !== rows)
      throw new ShapeError(`RowwiseAdagradColumns: expected a sum [${rows}]; got ${sum.length} numbers`);
    this.#sum = sum;
    this.#iterations = iterations;
  }

  /** There is nothing on the backend to free; the table stays. */
  dispose(): void {}
}
