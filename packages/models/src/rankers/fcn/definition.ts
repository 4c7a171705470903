import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { type FcnConfig, fcnConfigSchema } from './config.ts';
import { createFcn } from './fcn.ts';

/** FCN (DCNv3). */
export const fcn = {
  kind: 'fcn',
  can: ['rank'],
  schema: fcnConfigSchema,
  create: ofRows(createFcn),
  storesTables: true,
} as const satisfies ModelDefinition<FcnConfig>;
