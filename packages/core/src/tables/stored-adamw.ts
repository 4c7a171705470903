import * as tf from '@tensorflow/tfjs-core';
import type { AdamWOptions } from '../optim/adamw-options.ts';
import { checkRows } from '../optim/check-rows.ts';
import { RowwiseAdamWRule } from '../optim/rowwise-adamw-rule.ts';
import type { RowLayout, RowStore } from './row-store.ts';
import { checkState, columnsOf, placesUpTo, putColumns } from './stored-step.ts';

/**
 * Row-wise AdamW of a table in a {@link RowStore}, with the moments of a row beside it: `m` `[D]`, `v`, and the number
 * of its steps. The arithmetic is that of `RowwiseAdamW`, so that rows have the same bits as in a variable.
 */
export class StoredRowwiseAdamW {
  readonly store: RowStore;
  /** May be changed between steps, for example by a schedule. */
  learningRate: number;
  readonly #rule: RowwiseAdamWRule;

  /** What a table of width `D` keeps beside each vector. */
  static stateOf(width: number): Pick<RowLayout, 'stateWidth' | 'initialState'> {
    return { stateWidth: width + 2, initialState: 0 };
  }

  /** @throws UnsupportedError when an option is outside its range; ShapeError for a store without room for moments. */
  constructor(store: RowStore, options: AdamWOptions) {
    this.#rule = new RowwiseAdamWRule('StoredRowwiseAdamW', options);
    checkState('StoredRowwiseAdamW', store, StoredRowwiseAdamW.stateOf(store.layout.width));
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
    checkRows('StoredRowwiseAdamW', { shape: [rows, width] }, ids, grad);
    if (ids.length === 0) return;
    const records = await store.records(ids);
    const stride = 2 * width + 2;
    const [w, m, v] = columnsOf(records, stride, [width, width, 1]);
    // The last number of a record is the count of steps, as the bits of an int32.
    const integers = new Int32Array(records.buffer);
    const counts = new Int32Array(ids.length);
    for (let u = 0, at = stride - 1; u < ids.length; u++, at += stride) counts[u] = ++integers[at];
    const updated = tf.tidy(() =>
      this.#rule.step(
        {
          param: tf.tensor2d(w, [ids.length, width]),
          ids: placesUpTo(ids.length),
          m: tf.tensor2d(m, [ids.length, width]),
          v: tf.tensor1d(v),
          whole: false,
          grad,
        },
        counts,
        learningRate,
      ),
    );
    const values = await Promise.all(updated.map((x) => x.data() as Promise<Float32Array>));
    putColumns(records, stride, values, [width, width, 1]);
    tf.dispose(updated);
    await store.write(ids, records);
  }

  /** There is nothing on the backend to free; the store stays. */
  dispose(): void {}
}
