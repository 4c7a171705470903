import type { RowStore } from '@seqrec/core';
import type { BatchColumns, SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import type { FittedFeatures } from './features/fitted.ts';
import type { TableStores } from './features/table-stores.ts';
import type { DenseSizes } from './generators/dense/sizes.ts';
import type { EncoderBatch } from './inputs.ts';
import type { Run } from './layers/layer.ts';
import type { TokenMemory } from './layers/memory.ts';

/** What {@link TokenEncoder.encodeWithActions} returns; `T` events. */
export interface EncodedActions {
  /** The rows of `encode`, `[T, D]`. */
  readonly encoded: tf.Tensor2D;
  /** Logits of the action ids `1..10` of each event, `[T, 10]`; softmax makes them probabilities. */
  readonly actionLogits: tf.Tensor2D;
}

/** A table of vectors, a row an id, that can be trained by the rows of a step. */
export interface EmbeddingTable {
  /** Of no rows, `[0, D]`, where the table is in a store. */
  readonly variable: tf.Variable<tf.Rank.R2>;
  /** Where its rows are, if not in the variable: in a file, for example. */
  readonly store?: RowStore;
  /** The ids that a batch reads. */
  idsOf(batch: SequenceBatch): readonly Int32Array[];
}

/** Some rows of a table in its place. */
export interface TableRows {
  /** `[U, D]`. */
  readonly rows: tf.Tensor2D;
  /** The id of each row, strictly increasing. */
  readonly ids: Int32Array;
  /** Places of ids among the rows. */
  indicesOf(ids: Int32Array): Int32Array;
}

/** What every model is, whatever it can do: capabilities ({@link TokenEncoder}, ...) are further interfaces. */
export interface Model {
  readonly kind: string;
  /** The validated configuration, defaults filled in. */
  readonly config: Readonly<Record<string, unknown>> & { readonly kind: string };
  /** Items are `1..numItems`. */
  readonly numItems: number;
  /** What else it was made with: kept in checkpoints. */
  readonly sizes?: Pick<ModelOptions, 'numUsers' | 'labels' | 'logVariances' | 'dense'>;
  /** The further columns of batches that the model reads; absent: none. */
  readonly columns?: BatchColumns;
  /** What its features know of the data, where it has some: kept in checkpoints. */
  readonly features?: FittedFeatures;
  /** Every weight by its name in the reference's state dict, in that order; running values (`isRunning`) among them. */
  variables(): ReadonlyMap<string, tf.Variable>;
  /** The tables that can be trained by rows, by the name of the weight. */
  tables(): ReadonlyMap<string, EmbeddingTable>;
  /**
   * This model with rows in the place of some of its tables; all other weights are shared. Where the item table of an
   * encoder is among them, item ids of batches are places in its rows.
   */
  withRows?(rows: ReadonlyMap<string, TableRows>): Model;
  /** What each step adds to its loss, whatever the batch: a regulariser. Inside the tape. */
  penalty?(): tf.Scalar;
  /** Frees the weights. */
  dispose(): void;
}

/** An encoder of histories. `T` packed tokens, `D` model width, items are `1..numItems`. */
export interface TokenEncoder extends Model {
  /** Longest history that the model is meant for. */
  readonly maxSequenceLength: number;
  /** Events of the longest history that it has places for; absent: any number. */
  readonly longestHistory?: number;
  /**
   * What it is trained to do: to say what comes next (default), or to fill in events that are hidden from it
   * (`EncoderBatch.hidden`), where training without any would be reading the answer.
   */
  readonly predicts?: 'next' | 'hidden';
  /** What the product of its vectors is. Default: `cosine`, they are L2-normalised. */
  readonly similarity?: 'cosine' | 'dot';
  /** One vector per token, L2-normalised unless told otherwise; position `t` predicts the event after it. `[T, D]`. */
  encode(batch: EncoderBatch, run: Run): tf.Tensor2D;
  /**
   * The rows of {@link encode} at the last token of each sequence, outside training, where a model has a shorter way
   * to them. Shape `[B, D]`; no sequence may be empty.
   */
  encodeLast?(batch: EncoderBatch): tf.Tensor2D;
  /**
   * {@link encode} of a batch of the newest events of each history, outside training, from what `memory` keeps of the
   * older ones; the memory then holds these as well. Positions count from the beginning of the history. Whether the
   * answer is that of the full pass is a matter of the configuration: see `incremental` of the model's definition.
   */
  extend?(batch: EncoderBatch, memory: TokenMemory): tf.Tensor2D;
  /**
   * Logits `[T, 10]` of the actions that each item of the batch would get as the next content after the history that
   * `memory` holds; `areCandidates` is true there. Of models that have `encodeWithActions`.
   */
  candidateActions?(batch: EncoderBatch, memory: TokenMemory): tf.Tensor2D;
  /**
   * {@link encode} together with what the model makes of each event's action, from the event's content and what came
   * before it. Of models whose histories hold contents and actions in turn.
   */
  encodeWithActions?(batch: EncoderBatch, run: Run): EncodedActions;
  /**
   * One vector per item, normalised as those of {@link encode}, with epsilon 1e-6; row 0 is padding. Shape
   * `[numItems + 1, D]`.
   *
   * @param run of a training step, in which id dropout takes part; default: none.
   */
  itemVectors(run?: Run): tf.Tensor2D;
  /** The vectors of some items, `[ids.length, D]`, where making them costs more than looking them up. */
  itemRows?(ids: Int32Array, run: Run): tf.Tensor2D;
  /** The item table itself, a row an id; row 0 is padding. One of {@link variables}. */
  itemTable(): tf.Variable<tf.Rank.R2>;
  /**
   * This model with `rows` `[U, D]` in the place of its item table: the item ids of batches, and the rows of
   * {@link itemVectors}, are then places in `rows`. All other weights are shared.
   *
   * @param ids the item of each row; shape `[U]`.
   */
  withItemRows(rows: tf.Tensor2D, ids: Int32Array): TokenEncoder;
  /**
   * The temperature that the model has learned, shape `[1]`, where its configuration asks for one; `base` is where it
   * starts. Objectives divide scores by it; ranks do not depend on it.
   */
  readonly temperature?: (base: number) => tf.Tensor1D;
}

/** A model of rows: a logit for each label of each example; `B` examples. */
export interface Ranker extends Model {
  /** How many labels an example has, `L`. */
  readonly labels: number;
  /** Of models that judge all rows of a history at once: how rows become requests, see `byRequest`. */
  readonly requests?: RankerRequests;
  /** A row an example, `[B, L]`; of examples that are requests of several rows, `[R, L]`. */
  logits(batch: EncoderBatch, run: Run): tf.Tensor2D;
  /** Of a model whose branches have logits of their own and losses besides that of {@link logits}. */
  readonly branches?: Branches;
  /**
   * `ln sigma^2` of the loss of each label, `[L]`, where the model was made with it: what a task balances its losses
   * by.
   */
  readonly logVariances?: () => tf.Variable;
}

/** The logits of a model and those of its branches, from one pass; `[B, L]` each. */
export interface BranchLogits {
  readonly logits: tf.Tensor2D;
  readonly branches: readonly tf.Tensor2D[];
}

/** What the loss of branches may ask its task for: losses of a label, as means over the rows that have it. */
export interface LabelLoss {
  /** Of logits `[B]` against the label. */
  ofLabel(logits: tf.Tensor1D): tf.Scalar;
  /** Of logits `[B]` against what `teacher` `[B]` predicts, which gets no gradient from it. */
  ofTeacher(logits: tf.Tensor1D, teacher: tf.Tensor1D): tf.Scalar;
}

/** How the branches of a ranker are trained together with what it says. */
export interface Branches {
  /** What `logits` of the ranker gives, and the logits of its branches. */
  logits(batch: EncoderBatch, run: Run): BranchLogits;
  /** The loss of a label, in the place of `label.ofLabel(logits)`; logits of that label, `[B]` each. */
  loss(logits: tf.Tensor1D, branches: readonly tf.Tensor1D[], label: LabelLoss): tf.Scalar;
}

/** What rows must share so that a ranker reads their history once. */
export interface RankerRequests {
  /** Whether they must have one time besides. */
  readonly sameTime: boolean;
  /** Newest events of a history that are read. */
  readonly maxHistory: number;
}

/** A model whose score is a product of a vector of the query and one of the item. */
export interface Towers extends Model {
  /** A vector an example, `[B, D]`. */
  queries(batch: EncoderBatch, run: Run): tf.Tensor2D;
  /** A vector an item, `[numItems + 1, D]`; row 0 is padding. */
  itemVectors(run?: Run): tf.Tensor2D;
  /** Those of some items, `[ids.length, D]`: what a batch needs of a long catalogue. */
  itemRows(ids: Int32Array, run: Run): tf.Tensor2D;
}

/** Whether a model gives logits of examples. */
export function isRanker(model: Model): model is Ranker {
  return typeof (model as Partial<Ranker>).logits === 'function';
}

/** Whether a model has a vector of the query and one of the item. */
export function isTowers(model: Model): model is Towers {
  return typeof (model as Partial<Towers>).queries === 'function';
}

/** Whether a model encodes histories. */
export function isTokenEncoder(model: Model): model is TokenEncoder {
  return typeof (model as Partial<TokenEncoder>).encode === 'function';
}

/**
 * Cosines (or products, see {@link TokenEncoder.similarity}) of encoded queries `[Q, D]` with every item; shape
 * `[Q, numItems + 1]`, column 0 is padding.
 */
export function scoreItems(model: TokenEncoder, queries: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => tf.matMul(queries, model.itemVectors(), false, true));
}

