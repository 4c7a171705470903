import { knownTaskSchema, modelConfigSchema, type RowModelConfig, type RowModelConfigInput } from '@seqrec/models';
import { z } from 'zod';
import { batch, text } from './fields.ts';
import { knownKinds } from './known-kinds.ts';
import { rowBaselineNames } from './row-baseline-names.ts';
import { sharedSections } from './schema.ts';
import { segmentsSchema } from './segment-schema.ts';

/** Everything that decides a run of the task `ranking`. */
function rankingRunSchema() {
  return z.strictObject({
    ...sharedSections,
    initialTables: z
      .strictObject({
        path: text.describe('A checkpoint of another run on the same users and items.'),
        tables: z
          .record(text, text.describe('The table of the file, by its name.'))
          .default({ 'fields.user.weight': 'fields.user.weight', 'fields.item.weight': 'fields.item.weight' })
          .describe('The table of the file for each table of the model, by their names.'),
      })
      .optional()
      .describe(
        'Tables of ids that start from those of another model, in the rows that it was trained on; the rest starts at random. `optimizer.tables.learningRate` says how fast they go on: 0 keeps them.',
      ),
    task: knownTaskSchema('rank').describe('What is learned: `ranking`, or a task of a plug-in for models of rows.'),
    model: modelConfigSchema('rank').describe('What makes logits of rows.') as unknown as z.ZodType<
      RowModelConfig,
      RowModelConfigInput
    >,
    evaluation: z
      .strictObject({
        batchSize: batch.describe('Rows that are scored at once.'),
        selectBy: text
          .optional()
          .describe(
            'The metric that chooses `best.safetensors`, of the first label or `METRIC|label`. Default: AUC, of the loss `squared` RMSE.',
          ),
        checkpoint: z
          .enum(['best', 'last'])
          .optional()
          .describe(
            'Which checkpoint the test set sees. Default: the best on the validation set; without one, the last.',
          ),
        segments: segmentsSchema
          .default([])
          .describe('Columns of users, items or events by whose values the metrics of the test set are given as well.'),
        baselines: z
          .array(z.enum(rowBaselineNames))
          .refine((names) => new Set(names).size === names.length, 'expected each baseline once')
          .default([...rowBaselineNames])
          .describe('What is evaluated beside the model.'),
      })
      .describe('How a model is measured, and which checkpoint is kept as the best.'),
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
