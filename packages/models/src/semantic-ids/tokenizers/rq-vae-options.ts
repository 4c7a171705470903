import type { Rows } from '../vectors/rows.ts';
import type { Assignment } from './assign-codes.ts';
import type { QuantiserGradient } from './rq-vae.ts';
import type { LossReduction } from './rq-vae-loss.ts';

export interface RqVaeOptions {
  readonly levels: number;
  readonly codes: number;
  readonly hiddenSizes: readonly number[];
  readonly width: number;
  readonly commitment: number;
  readonly gradient: QuantiserGradient;
  /** Whether a codebook is a table times a map that all its codes share. */
  readonly projected: boolean;
  /** Whether what the encoder makes, and the codes of the first level, have length 1. */
  readonly normalize: boolean;
  readonly assignment: Assignment;
  readonly reduction: LossReduction;
  readonly diversity?: { readonly weight: number; readonly clusters: number };
  /** Vectors of behaviour, row by row, as wide as what is quantised. */
  readonly collaborative?: { readonly weight: number; readonly vectors: Rows };
  /** At most. */
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Epochs without a better reconstruction after which it ends. */
  readonly patience: number;
}
