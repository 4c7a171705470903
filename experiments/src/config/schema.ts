import {
  knownGain,
  knownObjectiveSchema,
  knownTaskSchema,
  metricsInWords,
  modelConfigSchema,
  optimizerConfigSchema,
} from '@seqrec/models';
import { z } from 'zod';
import { baselineNames } from './baseline-names.ts';
import { count, dataConfigSchema } from './data-schema.ts';
import { knownKinds } from './known-kinds.ts';
import { WindowsConfigSchema } from './windows.ts';

/** Examples of a step. */
export const batch = z
  .int()
  .positive()
  .max(2 ** 20);

/** What every run has, whatever its task. */
export const sharedSections = {
  /** Made when the sections are spread: plug-ins may have defined formats by then. */
  get data() {
    return dataConfigSchema();
  },
  /** Weights that all of the model starts from instead of random ones; `--from` on the command line. */
  initialWeights: z
    .strictObject({
      /**
       * A safetensors file under the names of the model's weights: of `seqrec export`, a
       * checkpoint, or of another program.
       */
      path: z.string().min(1),
    })
    .optional(),
  optimizer: optimizerConfigSchema,
  training: z.strictObject({
    epochs: count,
    batchSize: batch,
    /** In how many parts, one after the other, a batch is computed; the memory of a step is that of a part. */
    parts: count.default(1),
    /** A new order every epoch; false keeps the order of the data set, for one pass over a stream. */
    shuffle: z.boolean(),
    /** Evaluate every so many epochs, and after the last. */
    evaluateEvery: count,
    /** Stop when the metric that chooses `best` has not improved for so many evaluations in a row; absent: never. */
    patience: count.optional(),
    /** Evaluate and save an exponential mean of the weights, `mean = decay mean + (1 - decay) w` after each step. */
    weightAverage: z.strictObject({ decay: z.number().min(0).lt(1) }).optional(),
  }),
  seed: z.int().min(0),
};

/** Everything that decides a run. Two runs with equal configurations and data digests have equal weights. */
function retrievalSchema() {
  return z.strictObject({
    ...sharedSections,
    /** `retrieval`: the vectors of histories against those of items, or a task of a plug-in for encoders. */
    task: knownTaskSchema('encode').default({ kind: 'retrieval' }),
    model: modelConfigSchema('encode'),
    /** Vectors that the item table starts from; PinnerFormer keeps them as they are with `model.freezeItems`. */
    itemVectors: z
      .strictObject({
        /**
         * A delimited file with a header line: the item's id as in the data, then its numbers. As
         * `seqrec vectors` writes it.
         */
        path: z.string().min(1),
        /** Items of the data without a vector: an error, or they start at random. */
        missing: z.enum(['error', 'random']).default('error'),
      })
      .optional(),
    /** `kind` says which; `objective.labels` what a user vector predicts. */
    objective: knownObjectiveSchema(),
    windows: WindowsConfigSchema.optional(),
    evaluation: z.strictObject({
      /** Cut-offs of HR@k and NDCG@k. */
      ks: z
        .array(count)
        .min(1)
        .refine((ks) => new Set(ks).size === ks.length, 'expected cut-offs that differ'),
      batchSize: batch,
      /** Leave items of the history out of the ranking. */
      excludeSeen: z.boolean(),
      /**
       * `last`: each example's target. `all`: every event of an example that has one before it, but those that training
       * or the choice of a checkpoint has read, or that lie before the cut of a split by time.
       */
      positions: z.enum(['last', 'all']).default('last'),
      /**
       * Candidates with exactly the target's score. `expected`: each metric is its mean over all their orders.
       * `optimistic`, the rule of the public reference: the target counts as first; `pessimistic`: as last.
       */
      ties: z.enum(['expected', 'optimistic', 'pessimistic']).default('expected'),
      /**
       * What models that read the time of a query are given: that of the event to predict, or of
       * the last event before it.
       */
      queryTime: z.enum(['target', 'last']).default('target'),
      /** The metric that chooses `best.safetensors`; larger is better. */
      selectBy: z.string().refine((name) => knownGain(name) !== undefined, {
        error: () => `expected ${metricsInWords()}`,
      }),
      /** Which checkpoint the test sets see. Default: the best on the validation set; without one, the last. */
      checkpoint: z.enum(['best', 'last']).optional(),
      /** What is evaluated beside the model. */
      baselines: z
        .array(z.enum(baselineNames))
        .refine((names) => new Set(names).size === names.length, 'expected each baseline once')
        .default([...baselineNames]),
      /** Of the baseline `ease`. */
      ease: z
        .strictObject({
          /** Weight of the square of the weights: Steck 2019, 500 for ML-20M. */
          lambda: z.number().positive().default(500),
          /** Skipped, with the reason, where its inverse needs more than so many MiB. */
          maxMemory: count.default(2048),
        })
        .default({ lambda: 500, maxMemory: 2048 }),
    }),
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
