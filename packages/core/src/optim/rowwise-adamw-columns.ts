import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors.ts';
import { assignRows } from '../ops/assign-rows.ts';
import type { AdamWOptions } from './adamw-options.ts';
import { checkColumns } from './check-columns.ts';
import { checkRows } from './check-rows.ts';
import { RowwiseAdamWRule } from './rowwise-adamw-rule.ts';
import { amongZeros, ownColumns, putRows, type TableColumns, takeRows } from './table-columns.ts';

/** Rows that one call of the kernel takes at most. */
const BLOCK_ROWS = 4096;

/**
 * `RowwiseAdamW` of some columns `[I, d]` of a table `[I, D]`, with the bits that it has of them. It is given the
 * gradients of all columns, since the second moment of a row has their mean square; weights and first moments are those
 * of its own columns. State, outside the backend's memory: `4 I (d + 2)` bytes.
 */
export class RowwiseAdamWColumns {
  readonly table: tf.Variable<tf.Rank.R2>;
  readonly columns: TableColumns;
  /** May be changed between steps, for example by a schedule. */
  learningRate: number;
  readonly #rule: RowwiseAdamWRule;
  #m: Float32Array;
  #v: Float32Array;
  #steps: Int32Array;

  /** @throws UnsupportedError when an option is outside its range; ShapeError for columns outside the table. */
  constructor(table: tf.Variable, columns: TableColumns, options: AdamWOptions) {
    this.#rule = new RowwiseAdamWRule('RowwiseAdamWColumns', options);
    this.table = checkColumns('RowwiseAdamWColumns', table, columns);
    this.columns = columns;
    this.learningRate = this.#rule.options.learningRate;
    const [rows] = this.table.shape;
    this.#m = new Float32Array(table.size);
    this.#v = new Float32Array(rows);
    this.#steps = new Int32Array(rows);
  }

  /**
   * One step.
   *
   * @param ids rows with a gradient, strictly increasing.
   * @param grad their gradients, `[U, D]`; stays the caller's.
   * @throws ShapeError when ids and gradient do not fit each other or the table.
   */
  async step(ids: Int32Array, grad: tf.Tensor2D): Promise<void> {
    const [rows] = this.table.shape;
    checkRows('RowwiseAdamWColumns', { shape: [rows, this.columns.width] }, ids, grad);
    for (let begin = 0; begin < ids.length; begin += BLOCK_ROWS) {
      const block = ids.subarray(begin, begin + BLOCK_ROWS);
      const own = tf.slice(grad, [begin, 0], [block.length, -1]);
      await this.#stepBlock(block, own);
      own.dispose();
    }
  }

  async #stepBlock(ids: Int32Array, grad: tf.Tensor2D): Promise<void> {
    const { table, columns, learningRate } = this;
    const [, d] = table.shape;
    const count = ids.length;
    const counts = new Int32Array(count);
    for (let u = 0; u < count; u++) counts[u] = ++this.#steps[ids[u]];
    const places = Int32Array.from(ids, (_, u) => u);
    // What becomes of the other columns is left aside: numbers of a row meet in its second moment alone.
    const [w, m, v] = tf.tidy(() => {
      const none = d === 0 ? tf.zeros<tf.Rank.R2>([count, 0]) : undefined;
      const ownW = none ?? tf.gather(table, tf.tensor1d(ids, 'int32'));
      const ownM = none ?? tf.tensor2d(takeRows(this.#m, ids, d), [count, d]);
      const [newW, newM, newV] = this.#rule.step(
        {
          param: amongZeros(ownW, columns),
          ids: places,
          m: amongZeros(ownM, columns),
          v: tf.tensor1d(takeRows(this.#v, ids, 1)),
          whole: false,
          grad,
        },
        counts,
        learningRate,
      );
      return [ownColumns(newW, columns, d), ownColumns(newM, columns, d), newV] as const;
    });
    putRows(this.#v, ids, 1, (await v.data()) as Float32Array);
    if (d > 0) {
      putRows(this.#m, ids, d, (await m.data()) as Float32Array);
      assignRows(table, w, ids);
    } else w.dispose();
    tf.dispose([m, v]);
  }

  /** The moments themselves, not a copy: they change with every step. `m` `[I, d]`, `v` and `steps` `[I]`. */
  state(): { readonly m: Float32Array; readonly v: Float32Array; readonly steps: Int32Array } {
    return { m: this.#m, v: this.#v, steps: this.#steps };
  }

  /** Replaces the moments, for a resumed run. The arrays are taken over. @throws ShapeError for another size. */
  loadState({ m, v, steps }: ReturnType<RowwiseAdamWColumns['state']>): void {
    const [rows, d] = this.table.shape;
    if (m.length !== rows * d || v.length !== rows || steps.length !== rows) {
      throw new ShapeError(
        `RowwiseAdamWColumns: expected m [${rows}, ${d}], v [${rows}] and steps [${rows}]; got ${m.length}, ${v.length} and ${steps.length} numbers`,
      );
    }
    this.#m = m;
    this.#v = v;
    this.#steps = steps;
  }

  /** There is nothing on the backend to free; the table stays. */
  dispose(): void {}
}
