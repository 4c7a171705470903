import * as tf from '@tensorflow/tfjs-core';
import { type FieldTables, fieldTables } from '../../features/field-tables.ts';
import type { HistoryFields } from '../../features/history-fields.ts';
import { type HistoryTables, historyTables, type RowHistory } from '../../features/history-tables.ts';
import type { Run, StreamLayer } from '../../layers/layer.ts';
import type { NetOptions, RankerNet } from '../row-model.ts';
import { type Tower, type TowerConfig, towerOf } from './tower.ts';

/** A batch as a module sees it; `T` events of histories, `B` examples. */
export interface SequenceInput extends RowHistory {
  /** Vectors of the events `[T, W]`, oldest first, and of the items that are judged, `[B, W]`. */
  readonly tokens: tf.Tensor2D;
  readonly candidates: tf.Tensor2D;
  /** Of an event that is not there, `[1, W]`. */
  readonly padding: tf.Tensor2D;
  /** `[B + 1]`: events `offsets[b] .. offsets[b + 1] - 1` are the history of example `b`; there may be none. */
  readonly offsets: Int32Array;
  /** Of examples; `eventRun` counts the rows of dropout by events. */
  readonly run: Run;
  readonly eventRun: Run;
}

/** What makes a vector of a history, in view of the item that is judged. */
export interface SequenceModule {
  readonly layers: readonly StreamLayer[];
  /** Width of what it makes. */
  readonly width: number;
  /** `[B, width]`. */
  pool(input: SequenceInput): tf.Tensor2D;
}

export interface ModuleOptions {
  readonly fields: HistoryFields;
  /** Of each field of the item, in the order of the first part of a vector: `item`, `items.<feature>`. */
  readonly itemFields: readonly string[];
  /** `W`, and its first part, the fields of the item. */
  readonly width: number;
  readonly itemWidth: number;
  readonly seed: number;
}

/** The parts of {@link sequenceNet}. */
export interface SequenceParts<Module extends SequenceModule = SequenceModule> {
  readonly fields: FieldTables;
  readonly history: HistoryTables;
  readonly module: Module;
  readonly tower: Tower;
}

/**
 * Fields of the row and one module over the history: `logits = tower([e_1 ; ... ; e_F ; s module(history, item)])`,
 * `s` the `historyScale`.
 *
 * @param moduleOf makes the module; names of its weights begin with the streams of its layers.
 */
export function sequenceNet<Config extends TowerConfig, Module extends SequenceModule>(
  config: Config,
  options: NetOptions,
  moduleOf: (config: Config, options: ModuleOptions) => Module,
): RankerNet & SequenceParts<Module> {
  const { fields, labels, seed, stores } = options;
  const historyFields = options.history as HistoryFields;
  const { embeddingDim, embeddingStd, tables: scheme } = config;
  const shared = { width: embeddingDim, standardDeviation: embeddingStd, seed, stores };
  const tables = fieldTables({ ...shared, fields, scheme, stream: 'fields' });
  const history = historyTables(historyFields, tables, { ...shared, stream: 'history' });
  const { width, itemWidth } = history;
  const itemFields = historyFields.items.map((place) => fields[place].name);
  const module = moduleOf(config, { fields: historyFields, itemFields, width, itemWidth, seed });
  const tower = towerOf(config, { inputDim: fields.length * embeddingDim + module.width, labels, seed });
  return {
    tables: [tables],
    historyTables: history.own,
    net: [...module.layers, ...tower.layers],
    fields: tables,
    history,
    module,
    tower,
    logits: (columns, run, given) =>
      tf.tidy(() => {
        const rows = given as RowHistory;
        const offsets = rows.batch.hostOffsets;
        const eventRun = { ...run, firstRow: run.before?.tokens ?? 0 };
        const vector = module.pool({ ...rows, ...history.vectors(rows), offsets, run, eventRun });
        const scaled = config.historyScale === 1 ? vector : tf.mul(vector, config.historyScale);
        return tower.logits(tf.concat2d([tables.embed(columns), scaled as tf.Tensor2D], 1), run);
      }),
  };
}
