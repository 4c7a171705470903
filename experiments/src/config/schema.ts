import {
  type GeneratorConfigInput,
  knownObjectiveSchema,
  knownTaskSchema,
  type ModelConfig,
  type ModelConfigInput,
  modelConfigSchema,
  optimizerConfigSchema,
} from '@seqrec/models';
import { z } from 'zod';
import { dataConfigSchema } from './data-schema.ts';
import { evaluationSchema } from './evaluation-schema.ts';
import { batch, count, flag, seed, text } from './fields.ts';
import { knownKinds } from './known-kinds.ts';
import { windowsConfigSchema } from './windows.ts';

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
      minEpochs: count
        .optional()
        .describe(
          'Epochs before which `patience` does not stop: a first epoch may be as good as popularity, and be passed slowly.',
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
    .refine(({ patience, minEpochs }) => patience !== undefined || minEpochs === undefined, {
      path: ['minEpochs'],
      error: 'expected it beside training.patience, which it holds up; got it alone',
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
    evaluation: evaluationSchema().describe('How a model is measured, and which checkpoint is kept as the best.'),
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
