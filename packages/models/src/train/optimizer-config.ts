import { z } from 'zod';
import { rate } from '../config/fields.ts';

const steps = z
  .int()
  .min(0)
  .max(2 ** 31);
const some = steps.min(1);
const share = z.number().min(0).max(1);

const warmUp = {
  /** Steps in which the rate rises in a line; default 0. */
  warmupSteps: steps.default(0),
  /** Share of the rate that the warm-up begins with; default 0. */
  warmupFrom: share.default(0),
};

/**
 * The learning rate over the steps: a warm-up, then a course. Rates are shares of `learningRate`; `s` counts steps
 * from the end of the warm-up.
 */
export const scheduleSchema = z.discriminatedUnion('kind', [
  /** The rate itself. */
  z.strictObject({ kind: z.literal('constant').default('constant'), ...warmUp }),
  /** `1 - (1 - floor) min(s / steps, 1)`. */
  z.strictObject({ kind: z.literal('linear'), ...warmUp, steps: some, floor: share.default(0) }),
  /** `floor + (1 - floor) (1 + cos(pi s / steps)) / 2` up to `steps`, then `floor`. */
  z.strictObject({ kind: z.literal('cosine'), ...warmUp, steps: some, floor: share.default(0) }),
  /** `1 / sqrt(1 + s / steps)`; `steps` are those of the warm-up by default. */
  z.strictObject({ kind: z.literal('inverse-square-root'), ...warmUp, steps: some.optional() }),
  /** `factor^floor(s / every)`. */
  z.strictObject({ kind: z.literal('stairs'), ...warmUp, every: some, factor: share }),
  /** Times `factor` when a metric of the watched set has not improved for more than `patience` evaluations. */
  z.strictObject({
    kind: z.literal('plateau'),
    ...warmUp,
    factor: z.number().min(0).lt(1).default(0.1),
    patience: steps.default(2),
    /** By how much a value must be better than the best, as a share of the best. */
    threshold: z.number().min(0).default(0),
    /** Evaluations after a cut that do not count. */
    cooldown: steps.default(0),
    floor: share.default(0),
    /** The metric; default: the one that chooses the best checkpoint. */
    metric: z.string().min(1).optional(),
  }),
]);

/** How weights are changed by gradients; fields of the trainer and of `optimizer` in a configuration. */
export const optimizerFields = {
  /**
   * `adamw`: of all weights. `adagrad`: likewise. `muon`: of the matrices of hidden layers; tables, biases and norms
   * take AdamW.
   */
  kind: z.enum(['adamw', 'adagrad', 'muon']).default('adamw'),
  learningRate: z.number().min(0),
  beta1: rate.default(0.9),
  /** The reference trains with 0.98. */
  beta2: rate.default(0.98),
  epsilon: z.number().gt(0).default(1e-8),
  /** Decoupled; coupled for `adagrad`. */
  weightDecay: z.number().min(0).default(0),
  /** Whether biases, norms and other vectors decay as well. */
  decayVectors: z.boolean().default(true),
  /**
   * How tables are trained. `dense`: all of a table in every step, as the reference. `rowwise`: the rows that a step
   * reads; a step costs the same for any catalogue, and moments live outside the backend's memory. `auto`: `rowwise`
   * for a table of more than 2^26 numbers (256 MiB) when the objective allows it.
   */
  embeddings: z.enum(['auto', 'dense', 'rowwise']).default('auto'),
  /** What tables of ids have of their own. */
  tables: z
    .strictObject({
      /** Rule of tables; default: that of the other weights, AdamW beside Muon. */
      kind: z.enum(['adamw', 'adagrad']).optional(),
      learningRate: z.number().min(0).optional(),
      weightDecay: z.number().min(0).optional(),
    })
    .optional(),
  /** Of `muon`; rate and weight decay of the matrices are the optimiser's, `learningRate` here replaces it. */
  muon: z
    .strictObject({
      learningRate: z.number().min(0).optional(),
      momentum: rate.default(0.95),
      nesterov: z.boolean().default(true),
      /** `adamw`: an update as large as AdamW's, so that it takes AdamW's rate; `spectral`: of Jordan's reference. */
      scale: z.enum(['spectral', 'adamw']).default('adamw'),
      /** Whether each of the maps that lie in one matrix (u, v, q, k) is orthogonalised by itself. */
      byBlock: z.boolean().default(true),
    })
    .optional(),
  /** Gradients are scaled so that their common norm is at most this; absent: not. */
  clipNorm: z.number().gt(0).optional(),
  schedule: scheduleSchema.optional(),
} as const;

/** `optimizer` of a configuration. */
export const optimizerConfigSchema = z.strictObject(optimizerFields);
export type OptimizerConfig = z.output<typeof optimizerConfigSchema>;
export type ScheduleConfig = z.output<typeof scheduleSchema>;
