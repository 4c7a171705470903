import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { type FieldAttentionConfig, fieldAttentionConfigSchema } from './config.ts';
import { createFieldAttention } from './field-attention.ts';

/** Attention among fields. */
export const fieldAttention = {
  kind: 'field-attention',
  can: ['rank'],
  schema: fieldAttentionConfigSchema,
  create: ofRows(createFieldAttention),
  storesTables: true,
} as const satisfies ModelDefinition<FieldAttentionConfig>;
