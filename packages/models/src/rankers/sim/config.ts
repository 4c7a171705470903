import { z } from 'zod';
import { headsFit, retrievalFields } from '../eta/config.ts';
import { crossLayersFit } from '../sequence/config.ts';

/** How events are found. */
export const simSearches = ['soft', 'category'] as const;

/** Configuration of {@link createSim}. */
export const simConfigSchema = z
  .strictObject({
    kind: z.literal('sim'),
    ...retrievalFields,
    search: z
      .enum(simSearches)
      .default('soft')
      .describe(
        '`soft`: the largest products `(W_a c) (W_b x)`, learned by logits of their own; `category`: the newest events that share a value of `category` with the item.',
      ),
    category: z
      .string()
      .min(1)
      .optional()
      .describe('Of search `category`: one of `features`, a column of items whose values are ids.'),
    auxiliaryWeight: z
      .number()
      .min(0)
      .optional()
      .describe('Of search `soft`: what the loss of its own logits is multiplied by; default 1.'),
    mainWeight: z
      .number()
      .min(0)
      .optional()
      .describe('Of search `soft`: what the loss of the logits is multiplied by; default 1.'),
  })
  .refine(...crossLayersFit)
  .refine(...headsFit)
  .refine(({ search, category }) => (category === undefined) === (search === 'soft'), {
    path: ['category'],
    message: "it with search 'category', and there always",
  })
  .refine(({ search, auxiliaryWeight }) => auxiliaryWeight === undefined || search === 'soft', {
    path: ['auxiliaryWeight'],
    message: "it with search 'soft' alone",
  })
  .refine(({ search, mainWeight }) => mainWeight === undefined || search === 'soft', {
    path: ['mainWeight'],
    message: "it with search 'soft' alone",
  })
  .describe('SIM, Pi et al. 2020: the item asks the newest events, and those found in the whole history.');

export type SimConfig = z.output<typeof simConfigSchema>;
export type SimConfigInput = z.input<typeof simConfigSchema>;
