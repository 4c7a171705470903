import { applyTransform, type BatchColumns, type EncodedColumn, type SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { hstuBlocks } from '../../encoders/hstu/blocks.ts';
import { ConfigError } from '../../errors.ts';
import { type FieldTables, fieldTables } from '../../features/field-tables.ts';
import { exampleItems, type Field, fieldsOf, readField, takeField } from '../../features/fields.ts';
import { type IdDropout, idDropoutOf } from '../../features/id-dropout.ts';
import { embedEncoded } from '../../features/layer.ts';
import type { Run } from '../../layers/layer.ts';
import type { EmbeddingTable, Ranker } from '../../model.ts';
import type { RankerOptions } from '../ranker.ts';
import { weightsOf, withLogVariances } from '../row-model.ts';
import { actionMasks, numActions } from './action-masks.ts';
import type { HstuRankerConfig } from './config.ts';
import { type RequestLayout, requestLayout } from './layout.ts';
import { HstuRankerNet, type HstuRankerNetOptions, type RequestVectors } from './net.ts';

/**
 * HSTU as a ranker: candidates as tokens after contextual tokens and a history with its actions, each of which sees
 * both and itself. See the README of this folder.
 *
 * @throws ConfigError as `createLr`, and where no field is of items.
 */
export function createHstuRanker(given: HstuRankerConfig, options: RankerOptions): Ranker {
  const { kind } = given;
  const config = { ...given, tableDim: given.tableDim ?? given.embeddingDim };
  const { numUsers, numItems, labels = 1, logVariances = false, seed = 0, features } = options;
  if (!Number.isInteger(labels) || labels < 1) {
    throw new ConfigError(`${kind}: labels: expected an integer >= 1; got ${labels}`, 'labels');
  }
  const fields = fieldsOf({ config, numUsers, numItems, features });
  checkCandidates(fields, kind);
  const ofUsers = fields.filter(({ table }) => table === 'users');
  const ofItems = fields.filter(({ table }) => table !== 'users');
  const tables = fieldTables({
    ...{ fields, width: config.tableDim, standardDeviation: config.embeddingStd, seed, stream: 'fields' },
  });
  const hasId = config.itemId;
  const dropout = idDropoutOf(config, { numItems, features });
  const net = new HstuRankerNet({
    ...config,
    ...netOptions(
      config,
      ofUsers.map(({ name }) => name),
    ),
    item: { id: hasId, features: ofItems.length - Number(hasId) },
    ...{ labels, seed },
  });

  function vectorsOf(batch: SequenceBatch, run: Run): RequestVectors {
    const read = (field: Field, parts: readonly EncodedColumn[]): tf.Tensor2D => {
      const vectors = parts.map((part) => embedEncoded(tables.table(field.name), dropout.drop(field, part, run)));
      return vectors.length === 1 ? vectors[0] : tf.concat2d(vectors, 0);
    };
    const items = itemsOf(batch, kind);
    const vectors = ofItems.map((field) => read(field, contentsOf(field, batch, items, kind)));
    const ofFeatures = vectors.slice(hasId ? 1 : 0);
    return {
      contextual: ofUsers.map((field) => read(field, [readField(field, batch, kind)])),
      ...(hasId && { ids: vectors[0] }),
      ...(ofFeatures.length > 0 && { features: ofFeatures.length === 1 ? ofFeatures[0] : tf.concat2d(ofFeatures, 1) }),
      actions: actionMasks(config.actions, batch, { kind, training: run.training }),
      ...(config.minHistoryForContext > 0 && { hasContext: longEnough(config, batch) }),
      layout: layoutOf(config, batch, ofUsers.length),
    };
  }

  return {
    kind,
    config: { ...given },
    columns: columnsOf(config, ofItems),
    ...(features && { features }),
    numItems,
    sizes: { numUsers, labels, ...(logVariances && { logVariances }) },
    labels,
    requests: { sameTime: config.queryTime === 'request', maxHistory: config.userHistory.maxEvents },
    tables: () => tablesOf(tables, fields, { kind, dropout }),
    logits: (batch, run) =>
      tf.tidy('logits', () =>
        net.logits(vectorsOf(batch.host, run), {
          ...run,
          firstRow: tokensBefore(config, ofUsers.length, run),
        }),
      ),
    ...withLogVariances(weightsOf({ tables: [tables], net: net.layers }, config), { labels, logVariances }),
  };
}

type Resolved = HstuRankerConfig & { readonly tableDim: number };

function checkCandidates(fields: readonly Field[], kind: string): void {
  if (fields.some(({ table }) => table === 'items')) return;
  throw new ConfigError(
    `model config (${kind}): itemId: expected true, or a feature of items, as candidates are told apart by them; got none`,
    'itemId',
  );
}

/** Values of a field of items or of events: of the events of histories and of the candidates after them. */
function contentsOf(field: Field, batch: SequenceBatch, items: Int32Array, kind: string): readonly EncodedColumn[] {
  if (field.table !== 'events') return [takeField(field.column, items)];
  const found = field.transform.columns.map((column) => batch.columns?.tokens?.get(column));
  if (found.every((column) => column !== undefined))
    return [applyTransform(field.transform, found), readField(field, batch, kind)];
  throw new ConfigError(
    `${kind}: features: expected a batch with the column ${field.name} of the events; got one without; make batches with makeBatch(set, indices, model.columns)`,
    'features',
  );
}

/** What of a net follows from the settings of the blocks. */
function netOptions(
  { form, userHistory, actions, ...config }: Resolved,
  contextual: readonly string[],
): Pick<HstuRankerNetOptions, 'block' | 'contextual' | 'numActions' | 'paddedLength'> {
  const { attention, outputNorm, numHeads, dqk, dv, linearDropout, maxAttentionLength, contextSees } = config;
  return {
    block: {
      ...{ ...hstuBlocks.production, outputNorm, linearDropout, attention, numTimeBuckets: 1 },
      ...{ numHeads, dqk, dv },
      ...(maxAttentionLength !== undefined && { maxAttentionLength }),
      ...(contextSees === 'history' && contextual.length > 0 && { contextualLength: contextual.length }),
    },
    contextual,
    numActions: numActions(actions),
    paddedLength: contextual.length + tokensPerEvent(form) * userHistory.maxEvents + 1,
  };
}

function tokensPerEvent(form: HstuRankerConfig['form']): 1 | 2 {
  return form === 'interleave' ? 2 : 1;
}

/** What batches must carry. */
function columnsOf({ actions, queryTime }: HstuRankerConfig, fields: readonly Field[]): BatchColumns {
  const ofEvents = fields.flatMap((field) => (field.table === 'events' ? field.transform.columns : []));
  const tokens = [...new Set([...ofEvents, ...(actions.kind === 'column' ? [actions.column] : [])])];
  return {
    ...(tokens.length > 0 && { tokens }),
    ...(ofEvents.length > 0 && { targets: [...new Set(ofEvents)] }),
    examples: queryTime === 'request' ? ['items', 'times'] : ['items'],
  };
}

/** Items of the events of histories, and of the candidates after them. */
function itemsOf(batch: SequenceBatch, kind: string): Int32Array {
  const candidates = exampleItems(batch, kind);
  const items = new Int32Array(batch.itemIds.length + candidates.length);
  items.set(batch.itemIds);
  items.set(candidates, batch.itemIds.length);
  return items;
}

/** Rows of each sequence; without requests one. */
function rowOffsetsOf({ rowOffsets, users }: SequenceBatch): Int32Array {
  return rowOffsets ?? Int32Array.from({ length: users.length + 1 }, (_, b) => b);
}

function layoutOf(config: HstuRankerConfig, batch: SequenceBatch, contextual: number): RequestLayout {
  const { offsets, timestamps } = batch;
  const rowOffsets = rowOffsetsOf(batch);
  const requests = Float64Array.from(batch.users, (_, b) =>
    config.queryTime === 'history' && offsets[b + 1] > offsets[b]
      ? timestamps[offsets[b + 1] - 1]
      : (batch.exampleTimes?.[rowOffsets[b]] ?? 0),
  );
  const form = { contextual, perEvent: tokensPerEvent(config.form) };
  return requestLayout(offsets, rowOffsets, { events: timestamps, requests }, form);
}

/** 1 for each sequence whose history is long enough for contextual features. */
function longEnough(
  { minHistoryForContext, shortHistoryCounts }: HstuRankerConfig,
  batch: SequenceBatch,
): Float32Array {
  const { offsets, users } = batch;
  const rowOffsets = rowOffsetsOf(batch);
  return Float32Array.from(users, (_, b) => {
    const candidates = shortHistoryCounts === 'history' ? 0 : rowOffsets[b + 1] - rowOffsets[b];
    return Number(offsets[b + 1] - offsets[b] + candidates >= minHistoryForContext);
  });
}

/** Tokens of the batch before a part of it. */
function tokensBefore({ form }: HstuRankerConfig, contextual: number, { before }: Run): number {
  if (before === undefined) return 0;
  const { sequences, tokens, rows = sequences } = before;
  return contextual * sequences + tokensPerEvent(form) * tokens + rows;
}

/** The tables of ids, and what a batch reads of each. */
function tablesOf(
  tables: FieldTables,
  fields: readonly Field[],
  { kind, dropout }: { readonly kind: string; readonly dropout: IdDropout },
): ReadonlyMap<string, EmbeddingTable> {
  const named = fields.flatMap((field): [string, EmbeddingTable][] => {
    if (field.shape.kind === 'number') return [];
    const idsOf = (batch: SequenceBatch): Int32Array[] =>
      field.table === 'users'
        ? [idsIn(readField(field, batch, kind))]
        : [...contentsOf(field, batch, itemsOf(batch, kind), kind).map(idsIn), ...dropout.reads(field.name)];
    return [[`fields.${field.name}.weight`, { variable: tables.table(field.name), idsOf }]];
  });
  return new Map(named);
}

function idsIn(column: EncodedColumn): Int32Array {
  return column.kind === 'number' ? new Int32Array(0) : column.values;
}
