import { topItems } from '@seqrec/core';
import { type NamedColumns, rowsOf, sequenceBatch, takeEach } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { EvaluationError } from '../errors.ts';
import { UNKNOWN_USER } from '../features/query-fields.ts';
import { uploadBatch } from '../inputs.ts';
import { encodeLast, type TokenEncoder } from '../model.ts';
import { checkHistory } from './check-history.ts';

export interface RecommendOptions {
  readonly model: TokenEncoder;
  /** Dense item ids, oldest first; only the latest `maxSequenceLength` are used. */
  readonly history: ArrayLike<number>;
  /** Seconds, one per event; needed by models with a time bias. Default: all equal. */
  readonly timestamps?: ArrayLike<number>;
  /** One per event; for models whose configuration has `actions: 'rating'`. Default: not known. */
  readonly ratings?: ArrayLike<number>;
  /** When the recommendation is asked for, seconds; default: the time of the last event. */
  readonly requestTime?: number;
  /** Number of the user in the training data, for models that read it; others are refused. Default: not known. */
  readonly user?: number;
  /** Further columns that the model reads (`model.columns`), one row an event. Default: not known. */
  readonly eventColumns?: NamedColumns;
  /** The same of the user, one row. */
  readonly userColumns?: NamedColumns;
  /** How many items, default 10. */
  readonly k?: number;
  /** Leaves out items of the history, default true. */
  readonly excludeSeen?: boolean;
  /** Items that are left out in the place of those of the history. */
  readonly leftOut?: readonly number[];
}

/** One recommended item. */
export interface Recommendation {
  /** Dense item id. */
  readonly item: number;
  /** Cosine of the encoded history and the item, in -1..1; their product where the model does not normalise. */
  readonly score: number;
}

/**
 * The `k` items that the model expects next, best first; among equal scores the lower id first.
 *
 * @throws EvaluationError when the history is empty, holds an id outside `1..numItems`, or does
 *   not match its timestamps.
 */
export async function recommend(options: RecommendOptions): Promise<Recommendation[]> {
  const { model, k = 10, excludeSeen = true } = options;
  const history = Int32Array.from(options.history);
  const leftOut = options.leftOut ?? (excludeSeen ? history : []);
  const times = Float64Array.from(options.timestamps ?? new Float64Array(history.length));
  const ratings = options.ratings === undefined ? undefined : Float32Array.from(options.ratings);
  if (!Number.isInteger(k) || k < 1) throw new EvaluationError(`recommend: k: expected an integer >= 1; got ${k}`);
  checkHistory('recommend', history, times, model.numItems);
  if (ratings !== undefined && ratings.length !== history.length) {
    throw new EvaluationError(`recommend: expected ${history.length} ratings, one per event; got ${ratings.length}`);
  }
  checkColumns('eventColumns', options.eventColumns, history.length);
  checkColumns('userColumns', options.userColumns, 1);
  const start = Math.max(0, history.length - model.maxSequenceLength);
  const itemIds = history.subarray(start);
  const timestamps = times.subarray(start);
  const requestTime = options.requestTime ?? timestamps[timestamps.length - 1];
  const { eventColumns, userColumns } = options;
  const latest = Int32Array.from(itemIds, (_, t) => start + t);
  const host = sequenceBatch({
    users: Int32Array.of(options.user ?? UNKNOWN_USER),
    offsets: Int32Array.of(0, itemIds.length),
    itemIds,
    timestamps,
    targetTimestamps: Float64Array.of(...timestamps.subarray(1), requestTime),
    ...(ratings && { ratings: ratings.subarray(start) }),
    columns: {
      ...(eventColumns && { tokens: takeEach(eventColumns, latest) }),
      ...(userColumns && { users: userColumns }),
    },
  });
  const batch = uploadBatch(host);
  const vectors = (): { query: tf.Tensor2D; items: tf.Tensor2D } =>
    tf.tidy(() => ({ query: encodeLast(model, batch), items: model.itemVectors() }));
  let made: ReturnType<typeof vectors>;
  try {
    made = vectors();
  } finally {
    batch.dispose();
  }
  const { query, items } = made;
  try {
    const excluded = { offsets: Int32Array.of(0, leftOut.length), ids: Int32Array.from(leftOut) };
    const { ids, scores } = await topItems({
      queries: query,
      items,
      excluded,
      firstItem: 1,
      k: Math.min(k, model.numItems),
    });
    const found = ids.indexOf(-1);
    return Array.from(ids.subarray(0, found < 0 ? ids.length : found), (item, i) => ({ item, score: scores[i] }));
  } finally {
    tf.dispose([query, items]);
  }
}

function checkColumns(key: string, columns: NamedColumns | undefined, rows: number): void {
  for (const [name, column] of columns ?? []) {
    if (rowsOf(column) === rows) continue;
    throw new EvaluationError(`recommend: ${key}: expected ${rows} rows in ${name}; got ${rowsOf(column)}`);
  }
}
