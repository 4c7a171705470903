import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { type FinalMlpConfig, finalmlpConfigSchema } from './config.ts';
import { createFinalmlp } from './finalmlp.ts';

/** FinalMLP. */
export const finalMlp = {
  kind: 'finalmlp',
  can: ['rank'],
  schema: finalmlpConfigSchema,
  create: ofRows(createFinalmlp),
  storesTables: true,
} as const satisfies ModelDefinition<FinalMlpConfig>;
