import type { BatchColumns, EncodedColumn, SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../errors.ts';
import type { FeatureConfig } from '../features/config.ts';
import type { FieldShape } from '../features/field-table.ts';
import type { FieldTables } from '../features/field-tables.ts';
import { columnsOf, type Field, fieldsOf, readField } from '../features/fields.ts';
import type { HistoryConfig } from '../features/history-config.ts';
import { type HistoryFields, historyFieldsOf } from '../features/history-fields.ts';
import type { RowHistory } from '../features/history-tables.ts';
import { type IdDropout, idDropoutOf } from '../features/id-dropout.ts';
import type { TableStores } from '../features/table-stores.ts';
import type { EncoderBatch } from '../inputs.ts';
import { isRunning, type Run, type StreamLayer } from '../layers/layer.ts';
import { LogVariances } from '../layers/log-variances.ts';
import type { Branches, BranchLogits, EmbeddingTable, Model, Ranker } from '../model.ts';
import { l2Penalties } from './penalty.ts';
import type { RankerOptions } from './ranker.ts';

/** The layers of a model of rows; names of weights are `<stream of the layer>.<name in the layer>`. */
export interface RowLayers {
  /** Tables of fields: `embeddingL2` is theirs. */
  readonly tables: readonly FieldTables[];
  /** Tables of what only events of histories have: `embeddingL2` is theirs too. */
  readonly historyTables?: FieldTables;
  /** The others: `netL2` is theirs. */
  readonly net: readonly StreamLayer[];
}

/** What a ranker does with the values of its fields. */
export interface RankerNet extends RowLayers {
  /**
   * Logits `[B, L]`.
   *
   * @param run `firstRow` counts examples; `before.tokens` is how many events of histories lie before those of a part.
   * @param history of models that have `userHistory` in their configuration, and there always.
   */
  logits(columns: readonly EncodedColumn[], run: Run, history?: RowHistory): tf.Tensor2D;
  /** What batches must carry for it, besides what the fields and the histories need. */
  readonly columns?: BatchColumns;
  /** Of a net whose branches are trained as well: see {@link Branches}. */
  readonly branches?: {
    logits(columns: readonly EncodedColumn[], run: Run, history?: RowHistory): BranchLogits;
    readonly loss: Branches['loss'];
  };
}

/** What a net is made for, besides its configuration. */
export interface NetOptions {
  readonly fields: readonly FieldShape[];
  /** What is read of histories; of models that have `userHistory` in their configuration, and there always. */
  readonly history?: HistoryFields;
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
  { tables, historyTables, net }: RowLayers,
  { embeddingL2, netL2 }: Regularised,
): Pick<Model, 'variables' | 'penalty' | 'dispose'> {
  const named = (layers: readonly StreamLayer[]) =>
    layers.flatMap((layer) => layer.names.map((name) => [`${layer.stream}.${name}`, layer.weight(name)] as const));
  const all = historyTables === undefined ? tables : [...tables, historyTables];
  const ofTables = new Map(named(all.flatMap(({ layers }) => layers)));
  const ofNet = new Map(named(net));
  const variables = new Map([...ofTables, ...ofNet]);
  const regularised = [...ofNet.values()].filter((weight) => !isRunning(weight));
  return {
    variables: () => variables,
    dispose: () => {
      for (const variable of variables.values()) variable.dispose();
    },
    ...((embeddingL2 > 0 || netL2 > 0) && {
      penalty: () =>
        tf.tidy(() => {
          const parts = [...l2Penalties([...ofTables.values()], embeddingL2), ...l2Penalties(regularised, netL2)];
          return tf.addN(parts) as tf.Scalar;
        }),
    }),
  };
}

interface RankerConfig extends Regularised, Readonly<Record<string, unknown>> {
  readonly kind: string;
  readonly userId: boolean;
  readonly itemId: boolean;
  readonly idDropout?: number;
  readonly features?: readonly FeatureConfig[];
  readonly userHistory?: HistoryConfig;
}

/** Weights of a model of rows, and log variances of its labels where they are asked for: no regulariser is of them. */
export function withLogVariances(
  weights: ReturnType<typeof weightsOf>,
  { labels, logVariances }: { readonly labels: number; readonly logVariances: boolean },
): ReturnType<typeof weightsOf> & Pick<Ranker, 'logVariances'> {
  if (!logVariances) return weights;
  const own = new LogVariances({ labels, stream: 'balance' }).weight('logVariances');
  const all = new Map([...weights.variables(), ['balance.logVariances', own] as const]);
  return {
    ...weights,
    variables: () => all,
    logVariances: () => own,
    dispose: () => {
      weights.dispose();
      own.dispose();
    },
  };
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
  const { userHistory } = config;
  const history = userHistory && historyFieldsOf({ kind, userHistory }, fields, features);
  const dropout = idDropoutOf(config, { numItems, features });
  const net = netOf(config, { fields, labels, seed, stores, ...(history && { history }) });
  const { branches } = net;
  const historyOf = (batch: EncoderBatch, run: Run): RowHistory | undefined => {
    if (history === undefined) return undefined;
    const columns = history.read(batch.host);
    const items = columns.items.map((column, f) => dropout.drop(fields[history.items[f]], column, run));
    return { batch, columns: { ...columns, items } };
  };
  const inputs = (batch: EncoderBatch, run: Run): [EncodedColumn[], Run, RowHistory | undefined] => [
    fields.map((field) => dropout.drop(field, readField(field, batch.host, kind), run)),
    { ...run, firstRow: run.before?.sequences ?? 0 },
    historyOf(batch, run),
  ];
  return {
    kind,
    config: { ...config },
    columns: [history?.columns ?? {}, net.columns ?? {}].reduce(merged, columnsOf(fields)),
    ...(features && { features }),
    numItems,
    sizes: { numUsers, labels, ...(logVariances && { logVariances }) },
    labels,
    tables: () => new Map([...tablesOf(net.tables, fields, { kind, history, dropout }), ...ownTablesOf(net, history)]),
    logits: (batch, run) => tf.tidy('logits', () => net.logits(...inputs(batch, run))),
    ...(branches && {
      branches: {
        // A tidy keeps tensors in arrays of what it returns too.
        logits: (batch: EncoderBatch, run: Run) =>
          tf.tidy('logits', () => branches.logits(...inputs(batch, run)) as never) as BranchLogits,
        loss: branches.loss,
      },
    }),
    ...withLogVariances(weightsOf(net, config), { labels, logVariances }),
  };
}

/** The tables of ids among those of fields, and what a batch reads of each. */
function tablesOf(
  tables: readonly FieldTables[],
  fields: readonly Field[],
  { kind, history, dropout }: { readonly kind: string; readonly history?: HistoryFields; readonly dropout?: IdDropout },
): ReadonlyMap<string, EmbeddingTable> {
  const byName = new Map(fields.map((field) => [field.name, field]));
  const named = tables.flatMap(({ idTables }) =>
    idTables.map(({ layer, reads }): [string, EmbeddingTable] => {
      const variable = layer.weight('weight') as tf.Variable<tf.Rank.R2>;
      const valuesOf = (field: string, batch: SequenceBatch): EncodedColumn => {
        const place = history?.items.indexOf(fields.findIndex(({ name }) => name === field)) ?? -1;
        // Of items those of the row are among those of its history.
        if (history !== undefined && place >= 0) return history.read(batch).items[place];
        return readField(byName.get(field)!, batch, kind);
      };
      const idsOf = (batch: SequenceBatch): Int32Array[] =>
        reads.flatMap(({ field, rows }) =>
          [idsIn(valuesOf(field, batch)), ...(dropout?.reads(field) ?? [])].map((ids) =>
            rows === undefined ? ids : ids.map((id) => rows[id]),
          ),
        );
      const { store } = layer.args;
      return [`${layer.stream}.weight`, { variable, idsOf, ...(store && { store }) }];
    }),
  );
  return new Map(named);
}

/** The tables of what only events of histories have. */
function ownTablesOf(
  { historyTables }: RowLayers,
  history: HistoryFields | undefined,
): (readonly [string, EmbeddingTable])[] {
  if (history === undefined || historyTables === undefined) return [];
  return historyTables.layers.flatMap((layer, f) => {
    if (history.own[f].shape.kind === 'number') return [];
    const idsOf = (batch: SequenceBatch): Int32Array[] => {
      const { own, missing } = history.read(batch);
      return [idsIn(own[f]), idsIn(missing[f])];
    };
    const { store } = layer.args;
    const variable = layer.weight('weight') as tf.Variable<tf.Rank.R2>;
    return [[`${layer.stream}.weight`, { variable, idsOf, ...(store && { store }) }] as const];
  });
}

/** Everything that one of two asks for. */
function merged(a: BatchColumns, b: BatchColumns): BatchColumns {
  const parts = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof BatchColumns>;
  return Object.fromEntries([...parts].map((part) => [part, [...new Set([...(a[part] ?? []), ...(b[part] ?? [])])]]));
}

function idsIn(column: EncodedColumn): Int32Array {
  if (column.kind === 'number') return new Int32Array(0);
  return column.values;
}
