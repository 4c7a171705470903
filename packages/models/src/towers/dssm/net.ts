import { embedding, embeddingBag, l2Normalize, UnsupportedError } from '@seqrec/core';
import type { EncodedColumn } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import type { FieldShape } from '../../features/field-table.ts';
import { type FieldTables, fieldTables } from '../../features/field-tables.ts';
import { HiddenLayers } from '../../layers/hidden-layers.ts';
import { latestMeans } from '../../layers/latest-means.ts';
import type { Run } from '../../layers/layer.ts';
import type { RowLayers } from '../../rankers/row-model.ts';
import type { DssmConfig } from './config.ts';

/** Rows of the table of item ids, jagged: sequence `b` has those in `[offsets[b], offsets[b + 1])`. */
export interface HistoryRows {
  readonly rows: Int32Array;
  readonly offsets: Int32Array;
  /** A query for each row, over so many of the latest rows of its sequence; absent: one for each sequence, over all. */
  readonly window?: number;
}

export interface DssmNet extends RowLayers {
  readonly queryTower: HiddenLayers;
  readonly itemTower: HiddenLayers;
  /** Vectors of queries, `[Q, D]`; `history` of a configuration that reads it. */
  query(columns: readonly EncodedColumn[], run: Run, history?: HistoryRows): tf.Tensor2D;
  /** Vectors of items, `[I, D]`. */
  item(columns: readonly EncodedColumn[], run: Run): tf.Tensor2D;
  /** The table of item ids. @throws UnsupportedError for a configuration without. */
  idTable(): tf.Variable<tf.Rank.R2>;
}

export interface DssmNetOptions {
  readonly queryFields: readonly FieldShape[];
  readonly itemFields: readonly FieldShape[];
  readonly seed: number;
}

/** The net of `createDssm`: two sets of tables, a tower over each. */
export function dssmNet(
  config: Omit<DssmConfig, 'maxHistory' | 'maxSequenceLength'>,
  { queryFields, itemFields, seed }: DssmNetOptions,
): DssmNet {
  const { embeddingDim: width, embeddingStd: standardDeviation, outputDim, dropout, history, similarity } = config;
  const tablesOf = (fields: readonly FieldShape[], stream: string): FieldTables =>
    fieldTables({ fields, width, standardDeviation, seed, stream });
  const towerOf = (inputs: number, hiddenSizes: readonly number[], stream: string): HiddenLayers =>
    new HiddenLayers({ inputDim: inputs * width, hiddenSizes, outputDim, dropout, seed, stream });
  const [ofQuery, ofItem] = [tablesOf(queryFields, 'query.fields'), tablesOf(itemFields, 'item.fields')];
  const queryTower = towerOf(queryFields.length + Number(history), config.queryHiddenSizes, 'query.tower');
  const itemTower = towerOf(itemFields.length, config.itemHiddenSizes, 'item.tower');
  const scored = (x: tf.Tensor2D): tf.Tensor2D => (similarity === 'cosine' ? l2Normalize(x) : x);
  const idTable = (): tf.Variable<tf.Rank.R2> => {
    if (config.itemId) return ofItem.table('item');
    throw new UnsupportedError("itemTable: expected a 'dssm' that reads item ids; got one with itemId false");
  };
  const meanOf = ({ rows, offsets, window }: HistoryRows): tf.Tensor2D =>
    window === undefined
      ? embeddingBag(idTable(), rows, offsets)
      : latestMeans(embedding(idTable(), tf.tensor1d(rows, 'int32')), offsets, window);
  return {
    tables: [ofQuery, ofItem],
    net: [queryTower, itemTower],
    queryTower,
    itemTower,
    query: (columns, run, events) =>
      tf.tidy(() => {
        const vectors = ofQuery.vectors(columns);
        if (events !== undefined) vectors.push(meanOf(events));
        return scored(queryTower.forward(vectors.length === 1 ? vectors[0] : tf.concat2d(vectors, 1), run));
      }),
    item: (columns, run) => tf.tidy(() => scored(itemTower.forward(ofItem.embed(columns), run))),
    idTable,
  };
}
