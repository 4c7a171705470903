import { exactPlaces, NumericError } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { EvaluationError } from '../errors.ts';
import type { RankCollector } from './protocol.ts';

/** Queries ranked in one call: the item table is packed once for all of them. */
const QUERIES = 4096;
/** Excluded ids of one call: 16 MiB. */
const EXCLUDED = 1 << 22;

/** A query that waits for its rank. */
interface Waiting {
  readonly example: number;
  /** Index of the event to predict, in the columns of the interactions. */
  readonly target: number;
  /** Where its rank goes. */
  readonly slot: number;
}

/** Collects query vectors and ranks them against the whole item table, many at a time. */
export class RankQueue {
  readonly #items: tf.Tensor2D;
  readonly #collector: RankCollector;
  readonly #vectors: tf.Tensor2D[] = [];
  readonly #waiting: Waiting[] = [];

  /** The queue does not own `items`. */
  constructor(items: tf.Tensor2D, collector: RankCollector) {
    this.#items = items;
    this.#collector = collector;
  }

  /** Takes over one vector a query `[Q, D]`; query `q` predicts event `targets[q]` of example `examples[q]`. */
  async add(vectors: tf.Tensor2D, examples: readonly number[], targets: readonly number[]): Promise<void> {
    this.#vectors.push(vectors);
    examples.forEach((example, q) => {
      const target = targets[q];
      this.#waiting.push({ example, target, slot: this.#collector.open(example, target) });
    });
    if (this.#waiting.length >= QUERIES) await this.flush();
  }

  /** Ranks everything that waits. */
  async flush(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const queries = tf.tidy(() => tf.concat(this.#vectors, 0));
    try {
      for (let first = 0; first < this.#waiting.length; ) first += await this.#rankBlock(queries, first);
    } finally {
      queries.dispose();
      this.dispose();
    }
  }

  /** Frees what waits, unranked. */
  dispose(): void {
    tf.dispose(this.#vectors);
    this.#vectors.length = 0;
    this.#waiting.length = 0;
  }

  /** Ranks the queries from `first` on, up to the limits of one call, and returns how many. */
  async #rankBlock(queries: tf.Tensor2D, first: number): Promise<number> {
    const { itemIds, excluded } = this.#collector;
    const offsets = [0];
    while (first + offsets.length <= this.#waiting.length && offsets.length <= QUERIES) {
      const { example, target } = this.#waiting[first + offsets.length - 1];
      const [start, end] = excluded(example, target);
      const total = offsets[offsets.length - 1] + end - start;
      if (total > EXCLUDED && offsets.length > 1) break;
      offsets.push(total);
    }
    const block = this.#waiting.slice(first, first + offsets.length - 1);
    const ids = new Int32Array(offsets[block.length]);
    block.forEach(({ example, target }, q) => {
      const [start, end] = excluded(example, target);
      ids.set(itemIds.subarray(start, end), offsets[q]);
    });
    const slice = tf.slice(queries, [first, 0], [block.length, queries.shape[1]]);
    try {
      const { higher, equalBefore, equalAfter } = await exactPlaces({
        queries: slice,
        items: this.#items,
        targets: Int32Array.from(block, ({ target }) => itemIds[target]),
        excluded: { offsets: Int32Array.from(offsets), ids },
        firstItem: 1,
        last: Int32Array.from(block, ({ example }) => this.#collector.lastItem(example)),
      });
      for (const [q, { slot }] of block.entries()) {
        const place = { higher: higher[q], equalBefore: equalBefore[q], equalAfter: equalAfter[q] };
        this.#collector.close(slot, place);
      }
    } catch (error) {
      if (!(error instanceof NumericError)) throw error;
      const { example, target } = block[error.row];
      throw new EvaluationError(
        `evaluate: expected a finite score for every candidate; got NaN in example ${example}, whose target is item ${itemIds[target]}; the model's weights are probably not finite`,
        { cause: error },
      );
    } finally {
      slice.dispose();
    }
    return block.length;
  }
}
