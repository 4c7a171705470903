import type { EncodedColumn } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../../errors.ts';
import {
  columnsOf,
  exampleItems,
  fieldsOf,
  type RowField,
  readField,
  takeField,
  UNKNOWN_ID,
} from '../../features/fields.ts';
import { idMask } from '../../features/id-mask.ts';
import type { Run } from '../../layers/layer.ts';
import type { Ranker, Towers } from '../../model.ts';
import type { RankerOptions } from '../../rankers/ranker.ts';
import { weightsOf } from '../../rankers/row-model.ts';
import type { DssmConfig } from './config.ts';
import { dssmNet } from './net.ts';

const INFERENCE: Run = { training: false, step: 0, seed: 0 };

/**
 * DSSM: a tower for the query, a tower for the item, and the product of their vectors. See the README of this folder.
 *
 * `logits` are those products for the example's own item, so that it trains on rows as well: one label.
 *
 * @throws ConfigError when a tower has nothing to read, or the fitted features are not those of the configuration.
 */
export function createDssm(config: DssmConfig, options: Omit<RankerOptions, 'labels'>): Towers & Ranker {
  const { kind, history, idDropout } = config;
  const { numUsers, numItems, seed = 0, features } = options;
  const fields = fieldsOf({ config, numUsers, numItems, features });
  const queryFields = fields.filter(({ table }) => table !== 'items');
  const itemFields = fields.filter((field): field is RowField => field.table === 'items');
  checkTowers(config, queryFields.length, itemFields.length);
  const net = dssmNet(config, { queryFields, itemFields, seed });
  const trained = features?.trained ?? Uint8Array.from({ length: numItems + 1 }, (_, item) => (item === 0 ? 0 : 1));

  const everyItem = Int32Array.from({ length: numItems + 1 }, (_, item) => item);

  /** The row of each item in the table of ids: that of those not known, where its id is dropped. */
  function idRows(ids: Int32Array, run: Run): Int32Array {
    const mask = idMask(trained, idDropout, run, ids);
    return ids.map((id, i) => (mask[i] === 0 ? UNKNOWN_ID : id));
  }

  function itemRows(ids: Int32Array, run: Run): tf.Tensor2D {
    const columns = itemFields.map((field): EncodedColumn => {
      const column = takeField(field.column, ids);
      const dropped = field.name === 'item' && column.kind === 'row' && run.training && idDropout > 0;
      return dropped ? { ...column, values: idRows(ids, run) } : column;
    });
    return net.item(columns, run);
  }

  const queries: Towers['queries'] = ({ host }, run) =>
    tf.tidy('queries', () => {
      const columns = queryFields.map((field) => readField(field, host, kind));
      return net.query(columns, run, history ? { rows: idRows(host.itemIds, run), offsets: host.offsets } : undefined);
    });

  return {
    kind,
    config: { ...config },
    columns: columnsOf(fields),
    ...(features && { features }),
    numItems,
    sizes: { numUsers },
    labels: 1,
    tables: () => new Map(),
    queries,
    itemRows: (ids, run) => tf.tidy('items', () => itemRows(ids, run)),
    itemVectors: (run = INFERENCE) => tf.tidy('items', () => itemRows(everyItem, run)),
    logits: (batch, run) =>
      tf.tidy('logits', () => {
        const items = itemRows(exampleItems(batch.host, kind), run);
        return tf.sum(tf.mul(queries(batch, run), items), 1, true) as tf.Tensor2D;
      }),
    ...weightsOf(net, config),
  };
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
