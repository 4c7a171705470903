import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { type FinalMlpConfig, finalMlpConfigSchema } from './config.ts';
import { createFinalMlp } from './finalmlp.ts';

/** FinalMLP. */
export const finalMlp = {
  kind: 'finalmlp',
  can: ['rank'],
  schema: finalMlpConfigSchema,
  create: ofRows(createFinalMlp),
  storesTables: true,
} as const satisfies ModelDefinition<FinalMlpConfig>;
