import type { BatchColumns } from '@seqrec/data';
import type * as tf from '@tensorflow/tfjs-core';
import type { FittedFeatures } from '../features/fitted.ts';
import type { EncoderBatch } from '../inputs.ts';
import type { Run } from '../layers/layer.ts';

/** What every model that reads rows has; `B` examples. */
export interface RowModel {
  readonly kind: string;
  /** The validated configuration, defaults filled in. */
  readonly config: Readonly<Record<string, unknown>> & { readonly kind: string };
  /** What batches must carry besides users and histories. */
  readonly columns?: BatchColumns;
  /** What its fields know of the data: kept in checkpoints. */
  readonly features?: FittedFeatures;
  /** What every step adds to its loss, whatever the batch: the regulariser. */
  penalty?(): tf.Scalar;
  /** Every weight by its name. */
  variables(): ReadonlyMap<string, tf.Variable>;
  /** Frees the weights. */
  dispose(): void;
}

/** A model of rows: a logit for each label of each example. */
export interface Ranker extends RowModel {
  /** How many labels an example has, `L`. */
  readonly labels: number;
  /** Shape `[B, L]`. */
  logits(batch: EncoderBatch, run: Run): tf.Tensor2D;
}

/** A model whose score is a product of a vector of the query and one of the item. */
export interface Towers extends RowModel {
  readonly numItems: number;
  /** A vector an example, `[B, D]`. */
  queries(batch: EncoderBatch, run: Run): tf.Tensor2D;
  /** A vector an item, `[numItems + 1, D]`; row 0 is padding. */
  itemVectors(run?: Run): tf.Tensor2D;
  /** Those of some items, `[ids.length, D]`: what a batch needs of a long catalogue. */
  itemRows(ids: Int32Array, run: Run): tf.Tensor2D;
}

/** What a model of rows needs besides its configuration. */
export interface RankerOptions {
  readonly numUsers: number;
  /** Items are `1..numItems`. */
  readonly numItems: number;
  /** Default 1. */
  readonly labels?: number;
  /** Seed of the initial weights, default 0. */
  readonly seed?: number;
  /** What `fitFields` makes of the training set; without it every id is known and there are no features. */
  readonly features?: FittedFeatures;
}
