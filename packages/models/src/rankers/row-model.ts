import type { EncodedColumn, SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../errors.ts';
import type { FeatureConfig } from '../features/config.ts';
import type { FieldShape, FieldTables } from '../features/field-tables.ts';
import { columnsOf, type Field, fieldsOf, readField } from '../features/fields.ts';
import type { TableStores } from '../features/table-stores.ts';
import type { Run, StreamLayer } from '../layers/layer.ts';
import { LogVariances } from '../layers/log-variances.ts';
import type { EmbeddingTable, Model, Ranker } from '../model.ts';
import { l2Penalties } from './penalty.ts';
import type { RankerOptions } from './ranker.ts';

/** The layers of a model of rows; names of weights are `<stream of the layer>.<name in the layer>`. */
export interface RowLayers {
  /** Tables of fields: `embeddingL2` is theirs. */
  readonly tables: readonly FieldTables[];
  /** The others: `netL2` is theirs. */
  readonly net: readonly StreamLayer[];
}

/** What a ranker does with the values of its fields. */
export interface RankerNet extends RowLayers {
  /** Logits `[B, L]`. */
  logits(columns: readonly EncodedColumn[], run: Run): tf.Tensor2D;
}

/** What a net is made for, besides its configuration. */
export interface NetOptions {
  readonly fields: readonly FieldShape[];
  readonly labels: number;
  readonly seed: number;
  /** Which tables of ids are in a store. */
  readonly stores?: TableStores;
}

interface Regularised {
  readonly embeddingL2: number;
  readonly netL2: number;
}

/** The weights of layers and what is done with all of them. */
export function weightsOf(
  { tables, net }: RowLayers,
  { embeddingL2, netL2 }: Regularised,
): Pick<Model, 'variables' | 'penalty' | 'dispose'> {
  const named = (layers: readonly StreamLayer[]) =>
    layers.flatMap((layer) => layer.names.map((name) => [`${layer.stream}.${name}`, layer.weight(name)] as const));
  const ofTables = new Map(named(tables.flatMap(({ layers }) => layers)));
  const ofNet = new Map(named(net));
  const variables = new Map([...ofTables, ...ofNet]);
  return {
    variables: () => variables,
    dispose: () => {
      for (const variable of variables.values()) variable.dispose();
    },
    ...((embeddingL2 > 0 || netL2 > 0) && {
      penalty: () =>
        tf.tidy(() => {
          const parts = [
            ...l2Penalties([...ofTables.values()], embeddingL2),
            ...l2Penalties([...ofNet.values()], netL2),
          ];
          return tf.addN(parts) as tf.Scalar;
        }),
    }),
  };
}

interface RankerConfig extends Regularised, Readonly<Record<string, unknown>> {
  readonly kind: string;
  readonly userId: boolean;
  readonly itemId: boolean;
  readonly features?: readonly FeatureConfig[];
}

/** A ranker: the fields of a configuration, and a net over their values. */
export function createRanker<Config extends RankerConfig>(
  config: Config,
  { numUsers, numItems, labels = 1, logVariances = false, seed = 0, features, stores }: RankerOptions,
  netOf: (config: Config, options: NetOptions) => RankerNet,
): Ranker {
  const { kind } = config;
  if (!Number.isInteger(labels) || labels < 1) {
    throw new ConfigError(`${kind}: labels: expected an integer >= 1; got ${labels}`, 'labels');
  }
  const fields = fieldsOf({ config, numUsers, numItems, features });
  const net = netOf(config, { fields, labels, seed, stores });
  const weights = weightsOf(net, config);
  const balance = logVariances ? new LogVariances({ labels, stream: 'balance' }) : undefined;
  const ofBalance = balance?.weight('logVariances');
  const all = new Map([
    ...weights.variables(),
    ...(ofBalance === undefined ? [] : [['balance.logVariances', ofBalance] as const]),
  ]);
  return {
    kind,
    config: { ...config },
    columns: columnsOf(fields),
    ...(features && { features }),
    numItems,
    sizes: { numUsers, labels, ...(logVariances && { logVariances }) },
    labels,
    tables: () => tablesOf(net.tables, fields, kind),
    logits: (batch, run) =>
      tf.tidy('logits', () =>
        net.logits(
          fields.map((field) => readField(field, batch.host, kind)),
          { ...run, firstRow: run.before?.sequences ?? 0 },
        ),
      ),
    ...weights,
    ...(ofBalance && {
      // No regulariser is of them.
      variables: () => all,
      logVariances: () => ofBalance,
      dispose: () => {
        weights.dispose();
        ofBalance.dispose();
      },
    }),
  };
}

/** The tables of ids among those of fields, and what a batch reads of each. */
export function tablesOf(
  tables: readonly FieldTables[],
  fields: readonly Field[],
  kind: string,
): ReadonlyMap<string, EmbeddingTable> {
  const named = tables.flatMap(({ layers }) =>
    layers.flatMap((layer, f): [string, EmbeddingTable][] => {
      if (fields[f].shape.kind === 'number') return [];
      const variable = layer.weight('weight') as tf.Variable<tf.Rank.R2>;
      const idsOf = (batch: SequenceBatch): Int32Array[] => [idsIn(readField(fields[f], batch, kind))];
      const { store } = layer.args;
      return [[`${layer.stream}.weight`, { variable, idsOf, ...(store && { store }) }]];
    }),
  );
  return new Map(named);
}

function idsIn(column: EncodedColumn): Int32Array {
  if (column.kind === 'number') return new Int32Array(0);
  return column.values;
}
