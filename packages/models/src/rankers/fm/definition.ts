import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { type FmConfig, fmConfigSchema } from './config.ts';
import { createFm } from './fm.ts';

/** Factorisation machine. */
export const fm = {
  kind: 'fm',
  can: ['rank'],
  schema: fmConfigSchema,
  create: ofRows(createFm),
  storesTables: true,
} as const satisfies ModelDefinition<FmConfig>;
