import type { SequenceBatch } from '@seqrec/data';
import type * as tf from '@tensorflow/tfjs-core';
import type { EncoderBatch } from '../inputs.ts';
import type { Run } from '../layers/layer.ts';
import type { Model } from '../model.ts';
import type { WeightedLoss } from '../objectives/objective.ts';
import type { BatchPart } from '../tasks/part.ts';
import type { CodeSymbols } from './code-symbols.ts';

/** What the loss of codes sees of a part of a step: items, not codes. */
export interface CodeLossContext {
  readonly symbols: CodeSymbols;
  readonly batch: EncoderBatch;
  readonly part: BatchPart;
  readonly run: Run;
}

/**
 * Reads histories once and says, level by level, what code comes next. Rows of the first step are the histories; a row
 * of each later step goes on from one of the step before.
 */
export interface CodeReader {
  /** Logits of the first code after each history, `[B, K_0]`. The caller frees them. */
  first(): tf.Tensor2D;
  /**
   * Logits of the next code of some rows, `[rows, K_l]`, `l` the number of calls so far. The caller frees them.
   *
   * @param parents the row of the step before that each goes on from. @param codes the code that it goes on with.
   */
  next(parents: Int32Array, codes: Int32Array): tf.Tensor2D;
  /**
   * What the encoder made of the rows of the newest step, `[rows, D]`: of encoders over codes. The caller frees it.
   */
  encoded?(): tf.Tensor2D;
  /** Frees what was kept. */
  dispose(): void;
}

/** What writes items as codes: the task `generation` trains it, beams ask it. */
export interface CodeWriter {
  /** Minus the log-likelihood of the codes of items to predict, summed over levels; the weight counts items. */
  loss(context: CodeLossContext): WeightedLoss;
  /** @param histories of items, none empty; asked at `targetTimestamps` of the last event. */
  read(histories: SequenceBatch, symbols: CodeSymbols): CodeReader;
}

/** A model that writes items as codes by itself. Its `numItems` counts rows of codes: see {@link CodeSymbols}. */
export interface Generator extends Model, CodeWriter {
  /** Longest history, in codes. */
  readonly maxSequenceLength: number;
}

/** Whether a model writes codes by itself; encoders do by `codeDecoder`. */
export function isGenerator(model: Model): model is Generator {
  return typeof (model as Partial<Generator>).read === 'function';
}
