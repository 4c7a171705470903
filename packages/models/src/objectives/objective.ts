import type * as tf from '@tensorflow/tfjs-core';
import type { EncoderBatch } from '../inputs.ts';
import type { Run } from '../layers/layer.ts';
import type { SequenceModel } from '../model.ts';

/** What an objective sees of one training step. */
export interface ObjectiveContext {
  readonly model: SequenceModel;
  readonly batch: EncoderBatch;
  /** Draw random numbers only from streams of `run.seed` at `run.step`: that is what makes resumed runs exact. */
  readonly run: Run;
}

/** A training objective: any object of this shape can be given to the trainer. */
export interface Objective {
  readonly name: string;
  /** Everything that changes the loss; stored in checkpoints and compared when a run resumes. */
  readonly settings: Readonly<Record<string, number | string | boolean>>;
  /** The loss to minimise, a scalar. Called inside the gradient tape and a tidy. */
  loss(context: ObjectiveContext): tf.Scalar;
}
