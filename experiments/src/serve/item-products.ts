import { topItems } from '@seqrec/core';
import type { TokenEncoder, TopList } from '@seqrec/models';
import * as tf from '@tensorflow/tfjs-core';

/** A vector of a history `[D]`, and how many items, without which. */
export interface TopQuery {
  readonly vector: Float32Array;
  readonly k: number;
  readonly excluded: Int32Array;
}

/** Products of vectors of histories and items; many lists take one pass over the items. */
export interface ItemProducts {
  top(queries: readonly TopQuery[]): Promise<TopList[]>;
  /** `[candidates.length]`, in their order. */
  score(vector: Float32Array, candidates: Int32Array): Promise<Float32Array>;
  dispose(): void;
}

/** Keeps the vectors of the items of a model, whose weights do not change. */
export function itemProducts(model: TokenEncoder): ItemProducts {
  const items = tf.tidy(() => model.itemVectors());
  return {
    async top(queries) {
      const k = Math.min(model.numItems, Math.max(...queries.map((query) => query.k)));
      const vectors = tf.tensor2d(joined(queries.map(({ vector }) => vector)), [queries.length, items.shape[1]]);
      try {
        const offsets = new Int32Array(queries.length + 1);
        for (const [q, { excluded }] of queries.entries()) offsets[q + 1] = offsets[q] + excluded.length;
        const ids = new Int32Array(offsets[queries.length]);
        for (const [q, { excluded }] of queries.entries()) ids.set(excluded, offsets[q]);
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
    },
    async score(vector, candidates) {
      if (candidates.length === 0) return new Float32Array(0);
      const scores = tf.tidy(() => {
        const rows = tf.gather(items, tf.tensor1d(candidates, 'int32'));
        return tf.matMul(rows, tf.tensor2d(vector, [vector.length, 1]));
      });
      try {
        return (await scores.data()) as Float32Array;
      } finally {
        scores.dispose();
      }
    },
    dispose: () => items.dispose(),
  };
}

function joined(vectors: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(vectors.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const vector of vectors) {
    all.set(vector, at);
    at += vector.length;
  }
  return all;
}
