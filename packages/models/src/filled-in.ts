import { embedding, ShapeError } from '@seqrec/core';
import { type SequenceBatch, sequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from './errors.ts';
import { type EncoderBatch, itemIdsOf, uploadBatch } from './inputs.ts';
import type { Run } from './layers/layer.ts';
import type { TableRows, TokenEncoder } from './model.ts';

/** The row of the item table that stands for a hidden event: that of padding, which packed batches have none of. */
const HIDDEN_ITEM = 0;
/** Tokens of the prefixes that are encoded at once. */
const PREFIX_TOKENS = 2 ** 15;

/**
 * An encoder whose tokens see each other in both directions, as one that predicts events. A history of `l` events
 * becomes `l + 1` places: the event to predict stands at the last, and the vector of position `t` is that of place
 * `t + 1`. Hidden events are the item 0.
 *
 * - In training the events that `batch.hidden` marks are hidden, and the others are seen, so that only the vectors
 *   of marked positions may be asked to predict.
 * - Outside training every position has a pass of its own over the events up to it and one hidden after them: a
 *   history of `l` events costs `l (l + 3) / 2` tokens. `encodeLast` costs `l + 1`.
 *
 * Source: Sun et al. 2019, BERT4Rec (arXiv:1904.06690), section 3.
 *
 * @throws ConfigError when a training pass hides nothing.
 */
export function filledIn(encoder: TokenEncoder): TokenEncoder {
  const { extend: _, encodeLast: last, longestHistory, ...own } = encoder;
  const lastOf = (batch: SequenceBatch): tf.Tensor2D =>
    withPlaces(batch, oneHidden(batch), last as NonNullable<typeof last>);
  return {
    ...own,
    predicts: 'hidden',
    ...(longestHistory !== undefined && { longestHistory: longestHistory - 1 }),
    encode: (batch, run) =>
      run.training ? training(encoder, batch, run) : prefixes(lastOf, batch, encoder.itemTable().shape[1]),
    encodeLast: ({ host }) => lastOf(host),
    tables: () =>
      new Map(
        Array.from(encoder.tables(), ([name, table]) => [
          name,
          { ...table, idsOf: (batch: SequenceBatch) => [...itemIdsOf(batch), Int32Array.of(HIDDEN_ITEM)] },
        ]),
      ),
    withItemRows: (rows, ids) => filledIn(encoder.withItemRows(rows, withHidden(ids))),
    withRows: (rows) => {
      for (const { ids } of rows.values()) withHidden(ids);
      return filledIn((encoder.withRows as (rows: ReadonlyMap<string, TableRows>) => TokenEncoder)(rows));
    },
  };
}

/** Ids increase, so that item 0 is the first row or none. */
function withHidden(ids: Int32Array): Int32Array {
  if (ids[0] === HIDDEN_ITEM) return ids;
  throw new ShapeError(
    `withItemRows: expected item 0, which stands for hidden events, among the rows; got ${ids.length} rows from item ${ids[0] ?? 'none'} on; ask tables() which ids a batch reads`,
  );
}

function training(encoder: TokenEncoder, batch: EncoderBatch, run: Run): tf.Tensor2D {
  const { hidden, host } = batch;
  if (hidden === undefined) {
    throw new ConfigError(
      `encode: expected a batch whose events to predict are hidden, since '${encoder.kind}' with attention in both directions sees them; got one that hides none; train it with labels.kind masked`,
      'labels.kind',
    );
  }
  const { offsets, itemIds, targets } = host;
  // Place `t + 1` of a sequence stands one row further for each sequence before it and its own first place.
  const rows = new Int32Array(itemIds.length);
  const items = new Int32Array(itemIds.length + offsets.length - 1);
  for (let b = 0; b + 1 < offsets.length; b++) {
    const [start, end] = [offsets[b], offsets[b + 1]];
    items[start + b] = start < end ? itemIds[start] : HIDDEN_ITEM;
    for (let t = start; t < end; t++) {
      rows[t] = t + b + 1;
      items[rows[t]] = hidden[t] === 1 ? HIDDEN_ITEM : t + 1 < end ? itemIds[t + 1] : targets[t];
    }
  }
  const { before } = run;
  const own = before ? { ...run, before: { ...before, tokens: before.tokens + before.sequences } } : run;
  return withPlaces(host, items, (places) => embedding(encoder.encode(places, own), tf.tensor1d(rows, 'int32')));
}

/** The sequences of a batch with one hidden event after each. */
function oneHidden({ offsets, itemIds }: SequenceBatch): Int32Array {
  const items = new Int32Array(itemIds.length + offsets.length - 1).fill(HIDDEN_ITEM);
  for (let b = 0; b + 1 < offsets.length; b++) items.set(itemIds.subarray(offsets[b], offsets[b + 1]), offsets[b] + b);
  return items;
}

/** What `use` makes of sequences of one place more than those of a batch. */
function withPlaces(
  { users, offsets }: SequenceBatch,
  itemIds: Int32Array,
  use: (places: EncoderBatch) => tf.Tensor2D,
): tf.Tensor2D {
  const timestamps = new Float64Array(itemIds.length);
  return tf.tidy(() =>
    use(uploadBatch(sequenceBatch({ users, offsets: offsets.map((start, b) => start + b), itemIds, timestamps }))),
  );
}

/** The vector of every position by a pass over the events up to it. */
function prefixes(last: (batch: SequenceBatch) => tf.Tensor2D, { host }: EncoderBatch, width: number): tf.Tensor2D {
  const { itemIds } = host;
  const starts = new Int32Array(itemIds.length);
  for (let b = 0; b + 1 < host.offsets.length; b++) starts.fill(host.offsets[b], host.offsets[b], host.offsets[b + 1]);
  return tf.tidy(() => {
    const blocks: tf.Tensor2D[] = [];
    for (let t = 0; t < itemIds.length; ) {
      const offsets = [0];
      const tokens: number[] = [];
      while (t < itemIds.length && (offsets.length === 1 || tokens.length + t - starts[t] < PREFIX_TOKENS)) {
        for (let j = starts[t]; j <= t; j++) tokens.push(itemIds[j]);
        offsets.push(tokens.length);
        t++;
      }
      const timestamps = new Float64Array(tokens.length);
      blocks.push(
        last(sequenceBatch({ offsets: Int32Array.from(offsets), itemIds: Int32Array.from(tokens), timestamps })),
      );
    }
    return blocks.length === 0 ? tf.zeros([0, width]) : blocks.length === 1 ? blocks[0] : tf.concat2d(blocks, 0);
  });
}
