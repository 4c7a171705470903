import type { BatchColumns, ExampleSet, SequenceBatch, WindowPolicy } from '@seqrec/data';
import type * as tf from '@tensorflow/tfjs-core';
import type { EncoderBatch } from '../inputs.ts';
import type { Run } from '../layers/layer.ts';
import type { Model } from '../model.ts';
import type { DrawnItems, WeightedLoss } from '../objectives/objective.ts';
import type { BatchPart } from './part.ts';

/** What a task draws from, before the tape. */
export interface TaskDrawContext<M extends Model> {
  readonly model: M;
  /** A part of the batch of the step, with the ids of the data. */
  readonly batch: SequenceBatch;
  readonly part: BatchPart;
  /** Draw random numbers only from streams of `run.seed` at `run.step`: that is what makes resumed runs exact. */
  readonly run: Run;
  /** Whether the ids are needed on the host too; see `DrawContext`. */
  readonly onHost: boolean;
}

/** What a task sees of a part of a step. */
export interface TaskContext<M extends Model> {
  readonly model: M;
  readonly batch: EncoderBatch;
  readonly part: BatchPart;
  /** What `draw` returned. */
  readonly drawn: DrawnItems;
  /** With row-wise training of the item table, the item of each of its rows; absent: a row is its id. */
  readonly rowIds?: Int32Array;
  readonly run: Run;
}

/** A figure that a task gives for a set, and which way is better. */
export interface TaskMetric {
  readonly name: string;
  readonly better: 'larger' | 'smaller';
}

/** The figures of a set. */
export interface TaskEvaluation {
  readonly metrics: Readonly<Record<string, number>>;
  /** How they were computed, a line each. */
  readonly definition: readonly string[];
  /** What should be known beside them. */
  readonly warnings: readonly string[];
}

export interface TaskEvaluateOptions<M extends Model> {
  readonly model: M;
  readonly examples: ExampleSet;
  readonly batchSize: number;
  /** Called after each batch; what it throws ends the evaluation. */
  readonly onProgress?: (state: { readonly done: number; readonly total: number }) => void;
}

/**
 * What a model is trained for and judged by: labels, negatives, loss, metrics. A model trains under every task
 * whose capability it has.
 */
export interface Task<M extends Model = Model> {
  readonly name: string;
  /** Everything that changes the loss, as JSON: kept in checkpoints and compared when a run resumes. */
  readonly identity: Readonly<Record<string, unknown>>;
  /** Columns that it reads besides those of the model. */
  readonly columns?: BatchColumns;
  /** Whether the item table can be trained by rows: `draw` names every item that the loss reads. */
  readonly namesItems: boolean;
  /** Whether an example with an empty history has something to learn from; default false. */
  readonly readsEmptyHistories?: boolean;
  /**
   * A number for each example of a set: examples of one number follow each other in the order of an epoch, and no part
   * of a batch cuts them. The end of a batch may. Absent: examples are alone.
   */
  together?(examples: ExampleSet): ArrayLike<number>;
  /** @throws ConfigError naming what the model lacks, or what of the data does not fit it. */
  check?(model: Model, examples: ExampleSet, windows: WindowPolicy | undefined): void;
  /** Ids besides those of the batch, for example negatives; from counter-based streams alone. */
  draw?(context: TaskDrawContext<M>): DrawnItems;
  /** Item ids of the whole batch that every part of it reads besides its own: see `Objective.sharedItems`. */
  sharedItems?(whole: SequenceBatch, drawn: DrawnItems, run: Run): readonly Int32Array[];
  /** The loss of a part, never a mean: whoever sums over parts divides once. Inside the tape and a tidy. */
  loss(context: TaskContext<M>): WeightedLoss;
  /** Metrics that `evaluate` gives, the one that chooses checkpoints by default first. */
  readonly metrics?: readonly TaskMetric[];
  evaluate?(options: TaskEvaluateOptions<M>): Promise<TaskEvaluation>;
}

/** A term that a model adds to every step, whatever the batch. */
export function penaltyOf(model: Model): tf.Scalar | undefined {
  return model.penalty?.();
}
