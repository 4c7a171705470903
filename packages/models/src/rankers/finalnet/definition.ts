import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { type FinalNetConfig, finalNetConfigSchema } from './config.ts';
import { createFinalNet } from './finalnet.ts';

/** FinalNet. */
export const finalNet = {
  kind: 'finalnet',
  can: ['rank'],
  schema: finalNetConfigSchema,
  create: ofRows(createFinalNet),
  storesTables: true,
} as const satisfies ModelDefinition<FinalNetConfig>;
