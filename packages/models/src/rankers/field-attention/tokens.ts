import type { EncodedColumn } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../../errors.ts';
import { type FieldTables, fieldTables } from '../../features/field-tables.ts';
import { rowsOfColumn } from '../../features/rows-of-column.ts';
import { HiddenLayers } from '../../layers/hidden-layers.ts';
import { type LayerArgs, type Run, StreamLayer, type WeightSpec } from '../../layers/layer.ts';
import type { NetOptions } from '../row-model.ts';
import type { FieldAttentionConfig } from './config.ts';

/** The vectors of the task tokens, `[L, d]`, normal with a standard deviation of `1 / sqrt(d)`. */
class TaskTokens extends StreamLayer {
  static className = 'SeqrecTaskTokens';
  readonly tasks: number;
  readonly width: number;

  constructor(args: LayerArgs & { readonly tasks: number; readonly width: number }) {
    super(args);
    this.tasks = args.tasks;
    this.width = args.width;
  }

  protected weightSpecs(): WeightSpec[] {
    const initialization = { kind: 'normal', standardDeviation: 1 / Math.sqrt(this.width) } as const;
    return [{ name: 'weight', shape: [this.tasks, this.width], initialization, isTable: true }];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), tasks: this.tasks, width: this.width };
  }
}
tf.serialization.registerClass(TaskTokens);

/** The tokens of a row: those of fields in their order, dense ones, then one for each label. */
export interface RowTokens {
  readonly tables: FieldTables;
  readonly net: readonly StreamLayer[];
  /** `N`. */
  readonly count: number;
  /** `[B, N, d]`. */
  make(columns: readonly EncodedColumn[], run: Run): tf.Tensor3D;
}

/** @throws ConfigError for dense tokens without a column of numbers. */
export function rowTokens(config: FieldAttentionConfig, { fields, labels, seed, stores }: NetOptions): RowTokens {
  const { embeddingDim: width, embeddingStd: standardDeviation, denseTokens, denseHiddenSize = 256 } = config;
  const isDense = fields.map(({ shape }) => denseTokens !== undefined && shape.kind === 'number');
  const own = fields.filter((_, f) => !isDense[f]);
  const numbers = fields.reduce(
    (sum, { shape }, f) => sum + (isDense[f] && shape.kind === 'number' ? shape.width : 0),
    0,
  );
  if (denseTokens !== undefined && numbers === 0) {
    throw new ConfigError(
      `model config (${config.kind}): denseTokens: expected a column of numbers among the features; got none; leave denseTokens out`,
      'denseTokens',
    );
  }
  const tables = fieldTables({
    fields: own,
    width,
    standardDeviation,
    scheme: config.tables,
    seed,
    stream: 'fields',
    stores,
  });
  const dense =
    denseTokens === undefined
      ? undefined
      : new HiddenLayers({
          inputDim: numbers,
          hiddenSizes: [denseHiddenSize],
          outputDim: denseTokens * width,
          dropout: 0,
          seed,
          stream: 'dense',
        });
  const tasks = new TaskTokens({ tasks: labels, width, seed, stream: 'tasks' });
  return {
    tables,
    net: [...(dense ? [dense] : []), tasks],
    count: own.length + (denseTokens ?? 0) + labels,
    make: (columns, run) =>
      tf.tidy(() => {
        const rows = rowsOfColumn(columns[0]);
        const parts: tf.Tensor2D[] = own.length === 0 ? [] : tables.vectors(columns.filter((_, f) => !isDense[f]));
        if (dense !== undefined) {
          const values = columns.filter((_, f) => isDense[f]).map((column) => numbersOf(column, rows));
          parts.push(dense.forward(values.length === 1 ? values[0] : tf.concat2d(values, 1), run));
        }
        const task = tf.reshape(tasks.weight('weight'), [1, labels * width]);
        parts.push(tf.tile(task, [rows, 1]) as tf.Tensor2D);
        const all = tf.concat2d(parts, 1);
        return tf.reshape(all, [rows, all.shape[1] / width, width]);
      }),
  };
}

function numbersOf(column: EncodedColumn, rows: number): tf.Tensor2D {
  if (column.kind === 'number') return tf.tensor2d(column.values, [rows, column.width]);
  throw new Error(`expected a column of numbers; got one of the kind ${column.kind}`);
}
