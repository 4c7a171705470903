import { z } from 'zod';
import { positive, rate } from '../../config/fields.ts';
import { embeddingDim, fieldFields, hiddenSizes, historyFields, tableFields, tableScheme } from '../config.ts';

/** What stands after the module: see `tower.ts`. */
export const towers = ['mlp', 'dcn-v2'] as const;

/** What all models have that pool the history of the user into a vector beside those of the fields. */
export const sequenceRankerFields = {
  ...fieldFields,
  ...historyFields,
  embeddingDim,
  tower: z
    .enum(towers)
    .default('mlp')
    .describe(
      'What makes logits of the fields and the vector of the history: `mlp`, hidden layers; `dcn-v2`, a cross network beside them.',
    ),
  crossLayers: z.int().min(1).max(64).optional().describe('Of tower `dcn-v2`: layers of its cross network; default 3.'),
  hiddenSizes: hiddenSizes.default([400, 400, 400]).describe('Widths of the hidden layers of the tower.'),
  dropout: rate.default(0).describe('Dropout after each hidden layer of the tower.'),
  historyScale: positive
    .default(1)
    .describe(
      'What the vector of the history is multiplied by before the tower, beside vectors of fields that begin small.',
    ),
  tables: tableScheme,
  ...tableFields,
};

const sequenceSchema = z.strictObject({ kind: z.string(), ...sequenceRankerFields });
/** A parsed configuration of {@link sequenceRankerFields}. */
export type SequenceConfig = z.output<typeof sequenceSchema>;

/** For a schema's `refine`: `crossLayers` with the tower that has them. */
export const crossLayersFit = [
  ({ crossLayers, tower }: Pick<SequenceConfig, 'crossLayers' | 'tower'>): boolean =>
    crossLayers === undefined || tower === 'dcn-v2',
  { path: ['crossLayers'], message: "it with tower 'dcn-v2' alone" },
] as const satisfies readonly [unknown, { path: string[]; message: string }];
