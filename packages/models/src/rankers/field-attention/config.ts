import { z } from 'zod';
import { rate, size } from '../../config/fields.ts';
import { embeddingDim, fieldFields, tableFields, tableScheme } from '../config.ts';

/** How tokens are projected to queries, keys and values. */
export const attentionForms = ['vanilla', 'hetero', 'hiformer'] as const;
export type AttentionForm = (typeof attentionForms)[number];

const count = z.int().min(1).max(256);

/** Configuration of {@link createFieldAttention}. */
export const fieldAttentionConfigSchema = z
  .strictObject({
    kind: z.literal('field-attention'),
    ...fieldFields,
    embeddingDim: embeddingDim.describe('Width `d` of a token.'),
    form: z
      .enum(attentionForms)
      .default('hiformer')
      .describe(
        '`vanilla`: all tokens share their maps; `hetero`: each token has maps of its own; `hiformer`: the queries, keys and values of all tokens come from the concatenation of all.',
      ),
    blocks: z.int().min(1).max(64).default(1).describe('Blocks of attention and feed-forward layers.'),
    heads: count.default(4).describe('Heads of the attention.'),
    queryDim: size.default(16).describe('Width of queries and keys of a head.'),
    valueDim: size.default(64).describe('Width of values of a head.'),
    rank: size.optional().describe('Of form `hiformer`: rank of the maps to queries and keys; default: full.'),
    valueRank: size.optional().describe('Of form `hiformer`: rank of the map to values; default: full.'),
    feedForwardDim: size
      .optional()
      .describe('Width inside the feed-forward layer; default: four times `embeddingDim`.'),
    pruned: z
      .boolean()
      .default(true)
      .describe('Whether the last block makes the task tokens alone: nothing reads the others.'),
    denseTokens: count
      .optional()
      .describe('Tokens that hidden layers make of all numbers together; default: a token for each column of numbers.'),
    denseHiddenSize: size.optional().describe('With `denseTokens`: width of the hidden layer; default 256.'),
    norm: z
      .enum(['post', 'pre'])
      .default('post')
      .describe('Layer norm after each residual sum, or before each layer and at the end.'),
    dropout: rate.default(0).describe('Dropout of what each attention and feed-forward layer adds.'),
    tables: tableScheme,
    ...tableFields,
  })
  .refine(({ form, rank }) => rank === undefined || form === 'hiformer', {
    path: ['rank'],
    message: "it with form 'hiformer' alone",
  })
  .refine(({ form, valueRank }) => valueRank === undefined || form === 'hiformer', {
    path: ['valueRank'],
    message: "it with form 'hiformer' alone",
  })
  .refine(({ denseTokens, denseHiddenSize }) => denseHiddenSize === undefined || denseTokens !== undefined, {
    path: ['denseHiddenSize'],
    message: 'it with denseTokens alone',
  })
  .describe('Attention among the fields of a row: vanilla, HeteroAtt or Hiformer, Gui et al. 2023.');

export type FieldAttentionConfig = z.output<typeof fieldAttentionConfigSchema>;
export type FieldAttentionConfigInput = z.input<typeof fieldAttentionConfigSchema>;
