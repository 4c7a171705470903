import { z } from 'zod';
import { rate } from '../config/fields.ts';

const steps = z
  .int()
  .min(0)
  .max(2 ** 31);
const some = steps.min(1);
const share = z.number().min(0).max(1);

const warmUp = {
  warmupSteps: steps.default(0).describe('Steps in which the rate rises in a line.'),
  warmupFrom: share.default(0).describe('Share of the rate that the warm-up begins with.'),
};

const course = {
  steps: some.describe('Steps of the course, after the warm-up.'),
  floor: share.default(0).describe('Share of the rate that the course ends at.'),
};

export const scheduleSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('constant').default('constant'), ...warmUp }).describe('The rate itself.'),
    z
      .strictObject({
        kind: z.literal('linear'),
        ...warmUp,
        ...course,
      })
      .describe('`1 - (1 - floor) min(s / steps, 1)`.'),
    z
      .strictObject({
        kind: z.literal('cosine'),
        ...warmUp,
        ...course,
      })
      .describe('`floor + (1 - floor) (1 + cos(pi s / steps)) / 2` up to `steps`, then `floor`.'),
    z
      .strictObject({
        kind: z.literal('inverse-square-root'),
        ...warmUp,
        steps: some
          .optional()
          .describe('Steps after which the rate has fallen to 0.71; default: those of the warm-up.'),
      })
      .describe('`1 / sqrt(1 + s / steps)`; `steps` are those of the warm-up by default.'),
    z
      .strictObject({
        kind: z.literal('stairs'),
        ...warmUp,
        every: some.describe('Steps between cuts.'),
        factor: share.describe('What a cut multiplies the rate by.'),
      })
      .describe('`factor^floor(s / every)`.'),
    z
      .strictObject({
        kind: z.literal('plateau'),
        ...warmUp,
        factor: z.number().min(0).lt(1).default(0.1).describe('What a cut multiplies the rate by.'),
        patience: steps.default(2).describe('Evaluations without an improvement that are waited for before a cut.'),
        threshold: z
          .number()
          .min(0)
          .default(0)
          .describe('By how much a value must be better than the best, as a share of the best.'),
        cooldown: steps.default(0).describe('Evaluations after a cut that do not count.'),
        floor: share.default(0).describe('Share of the rate below which it is not cut.'),
        metric: z
          .string()
          .min(1)
          .optional()
          .describe('The metric that is watched; default: the one that chooses the best checkpoint.'),
      })
      .describe(
        'Times `factor` when a metric of the watched set has not improved for more than `patience` evaluations.',
      ),
  ])
  .describe(
    'The learning rate over the steps: a warm-up, then a course. Rates are shares of `learningRate`; `s` counts steps from the end of the warm-up.',
  );

/** How weights are changed by gradients; fields of the trainer and of `optimizer` in a configuration. */
export const optimizerFields = {
  kind: z
    .enum(['adamw', 'adagrad', 'muon'])
    .default('adamw')
    .describe(
      'The rule of a step. `adamw` and `adagrad`: of all weights. `muon`: of the matrices of hidden layers; tables, biases and norms take AdamW.',
    ),
  learningRate: z.number().min(0).describe('How far a step goes; the schedule multiplies it.'),
  beta1: rate.default(0.9).describe('Of AdamW: what the mean of gradients keeps of itself in each step.'),
  beta2: rate
    .default(0.98)
    .describe(
      'Of AdamW: what the mean of squared gradients keeps of itself in each step; the reference trains with 0.98.',
    ),
  epsilon: z
    .number()
    .gt(0)
    .default(1e-8)
    .describe('Of AdamW: added to the root of the mean of squared gradients, against a division by zero.'),
  weightDecay: z
    .number()
    .min(0)
    .default(0)
    .describe('What weights are pulled to zero by, times the rate; decoupled, for `adagrad` coupled.'),
  decayVectors: z.boolean().default(true).describe('Whether biases, norms and other vectors decay as well.'),
  embeddings: z
    .enum(['auto', 'dense', 'rowwise'])
    .default('auto')
    .describe(
      "How tables are trained. `dense`: all of a table in every step, as the reference. `rowwise`: the rows that a step reads; a step costs the same for any catalogue, and moments live outside the backend's memory. `auto`: `rowwise` for a table of more than 2^26 numbers (256 MiB) when the objective allows it.",
    ),
  tables: z
    .strictObject({
      kind: z
        .enum(['adamw', 'adagrad'])
        .optional()
        .describe('Rule of tables; default: that of the other weights, AdamW beside Muon.'),
      learningRate: z
        .number()
        .min(0)
        .optional()
        .describe('Learning rate of tables; default: that of the other weights.'),
      weightDecay: z.number().min(0).optional().describe('Weight decay of tables; default: that of the other weights.'),
    })
    .optional()
    .describe('What tables of ids have of their own.'),
  muon: z
    .strictObject({
      learningRate: z
        .number()
        .min(0)
        .optional()
        .describe('Learning rate of the matrices; default: that of the other weights.'),
      momentum: rate.default(0.95).describe('What the mean of gradients keeps of itself in each step.'),
      nesterov: z
        .boolean()
        .default(true)
        .describe('Whether the step looks ahead: the gradient is added to the mean once more.'),
      scale: z
        .enum(['spectral', 'adamw'])
        .default('adamw')
        .describe(
          "`adamw`: an update as large as AdamW's, so that it takes AdamW's rate; `spectral`: of Jordan's reference, by outputs over inputs.",
        ),
      byBlock: z
        .boolean()
        .default(true)
        .describe('Whether each of the maps that lie in one matrix (u, v, q, k) is orthogonalised by itself.'),
    })
    .optional()
    .describe('Settings of the rule `muon`, which no other reads.'),
  clipNorm: z
    .number()
    .gt(0)
    .optional()
    .describe('Gradients are scaled so that their common norm is at most this; absent: not.'),
  schedule: scheduleSchema.optional(),
} as const;

/** `optimizer` of a configuration. */
export const optimizerConfigSchema = z.strictObject(optimizerFields);
export type OptimizerConfig = z.output<typeof optimizerConfigSchema>;
export type ScheduleConfig = z.output<typeof scheduleSchema>;
