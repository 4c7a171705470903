import type { ModelConfigInput } from '../registry.ts';
import type { FormulaCase } from './arbitraries.ts';
import type { Documented } from './initial.ts';

type Named<T> = Readonly<Record<string, T>>;

/**
 * What tests that run over all encoders have of one, in the folder of the model. Where there is more than one
 * configuration, they are named by the kind and what is different.
 */
export interface EncoderCases {
  readonly formula: FormulaCase;
  /** Small enough for the `cpu` backend. */
  readonly tiny: Named<ModelConfigInput>;
  /** Wide enough to learn a few sequences by heart. */
  readonly overfit: Named<ModelConfigInput>;
  /** Where a rate of 0.01 is too bold for that. */
  readonly overfitRate?: number;
  /** Trains with every objective. */
  readonly matrix: ModelConfigInput;
  /** Initial values of every weight. */
  readonly initial: Named<Documented>;
}

export const overfitSizes = { embeddingDim: 32, maxSequenceLength: 6, numBlocks: 2, inputDropout: 0 };
export const matrixSizes = { embeddingDim: 16, maxSequenceLength: 5, numBlocks: 1, inputDropout: 0 };
