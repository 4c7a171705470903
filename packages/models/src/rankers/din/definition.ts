import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { type DinConfig, dinConfigSchema } from './config.ts';
import { createDin } from './din.ts';

/** DIN. */
export const din = {
  kind: 'din',
  can: ['rank'],
  schema: dinConfigSchema,
  create: ofRows(createDin),
  storesTables: true,
} as const satisfies ModelDefinition<DinConfig>;
