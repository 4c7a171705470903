import { offsetsOf, topItems } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { EvaluationError } from '../errors.ts';
import type { TokenEncoder } from '../model.ts';
import { joinFloats } from './join-floats.ts';
import type { TopList } from './scorer.ts';

/** A vector `[D]`, and how many items, without which. */
export interface TopQuery {
  readonly vector: Float32Array;
  readonly k: number;
  readonly excluded: Int32Array;
}

/** Products of vectors of histories and items; the vectors of the items are made once and kept until `dispose`. */
export class ItemProducts {
  private readonly model: TokenEncoder;
  private items: tf.Tensor2D | undefined;

  constructor(model: TokenEncoder) {
    this.model = model;
  }

  /** Many lists take one pass over the items. */
  async top(queries: readonly TopQuery[]): Promise<TopList[]> {
    if (queries.length === 0) return [];
    const bad = queries.find(({ k }) => !Number.isInteger(k) || k < 1);
    if (bad !== undefined) throw new EvaluationError(`top: k: expected an integer >= 1; got ${bad.k}`);
    const k = Math.min(this.model.numItems, Math.max(...queries.map((query) => query.k)));
    const excluded = queries.map((query) => query.excluded);
    const ids = new Int32Array(excluded.reduce((sum, { length }) => sum + length, 0));
    const offsets = offsetsOf(excluded.map(({ length }) => length));
    for (const [q, items] of excluded.entries()) ids.set(items, offsets[q]);
    const items = this.vectors();
    const vectors = tf.tensor2d(joinFloats(queries.map(({ vector }) => vector)), [queries.length, items.shape[1]]);
    try {
      const best = await topItems({ queries: vectors, items, excluded: { offsets, ids }, firstItem: 1, k });
      return queries.map((query, q) => {
        const found = best.ids.subarray(q * k, q * k + Math.min(k, query.k));
        const none = found.indexOf(-1);
        const length = none < 0 ? found.length : none;
        return { items: found.slice(0, length), scores: best.scores.slice(q * k, q * k + length) };
      });
    } finally {
      vectors.dispose();
    }
  }

  /** `[candidates.length]`, in their order. */
  async score(vector: Float32Array, candidates: Int32Array): Promise<Float32Array> {
    if (candidates.length === 0) return new Float32Array(0);
    const scores = tf.tidy(() => {
      const rows = tf.gather(this.vectors(), tf.tensor1d(candidates, 'int32'));
      return tf.matMul(tf.tensor2d(vector, [1, vector.length]), rows as tf.Tensor2D, false, true);
    });
    try {
      return ((await scores.data()) as Float32Array).slice();
    } finally {
      scores.dispose();
    }
  }

  /** That of an item. */
  async vector(item: number): Promise<Float32Array> {
    const row = tf.tidy(() => tf.slice(this.vectors(), [item, 0], [1, -1]));
    try {
      return ((await row.data()) as Float32Array).slice();
    } finally {
      row.dispose();
    }
  }

  dispose(): void {
    this.items?.dispose();
    this.items = undefined;
  }

  private vectors(): tf.Tensor2D {
    this.items ??= tf.keep(this.model.itemVectors());
    return this.items;
  }
}
