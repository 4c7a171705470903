import { knownTaskSchema, modelConfigSchema, type RowModelConfig, type RowModelConfigInput } from '@seqrec/models';
import { z } from 'zod';
import { knownKinds } from './known-kinds.ts';
import { rowBaselineNames } from './row-baseline-names.ts';
import { batch, sharedSections } from './schema.ts';

const segment = z.union([
  z.string().min(1),
  z.strictObject({
    column: z.string().min(1),
    /** Where the column is; needed when tables share its name. */
    table: z.enum(['events', 'users', 'items']).optional(),
    /** Of numbers: parts `[k width, (k + 1) width)`. */
    width: z.number().positive().optional(),
  }),
]);

/** A column whose parts the metrics are given of. */
export type SegmentConfig = z.output<typeof segment>;

/** Everything that decides a run of the task `ranking`. */
function rankingRunSchema() {
  return z.strictObject({
    ...sharedSections,
    /** `ranking`, or a task of a plug-in for models of rows. */
    task: knownTaskSchema('rank'),
    /** Of the models here in types; a plug-in adds others. */
    model: modelConfigSchema('rank') as unknown as z.ZodType<RowModelConfig, RowModelConfigInput>,
    evaluation: z.strictObject({
      batchSize: batch,
      /**
       * The metric that chooses `best.safetensors`, of the first label or `METRIC|label`. Default: AUC, of the loss
       * `squared` RMSE.
       */
      selectBy: z.string().min(1).optional(),
      /** Which checkpoint the test set sees. Default: the best on the validation set; without one, the last. */
      checkpoint: z.enum(['best', 'last']).optional(),
      /** Columns of users, items or events by whose values the metrics of the test set are given as well. */
      segments: z.array(segment).default([]),
      /** What is evaluated beside the model. */
      baselines: z
        .array(z.enum(rowBaselineNames))
        .refine((names) => new Set(names).size === names.length, 'expected each baseline once')
        .default([...rowBaselineNames]),
    }),
  });
}

export type RankingRunConfig = z.output<ReturnType<typeof rankingRunSchema>>;
export type RankingRunConfigInput = z.input<ReturnType<typeof rankingRunSchema>>;

let made: { readonly kinds: string; readonly schema: ReturnType<typeof rankingRunSchema> } | undefined;

/** The schema of ranking runs, with the models that are known by now. */
export function rankingRunConfigSchema(): ReturnType<typeof rankingRunSchema> {
  const kinds = knownKinds();
  if (made?.kinds !== kinds) made = { kinds, schema: rankingRunSchema() };
  return made.schema;
}
