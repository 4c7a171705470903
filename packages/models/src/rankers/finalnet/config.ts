import { z } from 'zod';
import { rate } from '../../config/fields.ts';
import { embeddingDim, fieldFields, hiddenSizes, tableFields, tableScheme } from '../config.ts';

const activation = z.enum(['linear', 'relu']);

/** Configuration of {@link createFinalnet}. */
export const finalnetConfigSchema = z
  .strictObject({
    kind: z.literal('finalnet'),
    ...fieldFields,
    embeddingDim,
    blockType: z
      .enum(['1B', '2B'])
      .default('2B')
      .describe('One block, or two whose logits are averaged and which are taught by their mean.'),
    featureGating: z
      .boolean()
      .default(false)
      .describe('Whether the first block reads the vectors and, beside them, the vectors times gates.'),
    residualType: z
      .enum(['concat', 'sum'])
      .default('concat')
      .describe('What a layer makes of the halves of its map: `[h2 ; h1 h2]`, or `h2 + h1 h2`.'),
    block1HiddenSizes: hiddenSizes.default([64, 64, 64]).describe('Widths of the layers of the first block.'),
    block1Activation: activation.default('linear').describe('What follows each layer of the first block.'),
    block1Dropout: rate.default(0).describe('Dropout after each layer of the first block.'),
    block2HiddenSizes: hiddenSizes
      .optional()
      .describe('Widths of the layers of the second block, of `2B`; default 64, 64, 64.'),
    block2Activation: activation.optional().describe('What follows each layer of the second block; default `linear`.'),
    block2Dropout: rate.optional().describe('Dropout after each layer of the second block; default 0.'),
    tables: tableScheme,
    ...tableFields,
  })
  .superRefine((config, { addIssue }) => {
    for (const key of ['block1HiddenSizes', 'block2HiddenSizes'] as const) {
      if (config.residualType === 'sum' || config[key]?.every((width) => width % 2 === 0) !== false) continue;
      const message = "even widths with residualType 'concat', which has two halves";
      addIssue({ code: 'custom', path: [key], message, input: config[key] });
    }
    if (config.blockType === '2B') return;
    for (const key of ['block2HiddenSizes', 'block2Activation', 'block2Dropout'] as const) {
      if (config[key] === undefined) continue;
      addIssue({ code: 'custom', path: [key], message: "none with blockType '1B'", input: config[key] });
    }
  })
  .describe('FinalNet, Zhu et al. 2023: layers of products of two maps, in one stream or two that learn from both.');

export type FinalNetConfig = z.output<typeof finalnetConfigSchema>;
export type FinalNetConfigInput = z.input<typeof finalnetConfigSchema>;
