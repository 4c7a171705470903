import { embedding, type RowStore } from '@seqrec/core';
import type { EncodedColumn, EncodedShape } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { weightStream } from '../layers/initializers.ts';
import { type LayerArgs, StreamLayer, type WeightSpec } from '../layers/layer.ts';
import { embedEncoded } from './layer.ts';
import type { TableStores } from './table-stores.ts';

/** What a table needs to know of its field. */
export interface FieldShape {
  readonly name: string;
  readonly shape: EncodedShape;
}

export interface FieldTableArgs extends LayerArgs {
  readonly shape: EncodedShape;
  /** Width `d` of its vectors. */
  readonly width: number;
  /** Of the initial values, normal. */
  readonly standardDeviation: number;
  /** Where the rows are instead of in the weight, which has none then. */
  readonly store?: RowStore;
}

/** The table of a field: a row an id, `[size, d]`; for numbers the matrix `[width, d]` that multiplies them. */
export class FieldTable extends StreamLayer {
  static className = 'SeqrecFieldTable';
  readonly args: FieldTableArgs;

  constructor(args: FieldTableArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { shape, width, standardDeviation, store } = this.args;
    const rows = store !== undefined ? 0 : shape.kind === 'number' ? shape.width : shape.size;
    const isTable = shape.kind !== 'number';
    return [{ name: 'weight', shape: [rows, width], initialization: { kind: 'normal', standardDeviation }, isTable }];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { shape, width, standardDeviation } = this.args;
    return { ...super.getConfig(), shape: { ...shape }, width, standardDeviation };
  }
}
tf.serialization.registerClass(FieldTable);

export interface FieldTablesOptions {
  readonly fields: readonly FieldShape[];
  readonly width: number;
  readonly standardDeviation: number;
  /** Of lists: the mean of their rows (default), or the sum. */
  readonly pooling?: 'mean' | 'sum';
  readonly seed: number;
  /** Prefix of the names of the tables. */
  readonly stream: string;
  /** Which tables of ids are in a store. */
  readonly stores?: TableStores;
}

/** A table a field, all of one width. */
export interface FieldTables {
  /** Their names are `<stream>.<field>`. */
  readonly layers: readonly FieldTable[];
  table(field: string): tf.Variable<tf.Rank.R2>;
  /** The vectors of each field, `[B, d]`; `columns` has the values of the fields in their order. */
  vectors(columns: readonly EncodedColumn[]): tf.Tensor2D[];
  /** The vectors of the field at a place, of any rows, `[rows, d]`. */
  vector(place: number, column: EncodedColumn): tf.Tensor2D;
  /** `x_0`: the vectors of all fields side by side, `[B, F d]`. */
  embed(columns: readonly EncodedColumn[]): tf.Tensor2D;
}

export function fieldTables({ fields, pooling, stream, stores, ...shared }: FieldTablesOptions): FieldTables {
  const { width, seed, standardDeviation } = shared;
  const storeOf = ({ name, shape }: FieldShape): RowStore | undefined => {
    if (shape.kind === 'number') return undefined;
    const table = `${stream}.${name}.weight`;
    const initial = { kind: 'normal', seed, stream: weightStream(table), standardDeviation } as const;
    return stores?.({ name: table, rows: shape.size, width, initial });
  };
  const byName = new Map(
    fields.map((field) => {
      const { name, shape } = field;
      const store = storeOf(field);
      return [name, new FieldTable({ ...shared, shape, stream: `${stream}.${name}`, ...(store && { store }) })];
    }),
  );
  const layers = [...byName.values()];
  const weightOf = (layer: FieldTable | undefined) => layer?.weight('weight') as tf.Variable<tf.Rank.R2>;
  const embedOne = pooling === 'sum' ? summed : embedEncoded;
  const vector = (place: number, column: EncodedColumn): tf.Tensor2D => embedOne(weightOf(layers[place]), column);
  const vectors = (columns: readonly EncodedColumn[]): tf.Tensor2D[] =>
    layers.map((_, place) => vector(place, columns[place]));
  return {
    layers,
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

/** The sum of the vectors of all fields, `[B, d]`. */
export function sumOfFields(vectors: readonly tf.Tensor2D[]): tf.Tensor2D {
  return vectors.length === 1 ? vectors[0] : (tf.addN([...vectors]) as tf.Tensor2D);
}

/** {@link embedEncoded} with the sum of a list in the place of its mean. */
function summed(table: tf.Tensor2D, column: EncodedColumn): tf.Tensor2D {
  if (column.kind !== 'rows') return embedEncoded(table, column);
  const { offsets, lists, ...rest } = column;
  return tf.tidy(() => {
    const lengths = Float32Array.from({ length: offsets.length - 1 }, (_, l) => offsets[l + 1] - offsets[l]);
    const means = embedEncoded(table, { ...rest, offsets });
    const sums = tf.mul(means, tf.tensor2d(lengths, [lengths.length, 1])) as tf.Tensor2D;
    return lists === undefined ? sums : embedding(sums, tf.tensor1d(lists, 'int32'));
  });
}
