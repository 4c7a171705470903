import * as tf from '@tensorflow/tfjs-core';
import { type AdagradOptions, resolveAdagrad } from '../optim/adagrad-options.ts';
import { checkRows } from '../optim/check-rows.ts';
import { RowwiseAdagradRule } from '../optim/rowwise-adagrad-rule.ts';
import type { RowLayout, RowStore } from './row-store.ts';
import { checkState, columnsOf, placesUpTo, putColumns } from './stored-step.ts';

/**
 * Row-wise Adagrad of a table in a {@link RowStore}, with the sum of a row beside it. The arithmetic is that of
 * `RowwiseAdagrad`, so that rows have the same bits as in a variable.
 */
export class StoredRowwiseAdagrad {
  readonly store: RowStore;
  /** May be changed between steps, for example by a schedule. */
  learningRate: number;
  /** Steps so far; set it to go on where a run was. */
  iterations = 0;
  readonly #rule: RowwiseAdagradRule;

  /** What a table keeps beside each vector. @throws UnsupportedError when an option is outside its range. */
  static stateOf(options: AdagradOptions): Pick<RowLayout, 'stateWidth' | 'initialState'> {
    return {
      stateWidth: 1,
      initialState: Math.fround(resolveAdagrad('StoredRowwiseAdagrad', options).initialAccumulator),
    };
  }

  /** @throws UnsupportedError when an option is outside its range; ShapeError for a store without room for the sum. */
  constructor(store: RowStore, options: AdagradOptions) {
    this.#rule = new RowwiseAdagradRule('StoredRowwiseAdagrad', options);
    checkState('StoredRowwiseAdagrad', store, StoredRowwiseAdagrad.stateOf(options));
    this.store = store;
    this.learningRate = options.learningRate;
  }

  /**
   * One step.
   *
   * @param ids rows with a gradient, strictly increasing.
   * @param grad their gradients, `[U, D]`; stays the caller's.
   * @throws ShapeError when ids and gradient do not fit each other or the table; TableError when the file fails.
   */
  async step(ids: Int32Array, grad: tf.Tensor2D): Promise<void> {
    const { store, learningRate } = this;
    const { rows, width } = store.layout;
    checkRows('StoredRowwiseAdagrad', { shape: [rows, width] }, ids, grad);
    const iterations = this.iterations++;
    if (ids.length === 0) return;
    const records = await store.records(ids);
    const stride = width + 1;
    const [w, sums] = columnsOf(records, stride, [width, 1]);
    const updated = tf.tidy(() => {
      const param = tf.tensor2d(w, [ids.length, width]);
      return this.#rule.step({ param, ids: placesUpTo(ids.length), sums, grad }, iterations, learningRate);
    });
    const [values, halves] = await Promise.all(updated.map((x) => x.data() as Promise<Float32Array>));
    const whole = Float32Array.from(halves, (half) => 2 * half);
    putColumns(records, stride, [values, whole], [width, 1]);
    tf.dispose(updated);
    await store.write(ids, records);
  }

  /** There is nothing on the backend to free; the store stays. */
  dispose(): void {}
}
