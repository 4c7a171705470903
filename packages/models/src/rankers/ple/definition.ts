import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { type PleConfig, pleConfigSchema } from './config.ts';
import { createPle } from './ple.ts';

/** Progressive layered extraction. */
export const ple = {
  kind: 'ple',
  can: ['rank'],
  schema: pleConfigSchema,
  create: ofRows(createPle),
  storesTables: true,
} as const satisfies ModelDefinition<PleConfig>;
