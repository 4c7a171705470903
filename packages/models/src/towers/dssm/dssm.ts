import { UnsupportedError } from '@seqrec/core';
import type { EncodedColumn, ExampleSet, SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../../errors.ts';
import { columnsOf, type EventField, exampleItems, fieldsOf, type RowField, takeField } from '../../features/fields.ts';
import { ITEM_FIELD } from '../../features/id-dropout.ts';
import { knownRows } from '../../features/id-mask.ts';
import { type QueryRows, readQueryField } from '../../features/query-fields.ts';
import type { Run } from '../../layers/layer.ts';
import type { ModelOptions, Ranker, TokenEncoder, Towers } from '../../model.ts';
import { weightsOf } from '../../rankers/row-model.ts';
import type { DssmConfig } from './config.ts';
import { dssmNet } from './net.ts';

const INFERENCE: Run = { training: false, step: 0, seed: 0 };

/**
 * DSSM: a tower for the query, a tower for the item, and the product of their vectors. See the README of this folder.
 *
 * As an encoder it has a query for each event of a history: what is known after it, about the event that follows.
 * `logits` are the products for the example's own item, so that it trains on rows as well: one label.
 *
 * @throws ConfigError when a tower has nothing to read, or the fitted features are not those of the configuration.
 */
export function createDssm(
  config: DssmConfig,
  options: Omit<ModelOptions, 'labels'>,
): TokenEncoder & Required<Pick<TokenEncoder, 'encodeLast'>> & Towers & Ranker {
  const { kind, history, idDropout, maxHistory, maxSequenceLength, similarity } = config;
  const { numUsers = 0, numItems, seed = 0, features } = options;
  const fields = fieldsOf({ config, numUsers, numItems, features });
  const queryFields = fields.filter(({ table }) => table !== 'items');
  const itemFields = fields.filter((field): field is RowField => field.table === 'items');
  checkTowers(config, queryFields.length, itemFields.length);
  const net = dssmNet(config, { queryFields, itemFields, seed });
  const trained = features?.trained ?? Uint8Array.from({ length: numItems + 1 }, (_, item) => (item === 0 ? 0 : 1));
  const everyItem = Int32Array.from({ length: numItems + 1 }, (_, item) => item);
  const ofEvents = queryFields.filter((field): field is EventField => field.table === 'events');
  const next = [...new Set(ofEvents.flatMap(({ transform }) => transform.columns))];

  /** The row of each item in the table of ids: that of those not known, where its id is dropped. */
  function idRows(ids: Int32Array, run: Run): Int32Array {
    return knownRows(ids, trained, idDropout, run);
  }

  function itemRows(ids: Int32Array, run: Run): tf.Tensor2D {
    const columns = itemFields.map((field): EncodedColumn => {
      const column = takeField(field.column, ids);
      const dropped = field.name === ITEM_FIELD && column.kind === 'row' && run.training && idDropout > 0;
      return dropped ? { ...column, values: idRows(ids, run) } : column;
    });
    return net.item(columns, run);
  }

  const read = (rows: QueryRows, { training }: Run): EncodedColumn[] =>
    queryFields.map((field) => readQueryField(field, rows, { kind, isComplete: training }));

  /** A query for each example, after all of its history. */
  const queries: Towers['queries'] = ({ host }, given) =>
    tf.tidy('queries', () => {
      const run = { ...given, firstRow: given.before?.sequences ?? 0 };
      const columns = read({ users: host.users, events: host.columns?.targets }, run);
      if (!history) return net.query(columns, run);
      const latest = latestEvents(host, maxHistory);
      return net.query(columns, run, { ...latest, rows: idRows(latest.rows, run) });
    });

  /** A query for each event of each history, after it. */
  const encode: TokenEncoder['encode'] = ({ host }, given) =>
    tf.tidy('encode', () => {
      const run = { ...given, firstRow: given.before?.tokens ?? 0 };
      const columns = read({ users: usersOfTokens(host), events: host.columns?.next }, run);
      if (!history) return net.query(columns, run);
      return net.query(columns, run, { rows: idRows(host.itemIds, run), offsets: host.offsets, window: maxHistory });
    });

  return {
    kind,
    config: { ...config },
    columns: { ...columnsOf(fields), ...(next.length > 0 && { next }) },
    ...(features && { features }),
    numItems,
    sizes: { numUsers },
    labels: 1,
    maxSequenceLength,
    similarity,
    tables: () => new Map(),
    itemTable: () => net.idTable(),
    withItemRows: () => {
      throw new UnsupportedError(
        `withItemRows: expected an encoder whose item table is trained by rows; got a '${kind}', whose items are read by a tower; train it with embeddings 'dense'`,
      );
    },
    queries,
    encode,
    encodeLast: (batch) => queries(batch, INFERENCE),
    itemRows: (ids, run) => tf.tidy('items', () => itemRows(ids, run)),
    itemVectors: (run = INFERENCE) => tf.tidy('items', () => itemRows(everyItem, run)),
    logits: (batch, run) =>
      tf.tidy('logits', () => {
        const ofExamples = { ...run, firstRow: run.before?.sequences ?? 0 };
        const items = itemRows(exampleItems(batch.host, kind), ofExamples);
        return tf.sum(tf.mul(queries(batch, run), items), 1, true) as tf.Tensor2D;
      }),
    ...weightsOf(net, config),
  };
}

/** @throws ConfigError for a query of histories over rows without: it would be the same whatever the setting. */
export function checkDssmRows({ kind, history }: DssmConfig, { starts, targets }: ExampleSet): void {
  if (!history || starts.some((start, e) => start < targets[e])) return;
  throw new ConfigError(
    `model config (${kind}): history: expected rows with histories; got none in any training row; set model.history to false, train it under the task retrieval, or take a model with userHistory`,
    'history',
  );
}

/** The latest `window` events of each history. */
function latestEvents({ itemIds, offsets }: SequenceBatch, window: number): { rows: Int32Array; offsets: Int32Array } {
  const kept = new Int32Array(offsets.length);
  for (let b = 0; b + 1 < offsets.length; b++) kept[b + 1] = kept[b] + Math.min(window, offsets[b + 1] - offsets[b]);
  const rows = new Int32Array(kept[kept.length - 1]);
  for (let b = 0; b + 1 < offsets.length; b++) {
    const count = kept[b + 1] - kept[b];
    rows.set(itemIds.subarray(offsets[b + 1] - count, offsets[b + 1]), kept[b]);
  }
  return { rows, offsets: kept };
}

/** The user of each token. */
function usersOfTokens({ users, offsets, itemIds }: SequenceBatch): Int32Array {
  const out = new Int32Array(itemIds.length);
  for (const [b, user] of users.entries()) out.fill(user, offsets[b], offsets[b + 1]);
  return out;
}

function checkTowers({ kind, history }: DssmConfig, ofQuery: number, ofItem: number): void {
  const empty =
    ofItem === 0
      ? (['itemId', 'the item tower to read its id or a feature of items; got neither'] as const)
      : ofQuery === 0 && !history
        ? (['userId', 'the query tower to read the user id, a feature or the history; got none'] as const)
        : undefined;
  if (empty !== undefined) throw new ConfigError(`model config (${kind}): ${empty[0]}: expected ${empty[1]}`, empty[0]);
}
