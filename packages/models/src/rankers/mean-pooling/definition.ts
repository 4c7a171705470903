import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { type MeanPoolingConfig, meanPoolingConfigSchema } from './config.ts';
import { createMeanPooling } from './mean-pooling.ts';

/** The mean of the history. */
export const meanPooling = {
  kind: 'mean-pooling',
  can: ['rank'],
  schema: meanPoolingConfigSchema,
  create: ofRows(createMeanPooling),
  storesTables: true,
} as const satisfies ModelDefinition<MeanPoolingConfig>;
