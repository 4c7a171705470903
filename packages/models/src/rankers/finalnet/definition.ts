import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { type FinalNetConfig, finalnetConfigSchema } from './config.ts';
import { createFinalnet } from './finalnet.ts';

/** FinalNet. */
export const finalNet = {
  kind: 'finalnet',
  can: ['rank'],
  schema: finalnetConfigSchema,
  create: ofRows(createFinalnet),
  storesTables: true,
} as const satisfies ModelDefinition<FinalNetConfig>;
