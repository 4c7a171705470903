import {
  type GeneratorConfigInput,
  knownBaselines,
  knownGain,
  knownObjectiveSchema,
  knownTaskSchema,
  type ModelConfig,
  type ModelConfigInput,
  metricsInWords,
  modelConfigSchema,
  optimizerConfigSchema,
} from '@seqrec/models';
import { z } from 'zod';
import { defaultBaselines } from './baseline-names.ts';
import { dataConfigSchema } from './data-schema.ts';
import { count, flag, seed, text } from './fields.ts';
import { knownKinds } from './known-kinds.ts';
import { segmentsSchema } from './segment-schema.ts';
import { windowsConfigSchema } from './windows.ts';

/** Examples of a step. */
export const batch = z
  .int()
  .positive()
  .max(2 ** 20);

/** What every run has, whatever its task. */
export const sharedSections = {
  /** Made when the sections are spread: plug-ins may have defined formats by then. */
  get data() {
    return dataConfigSchema().describe(
      'What is trained and tested on: where it is read from, how it is prepared and split.',
    );
  },
  initialWeights: z
    .strictObject({
      path: text.describe(
        "A safetensors file under the names of the model's weights: of `seqrec export`, a checkpoint, or of another program.",
      ),
    })
    .optional()
    .describe('Weights that all of the model starts from instead of random ones; `--from` on the command line.'),
  optimizer: optimizerConfigSchema.describe('How weights are changed by gradients.'),
  training: z
    .strictObject({
      epochs: count.describe('Passes over the training set.'),
      batchSize: batch.describe('Examples of a step.'),
      parts: count
        .default(1)
        .describe(
          'In how many parts, one after the other, a batch is computed; the memory of a step is that of a part.',
        ),
      shuffle: flag.describe(
        'A new order of the examples every epoch; false keeps the order of the data set, for one pass over a stream.',
      ),
      evaluateEvery: count.describe('Evaluate every so many epochs, and after the last.'),
      patience: count
        .optional()
        .describe(
          'Stop when the metric that chooses `best` has not improved for so many evaluations in a row; absent: never.',
        ),
      renewTables: flag
        .optional()
        .describe(
          'Tables of ids start anew with every epoch but the first (MEDA): layers see the rows of each epoch as if for the first time. Dense training, without `weightAverage`.',
        ),
      weightAverage: z
        .strictObject({ decay: z.number().min(0).lt(1).describe('What the mean keeps of itself in each step.') })
        .optional()
        .describe(
          'Evaluate and save an exponential mean of the weights, `mean = decay mean + (1 - decay) w` after each step.',
        ),
    })
    .describe('How the training set is gone through.'),
  seed: seed.describe(
    'Seed of everything that is random in a run: first weights, order of examples, negatives, dropout.',
  ),
};

