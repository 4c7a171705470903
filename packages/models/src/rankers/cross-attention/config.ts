import { z } from 'zod';
import { size } from '../../config/fields.ts';
import { crossLayersFit, sequenceRankerFields } from '../sequence/config.ts';

/** Configuration of {@link createCrossAttention}. */
export const crossAttentionConfigSchema = z
  .strictObject({
    kind: z.literal('cross-attention'),
    ...sequenceRankerFields,
    attentionDim: size.default(64).describe('Width of queries, keys and values, of all heads together.'),
    numHeads: z.int().min(1).max(256).default(2).describe('Heads; they divide `attentionDim`.'),
  })
  .refine(...crossLayersFit)
  .refine(({ attentionDim, numHeads }) => attentionDim % numHeads === 0, {
    path: ['numHeads'],
    message: 'a divisor of attentionDim',
  })
  .describe('The item asks the events of the history: softmax attention with heads.');

export type CrossAttentionConfig = z.output<typeof crossAttentionConfigSchema>;
export type CrossAttentionConfigInput = z.input<typeof crossAttentionConfigSchema>;
