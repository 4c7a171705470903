import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { type CrossAttentionConfig, crossAttentionConfigSchema } from './config.ts';
import { createCrossAttention } from './cross-attention.ts';

/** Attention of the item to the history. */
export const crossAttention = {
  kind: 'cross-attention',
  can: ['rank'],
  schema: crossAttentionConfigSchema,
  create: ofRows(createCrossAttention),
  storesTables: true,
} as const satisfies ModelDefinition<CrossAttentionConfig>;
