import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { type GdcnConfig, gdcnConfigSchema } from './config.ts';
import { createGdcn } from './gdcn.ts';

/** GDCN. */
export const gdcn = {
  kind: 'gdcn',
  can: ['rank'],
  schema: gdcnConfigSchema,
  create: ofRows(createGdcn),
  storesTables: true,
} as const satisfies ModelDefinition<GdcnConfig>;
