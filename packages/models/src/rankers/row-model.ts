import type { EncodedColumn, SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../errors.ts';
import type { FeatureConfig } from '../features/config.ts';
import type { FieldShape, FieldTables } from '../features/field-tables.ts';
import { columnsOf, type Field, fieldsOf, readField } from '../features/fields.ts';
import type { TableStores } from '../features/table-stores.ts';
import type { EncoderBatch } from '../inputs.ts';
import type { Run, StreamLayer } from '../layers/layer.ts';
import type { Branches, BranchLogits, EmbeddingTable, Model, Ranker } from '../model.ts';
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
  /** Of a net whose branches are trained as well: see {@link Branches}. */
  readonly branches?: {
    logits(columns: readonly EncodedColumn[], run: Run): BranchLogits;
    readonly loss: Branches['loss'];
  };
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
  { numUsers, numItems, labels = 1, seed = 0, features, stores }: RankerOptions,
  netOf: (config: Config, options: NetOptions) => RankerNet,
): Ranker {
  const { kind } = config;
  if (!Number.isInteger(labels) || labels < 1) {
    throw new ConfigError(`${kind}: labels: expected an integer >= 1; got ${labels}`, 'labels');
  }
  const fields = fieldsOf({ config, numUsers, numItems, features });
  const net = netOf(config, { fields, labels, seed, stores });
  const { branches } = net;
  const columnsOfBatch = (batch: EncoderBatch): EncodedColumn[] =>
    fields.map((field) => readField(field, batch.host, kind));
  const ofExamples = (run: Run): Run => ({ ...run, firstRow: run.before?.sequences ?? 0 });
  return {
    kind,
    config: { ...config },
    columns: columnsOf(fields),
    ...(features && { features }),
    numItems,
    sizes: { numUsers, labels },
    labels,
    tables: () => tablesOf(net.tables, fields, kind),
    logits: (batch, run) => tf.tidy('logits', () => net.logits(columnsOfBatch(batch), ofExamples(run))),
    ...(branches && {
      branches: {
        // A tidy keeps tensors in arrays of what it returns too.
        logits: (batch: EncoderBatch, run: Run) =>
          tf.tidy('logits', () => branches.logits(columnsOfBatch(batch), ofExamples(run)) as never) as BranchLogits,
        loss: branches.loss,
      },
    }),
    ...weightsOf(net, config),
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