/** What a model needs besides its configuration. */
export interface ModelOptions {
  /** Items are `1..numItems`; the table has one more row. */
  readonly numItems: number;
  /** Users are `0..numUsers - 1`. Of models that read who the user is. */
  readonly numUsers?: number;
  /** Labels of an example, default 1. Of models of rows. */
  readonly labels?: number;
  /** Whether the losses of the labels have variances that are learned; default false. Of models of rows. */
  readonly logVariances?: boolean;
  /** Seed of the initial weights, default 0. */
  readonly seed?: number;
  /**
   * For a configuration with `features`: what `fitFeatures` makes of the training set; of models of rows `fitFields`.
   */
  readonly features?: FittedFeatures;
  /** Vectors of the items beside their codes: see `withDenseHead`. Of encoders over codes; default: none. */
  readonly dense?: DenseSizes;
  /** Tables that lie in a store, such as a file. Of models of rows but `dssm` and `hstu-ranker`; default: none does. */
  readonly stores?: TableStores;
}

/** The unit vector of each sequence's last token, by the shortest way that the model has. Shape `[B, D]`. */
export function encodeLast(model: TokenEncoder, batch: EncoderBatch): tf.Tensor2D {
  if (model.encodeLast !== undefined) return model.encodeLast(batch);
  return tf.tidy(() => {
    const encoded = model.encode(batch, { training: false, step: 0, seed: 0 });
    return tf.gather(
      encoded,
      tf.tensor1d(
        batch.hostOffsets.slice(1).map((end) => end - 1),
        'int32',
      ),
    );
  });
}
