import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { createAutoInt } from './autoint.ts';
import { type AutoIntConfig, autoIntConfigSchema } from './config.ts';

/** AutoInt. */
export const autoInt = {
  kind: 'autoint',
  can: ['rank'],
  schema: autoIntConfigSchema,
  create: ofRows(createAutoInt),
  storesTables: true,
} as const satisfies ModelDefinition<AutoIntConfig>;
