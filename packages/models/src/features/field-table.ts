import type { RowStore } from '@seqrec/core';
import type { EncodedShape } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { type LayerArgs, StreamLayer, type WeightSpec } from '../layers/layer.ts';

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
