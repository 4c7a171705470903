import { topItems } from '@seqrec/core';
import { sequenceBatch } from '@seqrec/data';
import {
  encodeLast,
  type TokenEncoder,
  type TopList,
  type UserEvent,
  type UserScorer,
  uploadBatch,
} from '@seqrec/models';
import * as tf from '@tensorflow/tfjs-core';

/** A scorer in a few lines: every answer is a full pass over the history. */
export function fullPassScorer(model: TokenEncoder): UserScorer {
  const users = new Map<string, UserEvent[]>();
  const historyOf = (user: string): UserEvent[] => {
    const events = users.get(user);
    if (events === undefined) throw new Error(`user "${user}" is not known`);
    return events;
  };
  const encode = async (user: string, at: number): Promise<Float32Array> => {
    const events = historyOf(user).slice(-model.maxSequenceLength);
    const timestamps = Float64Array.from(events, ({ time }) => time);
    if (at < timestamps[timestamps.length - 1]) throw new Error(`at ${at} is before the last event`);
    const batch = uploadBatch(
      sequenceBatch({
        users: Int32Array.of(0),
        offsets: Int32Array.of(0, events.length),
        itemIds: Int32Array.from(events, ({ item }) => item),
        timestamps,
        targetTimestamps: Float64Array.of(...timestamps.subarray(1), at),
        ratings: Float32Array.from(events, ({ rating = 0 }) => rating),
      }),
    );
    const vector = encodeLast(model, batch);
    batch.dispose();
    const values = (await vector.data()) as Float32Array;
    vector.dispose();
    return values;
  };
  const best = async (vector: Float32Array, k: number, ids: Int32Array): Promise<TopList> => {
    const items = tf.tidy(() => model.itemVectors());
    const queries = tf.tensor2d(vector, [1, vector.length]);
    const excluded = { offsets: Int32Array.of(0, ids.length), ids };
    const found = await topItems({ queries, items, excluded, firstItem: 1, k: Math.min(k, model.numItems) });
    tf.dispose([items, queries]);
    const none = found.ids.indexOf(-1);
    const length = none < 0 ? found.ids.length : none;
    return { items: found.ids.slice(0, length), scores: found.scores.slice(0, length) };
  };
  const unused = (): never => {
    throw new Error('not of this scorer');
  };
  return {
    capabilities: { append: true, exact: 'bitwise' },
    numItems: model.numItems,
    maxSequenceLength: model.maxSequenceLength,
    has: (user) => users.has(user),
    history: (user) => historyOf(user),
    async append(...appends) {
      for (const { user, events } of appends) users.set(user, [...(users.get(user) ?? []), ...events]);
    },
    encode: (...requests) => Promise.all(requests.map(({ user, at }) => encode(user, at))),
    top: async ({ user, at }, { k }) =>
      best(
        await encode(user, at),
        k,
        Int32Array.from(historyOf(user), (e) => e.item),
      ),
    score: unused,
    scoreActions: unused,
    encodeCandidates: unused,
    async similar(item, k) {
      const vector = tf.tidy(() => tf.slice(model.itemVectors(), [item, 0], [1, -1]));
      const values = (await vector.data()) as Float32Array;
      vector.dispose();
      return best(values, k, Int32Array.of(item));
    },
    fork: unused,
    truncate: unused,
    replace: unused,
    invalidate: unused,
    drop: async (user) => users.delete(user),
    evict: unused,
    stats: () => ({
      users: users.size,
      cachedUsers: 0,
      settledTokens: 0,
      pages: 0,
      freePages: 0,
      bytes: 0,
      reservedBytes: 0,
      hits: 0,
      misses: 0,
      evictions: 0,
      reloads: 0,
      computedTokens: 0,
      fullTokens: 0,
    }),
    check: async () => ({ equal: true, error: 0 }),
    dispose: () => undefined,
  };
}
