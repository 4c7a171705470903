import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { type MlpConfig, mlpConfigSchema } from './config.ts';
import { createMlp } from './mlp.ts';

/** Hidden layers over all fields. */
export const mlp = {
  kind: 'mlp',
  can: ['rank'],
  schema: mlpConfigSchema,
  create: ofRows(createMlp),
  storesTables: true,
} as const satisfies ModelDefinition<MlpConfig>;
