import { type EncodedColumn, sequenceBatch } from '@seqrec/data';
import { z } from 'zod';
import { size } from '../config/fields.ts';
import type { HistoryFields } from '../features/history-fields.ts';
import type { RowHistory } from '../features/history-tables.ts';
import { uploadBatch } from '../inputs.ts';
import { tensorOf } from './file.ts';
import { type FuxiCtrField, type FuxiCtrFile, regulariser } from './fuxictr-file.ts';

/** Arguments that all of its models of histories have. */
export const historyArguments = {
  embedding_dim: size,
  embedding_regularizer: regulariser,
  net_regularizer: regulariser,
  dnn_hidden_units: z.array(size).default([]),
};

/** Where tables are in files of these models. */
export const HISTORY_TABLES = 'embedding_layer.embedding_layers';

/** Names of fields as FuxiCTR takes them: one, or several that belong together; here of the first history. */
export const fieldNames = z.array(z.array(z.string())).transform(([first]) => first);

/** A history of a file in our form. */
export interface FileHistory {
  readonly fields: HistoryFields;
  readonly history: RowHistory;
  /** Frees the batch. */
  dispose(): void;
}

/**
 * The history of a file: of each field of the item, `targets`, the values of the events, `sequences`. Entries of id 0
 * are padding.
 */
export function historyOfFile(
  { inputs }: FuxiCtrFile,
  fields: readonly FuxiCtrField[],
  { targets, sequences, maxEvents }: { targets: readonly string[]; sequences: readonly string[]; maxEvents: number },
): FileHistory {
  const places = targets.map((name) => fields.findIndex((field) => field.name === name));
  const first = tensorOf(inputs, sequences[0]);
  const [count, length] = first.shape;
  const offsets = new Int32Array(count + 1);
  const kept: number[] = [];
  for (let b = 0; b < count; b++) {
    for (let l = 0; l < length; l++) if (first.data[b * length + l] !== 0) kept.push(b * length + l);
    offsets[b + 1] = kept.length;
  }
  // Each event and each item judged is an item of its own: nothing is looked up twice.
  const items = places.map((place, f): EncodedColumn => {
    const of = fields[place].column as EncodedColumn & { readonly kind: 'row' };
    const { data } = tensorOf(inputs, sequences[f]);
    return { kind: 'row', size: of.size, values: Int32Array.from([...kept.map((at) => data[at]), ...of.values, 0]) };
  });
  const range = (from: number, to: number): Int32Array => Int32Array.from({ length: to - from }, (_, i) => from + i);
  const columns = {
    items,
    tokenItems: range(0, kept.length),
    exampleItems: range(kept.length, kept.length + count),
    padding: kept.length + count,
    own: [],
    missing: [],
  };
  const none = new Int32Array(kept.length);
  const batch = uploadBatch(sequenceBatch({ offsets, itemIds: none, timestamps: new Float64Array(kept.length) }));
  const config = { maxEvents, sameTime: 'hidden', times: false } as const;
  return {
    fields: { config, items: places, own: [], columns: {}, read: () => columns },
    history: { batch, columns },
    dispose: batch.dispose,
  };
}
