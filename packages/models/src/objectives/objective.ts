import type { SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import type { EncoderBatch } from '../inputs.ts';
import type { Run } from '../layers/layer.ts';
import type { TokenEncoder } from '../model.ts';
import type { BatchPart } from '../tasks/part.ts';

/** What an objective draws from. */
export interface DrawContext {
  /** The batch on the host, with the ids of the data. */
  readonly batch: SequenceBatch;
  /** Where it lies in the batch of the step, when it is a part of it; absent: it is the whole. */
  readonly part?: BatchPart;
  /** Items are `1..numItems`. */
  readonly numItems: number;
  /** Draw random numbers only from streams of `run.seed` at `run.step`: that is what makes resumed runs exact. */
  readonly run: Run;
  /**
   * Whether the ids are needed on the host too, and reading them from the device would keep it waiting:
   * row-wise training on a GPU. Draw them on the host then, and remember them (`rememberHostValues`);
   * tensors without are read.
   */
  readonly onHost?: boolean;
}

/** Tensors of item ids, int32 of any shape, by name. */
export type DrawnItems = Readonly<Record<string, tf.Tensor>>;

/** What an objective sees of one training step. */
export interface ObjectiveContext {
  /**
   * With row-wise training the model is over the rows of the item table that the step needs, and the ids of `batch` and
   * `drawn` are places among them; else over the whole table. `model.itemVectors()` fits the ids in both cases.
   */
  readonly model: TokenEncoder;
  readonly batch: EncoderBatch;
  /** Where it lies in the batch of the step, when it is a part of it; absent: it is the whole. */
  readonly part?: BatchPart;
  /** What `draw` returned. */
  readonly drawn: DrawnItems;
  /** With row-wise training, the item id of each row of the model's table; absent: a row is its id. */
  readonly rowIds?: Int32Array;
  readonly run: Run;
}

/**
 * A loss before it is divided: whoever has added up the parts of a batch divides once. `sum` is a sum over labels,
 * `weight` what they weigh, known on the host.
 */
export interface WeightedLoss {
  readonly sum: tf.Scalar;
  readonly weight: number;
}

/** A training objective: any object of this shape can be given to the trainer. */
export interface Objective {
  readonly name: string;
  /** Everything that changes the loss; stored in checkpoints and compared when a run resumes. */
  readonly settings: Readonly<Record<string, number | string | boolean>>;
  /** Whether its loss hides from the encoder what it asks for (`EncoderBatch.hidden`); default: not. */
  readonly hidesEvents?: boolean;
  /**
   * Item ids that the loss needs besides those of the batch, for example negatives; `{}` for none. Called before the
   * tape, since row-wise training of the item table must know every item of a step beforehand. An objective without
   * it, for example one that scores all items, trains with dense gradients only.
   */
  draw?(context: DrawContext): DrawnItems;
  /**
   * Item ids of the whole batch that the loss of every part of it reads, besides those of the part and what is drawn
   * for it: a pool that all sequences share. For counting what a machine that computes a part needs; absent: none.
   */
  sharedItems?(whole: SequenceBatch, drawn: DrawnItems, run: Run): readonly Int32Array[];
  /** The loss to minimise, never a mean. Called inside the gradient tape and a tidy. */
  loss(context: ObjectiveContext): WeightedLoss;
  /** The `weight` of the loss of a whole batch; absent: its tokens. */
  weightOf?(whole: SequenceBatch, run: Run): number;
}

/** What {@link Objective.loss} is of a batch alone: `sum / weight`, and 0 for a batch without a label. */
export function meanLoss({ sum, weight }: WeightedLoss): tf.Scalar {
  return tf.div(sum, weight === 0 ? 1 : weight) as tf.Scalar;
}
