import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { type LrConfig, lrConfigSchema } from './config.ts';
import { createLr } from './lr.ts';

/** Logistic regression. */
export const lr = {
  kind: 'lr',
  can: ['rank'],
  schema: lrConfigSchema,
  create: ofRows(createLr),
  storesTables: true,
} as const satisfies ModelDefinition<LrConfig>;
