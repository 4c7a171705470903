import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { createAutoint } from './autoint.ts';
import { type AutoIntConfig, autointConfigSchema } from './config.ts';

/** AutoInt. */
export const autoInt = {
  kind: 'autoint',
  can: ['rank'],
  schema: autointConfigSchema,
  create: ofRows(createAutoint),
  storesTables: true,
} as const satisfies ModelDefinition<AutoIntConfig>;
