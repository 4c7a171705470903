import type { EncodedColumn, EncodedShape } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { weightStream } from '../layers/initializers.ts';
import { type FieldShape, FieldTable } from './field-table.ts';
import { embedEncoded } from './layer.ts';
import { type IdLookup, idLookups } from './shared-rows.ts';
import type { TableScheme } from './table-config.ts';
import type { TableStores } from './table-stores.ts';

export interface FieldTablesOptions {
  readonly fields: readonly FieldShape[];
  readonly width: number;
  readonly standardDeviation: number;
  /** Of lists: the mean of their rows (default), or the sum. */
  readonly pooling?: 'mean' | 'sum';
  /** How ids share rows; default: a table a field, a row an id. */
  readonly scheme?: TableScheme;
  readonly seed: number;
  /** Prefix of the names of the tables. */
  readonly stream: string;
  /** Which tables of ids are in a store. */
  readonly stores?: TableStores;
}

/** What a table of ids is read by: fields, by their names, and the row of each of their ids. */
export interface IdTable {
  readonly layer: FieldTable;
  readonly reads: readonly { readonly field: string; readonly rows?: Int32Array }[];
}

/** The tables of fields, whose vectors are all of one width. */
export interface FieldTables {
  /** With a table a field, their names are `<stream>.<field>`. */
  readonly layers: readonly FieldTable[];
  /** Those of ids. */
  readonly idTables: readonly IdTable[];
  /** The table of a field that has one of its own. */
  table(field: string): tf.Variable<tf.Rank.R2>;
  /** The vectors of each field, `[B, d]`; `columns` has the values of the fields in their order. */
  vectors(columns: readonly EncodedColumn[]): tf.Tensor2D[];
  /** The vectors of the field at a place, of any rows, `[rows, d]`. */
  vector(place: number, column: EncodedColumn): tf.Tensor2D;
  /** `x_0`: the vectors of all fields side by side, `[B, F d]`. */
  embed(columns: readonly EncodedColumn[]): tf.Tensor2D;
}

/** @throws ConfigError for a scheme that does not fit the width. */
export function fieldTables(options: FieldTablesOptions): FieldTables {
  const { fields, width, standardDeviation, pooling = 'mean', scheme = { kind: 'separate' }, seed, stream } = options;
  const byName = new Map<string, FieldTable>();
  const make = (name: string, shape: EncodedShape, ofWidth: number): FieldTable => {
    const own = `${stream}.${name}`;
    const initial = { kind: 'normal', seed, stream: weightStream(`${own}.weight`), standardDeviation } as const;
    const store =
      shape.kind === 'number'
        ? undefined
        : options.stores?.({ name: `${own}.weight`, rows: shape.size, width: ofWidth, initial });
    const shared = { shape, width: ofWidth, standardDeviation, seed, stream: own };
    const layer = new FieldTable({ ...shared, ...(store && { store }) });
    byName.set(name, layer);
    return layer;
  };
  const ofIds = fields.filter(({ shape }) => shape.kind !== 'number');
  const lookups = idLookups({
    scheme,
    fields: ofIds,
    width,
    pooling,
    make: (name, rows, ofWidth) => make(name, { kind: 'row', size: rows }, ofWidth),
  });
  const byField = new Map(ofIds.map(({ name }, f) => [name, lookups[f]]));
  for (const { name, shape } of fields) if (shape.kind === 'number') make(name, shape, width);
  // In the order of the fields, whatever was made first.
  const order = ['unified', ...fields.flatMap(({ name }) => [name, `${name}.quotient`, `${name}.remainder`])];
  const weightOf = (layer: FieldTable | undefined) => layer?.weight('weight') as tf.Variable<tf.Rank.R2>;
  const vector = (place: number, column: EncodedColumn): tf.Tensor2D => {
    const { name } = fields[place];
    const lookup = byField.get(name);
    if (lookup === undefined || column.kind === 'number') return embedEncoded(weightOf(byName.get(name)), column);
    return lookup.vector(column);
  };
  const vectors = (columns: readonly EncodedColumn[]): tf.Tensor2D[] =>
    fields.map((_, place) => vector(place, columns[place]));
  return {
    layers: order.flatMap((name) => byName.get(name) ?? []),
    idTables: idTablesOf(byField),
    table: (field) => weightOf(byName.get(field)),
    vectors,
    vector,
    embed: (columns) =>
      tf.tidy(() => {
        const all = vectors(columns);
        return all.length === 1 ? all[0] : tf.concat2d(all, 1);
      }),
  };
}

function idTablesOf(byField: ReadonlyMap<string, IdLookup>): IdTable[] {
  const all = [...byField].flatMap(([field, { reads }]) => reads.map(({ table, rows }) => ({ field, table, rows })));
  return [...Map.groupBy(all, ({ table }) => table)].map(([layer, own]) => ({
    layer,
    reads: own.map(({ field, rows }) => ({ field, ...(rows && { rows }) })),
  }));
}

/** The sum of the vectors of all fields, `[B, d]`. */
export function sumOfFields(vectors: readonly tf.Tensor2D[]): tf.Tensor2D {
  return vectors.length === 1 ? vectors[0] : (tf.addN([...vectors]) as tf.Tensor2D);
}
