import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { type MmoeConfig, mmoeConfigSchema } from './config.ts';
import { createMmoe } from './mmoe.ts';

/** Multi-gate mixture of experts. */
export const mmoe = {
  kind: 'mmoe',
  can: ['rank'],
  schema: mmoeConfigSchema,
  create: ofRows(createMmoe),
  storesTables: true,
} as const satisfies ModelDefinition<MmoeConfig>;
