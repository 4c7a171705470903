import { z } from 'zod';
import { rate } from '../../config/fields.ts';
import { hiddenActivations } from '../../layers/hidden-layers.ts';
import { embeddingDim, fieldFields, hiddenSizes, tableFields, tableScheme } from '../config.ts';

const activation = z.enum(hiddenActivations);
const context = z.array(z.string().min(1)).max(256).optional();

/** Configuration of {@link createFinalmlp}. */
export const finalmlpConfigSchema = z
  .strictObject({
    kind: z.literal('finalmlp'),
    ...fieldFields,
    embeddingDim,
    mlp1HiddenSizes: hiddenSizes.default([64, 64, 64]).describe('Widths of the hidden layers of the first stream.'),
    mlp1Activation: activation.default('relu').describe('What follows each map of the first stream.'),
    mlp1Dropout: rate.default(0).describe('Dropout after each hidden layer of the first stream.'),
    mlp2HiddenSizes: hiddenSizes.default([64, 64, 64]).describe('Widths of the hidden layers of the second stream.'),
    mlp2Activation: activation.default('relu').describe('What follows each map of the second stream.'),
    mlp2Dropout: rate.default(0).describe('Dropout after each hidden layer of the second stream.'),
    featureSelection: z
      .boolean()
      .default(true)
      .describe('Whether each stream reads the vectors through gates of its own.'),
    gateHiddenSizes: hiddenSizes
      .optional()
      .describe('With `featureSelection`: widths of the hidden layers that make the gates; default 64.'),
    context1: context.describe(
      'With `featureSelection`: fields that the gates of the first stream read, `user`, `item` or features; default: a learned vector.',
    ),
    context2: context.describe('The same of the second stream.'),
    heads: z
      .int()
      .min(1)
      .max(1024)
      .default(1)
      .describe('Blocks of the bilinear form that fuses the streams; both last widths are multiples of it.'),
    tables: tableScheme,
    ...tableFields,
  })
  .superRefine((config, { addIssue }) => {
    const { heads, mlp1HiddenSizes, mlp2HiddenSizes } = config;
    if ([mlp1HiddenSizes, mlp2HiddenSizes].some((sizes) => sizes[sizes.length - 1] % heads !== 0)) {
      const message = 'a divisor of the last widths of mlp1HiddenSizes and mlp2HiddenSizes';
      addIssue({ code: 'custom', path: ['heads'], message, input: heads });
    }
    if (config.featureSelection) return;
    for (const key of ['gateHiddenSizes', 'context1', 'context2'] as const) {
      if (config[key] === undefined) continue;
      addIssue({ code: 'custom', path: [key], message: 'none without featureSelection', input: config[key] });
    }
  })
  .describe('FinalMLP, Mao et al. 2023: two streams of hidden layers on gated vectors, fused by a bilinear form.');

export type FinalMlpConfig = z.output<typeof finalmlpConfigSchema>;
export type FinalMlpConfigInput = z.input<typeof finalmlpConfigSchema>;
