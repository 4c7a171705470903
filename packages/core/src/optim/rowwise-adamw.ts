import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors.ts';
import { describe } from '../shapes.ts';
import type { AdamWOptions } from './adamw-options.ts';
import { checkRows } from './check-rows.ts';
import { OneStep } from './one-step.ts';
import { RowwiseAdamWRule } from './rowwise-adamw-rule.ts';
import { backendMoments, hostMoments, type MomentStore, type RowwiseMoments } from './rowwise-moments.ts';

export interface RowwiseAdamWOptions extends AdamWOptions {
  /**
   * Where the moments live: in the memory of the `backend`, beside the table, or on the `host`, outside it, from
   * where the rows of a step travel. Default: `backend` for tables of at most 1 GiB; on `simd`, whose memory ends
   * at 4 GiB, a larger one leaves no room for a first moment of its size. The results are the same.
   */
  readonly moments?: 'backend' | 'host';
}

/** Largest table, in numbers, whose moments live on the backend by default: 1 GiB. */
const LARGEST_ON_BACKEND = 2 ** 28;

/**
 * Row-wise AdamW for one big table `[I, D]`. A step changes the rows that have a gradient, and costs nothing for the
 * others: for each such row, touched `n` times by now,
 * `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) mean(g^2)` (one number a row),
 * `w = w - lr (m / (1 - b1^n) / (sqrt(v / (1 - b2^n)) + epsilon) + weightDecay w)`.
 *
 * Moments and weight decay of a row rest while it has no gradient, unlike in the dense {@link AdamW}. State:
 * `4 I (D + 2)` bytes.
 *
 * Source: Zhai et al. 2024, section 3 (arXiv:2402.17152), which names row-wise AdamW with states in DRAM; the form is
 * that of FBGEMM's partial row-wise Adam, with a step count for each row.
 */
export class RowwiseAdamW {
  readonly table: tf.Variable<tf.Rank.R2>;
  /** May be changed between steps, for example by a schedule. */
  learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly #rule: RowwiseAdamWRule;
  readonly #store: MomentStore;
  readonly #one = new OneStep();
  #steps: Int32Array;

  /** @throws UnsupportedError when an option is outside its range; ShapeError for a variable that is not `[I, D]`. */
  constructor(table: tf.Variable, { moments, ...options }: RowwiseAdamWOptions) {
    this.#rule = new RowwiseAdamWRule('RowwiseAdamW', options);
    const { learningRate, beta1, beta2, epsilon, weightDecay } = this.#rule.options;
    if (table.rank !== 2) throw new ShapeError(`RowwiseAdamW: expected a table [I, D]; got ${describe(table)}`);
    this.table = table as tf.Variable<tf.Rank.R2>;
    this.learningRate = learningRate;
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.epsilon = epsilon;
    this.weightDecay = weightDecay;
    const [rows, d] = this.table.shape;
    const place = moments ?? (table.size <= LARGEST_ON_BACKEND ? 'backend' : 'host');
    this.#store = (place === 'backend' ? backendMoments : hostMoments)(rows, d);
    this.#steps = new Int32Array(rows);
  }

  /**
   * One step, to be awaited before the next.
   *
   * @param ids rows with a gradient, strictly increasing.
   * @param grad their gradients, `[U, D]`.
   * @throws ShapeError when ids and gradient do not fit each other or the table; UnsupportedError beside another step.
   */
  step(ids: Int32Array, grad: tf.Tensor2D): Promise<void> {
    return this.#one.run('RowwiseAdamW', () => this.#step(ids, grad));
  }

  async #step(ids: Int32Array, grad: tf.Tensor2D): Promise<void> {
    checkRows('RowwiseAdamW', this.table, ids, grad);
    const { blockRows } = this.#store;
    if (ids.length <= blockRows) return this.#stepBlock(ids, grad);
    for (let begin = 0; begin < ids.length; begin += blockRows) {
      const block = ids.subarray(begin, begin + blockRows);
      const blockGrad = tf.slice(grad, [begin, 0], [block.length, -1]);
      await this.#stepBlock(block, blockGrad);
      blockGrad.dispose();
    }
  }

  async #stepBlock(ids: Int32Array, grad: tf.Tensor2D): Promise<void> {
    const { table, learningRate } = this;
    const counts = new Int32Array(ids.length);
    for (let u = 0; u < ids.length; u++) counts[u] = ++this.#steps[ids[u]];
    const { m, v, whole, keep } = this.#store.rows(ids);
    const [newM, newV] = tf.tidy(() => {
      const updated = this.#rule.step({ param: table, ids, m, v, whole, grad }, counts, learningRate);
      table.assign(updated[0] as tf.Tensor2D);
      return [updated[1], updated[2]] as const;
    });
    if (!whole) tf.dispose([m, v]);
    await keep(newM, newV);
  }

  /** The moments themselves, not a copy: they change with every step. */
  state(): RowwiseMoments {
    const { m, v } = this.#store;
    return { m, v, steps: this.#steps };
  }

  /** Replaces the moments, for a resumed run. The arrays are taken over. @throws ShapeError for another size. */
  loadState({ m, v, steps }: { readonly m: Float32Array; readonly v: Float32Array; readonly steps: Int32Array }): void {
    const [rows, d] = this.table.shape;
    if (m.length !== rows * d || v.length !== rows || steps.length !== rows) {
      throw new ShapeError(
        `RowwiseAdamW: expected m [${rows}, ${d}], v [${rows}] and steps [${rows}]; got ${m.length}, ${v.length} and ${steps.length} numbers`,
      );
    }
    this.#store.load(m, v);
    this.#steps = steps;
  }

  /** Frees the moments; the table stays. */
  dispose(): void {
    this.#store.dispose();
  }
}