/** Everything that decides a run. Two runs with equal configurations and data digests have equal weights. */
function retrievalSchema() {
  return z.strictObject({
    ...sharedSections,
    task: knownTaskSchema('encode', 'generate').default({ kind: 'retrieval' }).describe('What is learned.'),
    // What is no encoder stands where one is expected: who reads more of it asks what it can do.
    model: modelConfigSchema('encode', 'generate').describe(
      'What makes vectors of histories, or writes items as codes.',
    ) as z.ZodType<ModelConfig, ModelConfigInput | GeneratorConfigInput>,
    itemVectors: z
      .strictObject({
        path: text.describe(
          "A delimited file with a header line: the item's id as in the data, then its numbers. As `seqrec vectors` writes it.",
        ),
        missing: z
          .enum(['error', 'random'])
          .default('error')
          .describe('Items of the data without a vector: `error` refuses them, `random` starts them at random.'),
      })
      .optional()
      .describe(
        'Vectors that the item table starts from; PinnerFormer keeps them as they are with `model.freezeItems`.',
      ),
    objective: knownObjectiveSchema().describe('The loss of retrieval; its `labels` are what a user vector predicts.'),
    windows: windowsConfigSchema().optional(),
    evaluation: z
      .strictObject({
        ks: z
          .array(count)
          .min(1)
          .refine((ks) => new Set(ks).size === ks.length, 'expected cut-offs that differ')
          .describe('Cut-offs k of HR@k and NDCG@k.'),
        batchSize: batch.describe('Examples that are ranked at once.'),
        excludeSeen: z
          .union([flag, z.literal('all')])
          .describe(
            'Items that are left out of the ranking: those of the history that the model reads, at most maxSequenceLength events (`true`, as the code of Zhai et al.), those of all events of the user before the target (`all`, as RecTools and "Time to Split"), or none (`false`). The target never is.',
          ),
        positions: z
          .enum(['last', 'all'])
          .default('last')
          .describe(
            "`last`: each example's target. `all`: every event of an example that has one before it, but those that training or the choice of a checkpoint has read, or that lie before the cut of a split by time; each as if nothing came after it, which takes a pass of its own in models that count places or ages from the newest event.",
          ),
        ties: z
          .enum(['expected', 'optimistic', 'pessimistic'])
          .default('expected')
          .describe(
            "Candidates with exactly the target's score. `expected`: each metric is its mean over all their orders. `optimistic`, the rule of the public reference: the target counts as first; `pessimistic`: as last.",
          ),
        queryTime: z
          .enum(['target', 'last'])
          .default('target')
          .describe(
            'What models that read the time of a query are given: that of the event to predict, or of the last event before it.',
          ),
        selectBy: z
          .string()
          .refine((name) => knownGain(name) !== undefined, {
            error: () => `expected ${metricsInWords()}`,
          })
          .describe('The metric that chooses `best.safetensors`, on the validation set; larger is better.'),
        checkpoint: z
          .enum(['best', 'last'])
          .optional()
          .describe(
            'Which checkpoint the test sets see. Default: the best on the validation set; without one, the last.',
          ),
        segments: segmentsSchema
          .optional()
          .describe(
            'By what the metrics of the test set are given in parts as well, the baselines beside: columns, training events, days.',
          ),
        lists: count
          .optional()
          .describe(
            'Length k of the lists that coverage@k, P90Coverage@k, Gini@k and popularity@k of the test set are of; default: none.',
          ),
        baselines: z
          .array(z.enum(knownBaselines()))
          .refine((names) => new Set(names).size === names.length, 'expected each baseline once')
          .default([...defaultBaselines])
          .describe('What is evaluated beside the model.'),
        baselineHistory: z
          .enum(['window', 'all'])
          .default('window')
          .describe(
            'What baselines read: the events that the model reads, at most maxSequenceLength, or all of the user before the target.',
          ),
        recentPopularity: z
          .strictObject({
            days: z
              .number()
              .positive()
              .default(7)
              .describe('Length of the window that ends with the newest training event, in days.'),
          })
          .default({ days: 7 })
          .describe('Settings of the baseline `recent-popularity`.'),
        randomWalk: z
          .strictObject({
            alpha: z.number().min(0).default(1).describe('Exponent of the probabilities of steps.'),
            beta: z.number().min(0).default(0.6).describe('Exponent of the popularity that scores are divided by.'),
          })
          .default({ alpha: 1, beta: 0.6 })
          .describe('Settings of the baseline `random-walk`, RP3beta of Paudel et al. 2017.'),
        ease: z
          .strictObject({
            lambda: z
              .number()
              .positive()
              .default(500)
              .describe('Weight of the square of the weights of EASE: Steck 2019, 500 for ML-20M.'),
            maxMemory: count
              .default(2048)
              .describe('EASE is skipped, with the reason, where its inverse needs more than so many MiB.'),
          })
          .default({ lambda: 500, maxMemory: 2048 })
          .describe('Settings of the baseline `ease`.'),
        slim: z
          .strictObject({
            l1: z.number().min(0).default(5).describe('Weight of the sum of the weights of SLIM.'),
            l2: z.number().positive().default(50).describe('Weight of half the sum of their squares.'),
            tolerance: z
              .number()
              .positive()
              .default(1e-5)
              .describe('A column of SLIM is done when no weight moves by more in a sweep.'),
            maxMemory: count
              .default(2048)
              .describe('SLIM is skipped, with the reason, where pairs of items need more than so many MiB.'),
          })
          .default({ l1: 5, l2: 50, tolerance: 1e-5, maxMemory: 2048 })
          .describe('Settings of the baseline `slim`, Ning and Karypis 2011.'),
      })
      .describe('How a model is measured, and which checkpoint is kept as the best.'),
  });
}

export type RecipeConfig = z.output<ReturnType<typeof retrievalSchema>>;
export type RecipeConfigInput = z.input<ReturnType<typeof retrievalSchema>>;

let made: { readonly kinds: string; readonly schema: ReturnType<typeof retrievalSchema> } | undefined;

/** The schema of retrieval runs, with what is known by now. */
export function recipeConfigSchema(): ReturnType<typeof retrievalSchema> {
  const kinds = knownKinds();
  if (made?.kinds !== kinds) made = { kinds, schema: retrievalSchema() };
  return made.schema;
}
