import { z } from 'zod';
import { rate, size } from '../../config/fields.ts';
import { crossLayersFit, sequenceRankerFields, towers } from '../sequence/config.ts';

export const transactOrders = ['newest-first', 'oldest-first'] as const;
export const transactPaddings = ['hidden', 'pinterest'] as const;

/** Configuration of {@link createTransact}. */
export const transactConfigSchema = z
  .strictObject({
    kind: z.literal('transact'),
    ...sequenceRankerFields,
    tower: z
      .enum(towers)
      .default('dcn-v2')
      .describe(sequenceRankerFields.tower.description as string),
    numBlocks: z.int().min(1).max(64).default(2).describe('Layers of the transformer.'),
    numHeads: z
      .int()
      .min(1)
      .max(256)
      .default(2)
      .describe('Heads of its attention; they divide the width of an event with the item beside it.'),
    feedForwardDim: size.default(32).describe('Width of its hidden layer.'),
    attentionDropout: rate.default(0).describe('Dropout after attention and after the hidden layer.'),
    latest: z
      .int()
      .min(1)
      .max(1024)
      .default(10)
      .describe('`K`: how many of the newest encoded events are kept as they are.'),
    maxPool: z
      .boolean()
      .default(true)
      .describe('Whether a linear map of the largest value of each dimension is kept too.'),
    timeWindow: z
      .number()
      .min(0)
      .default(0)
      .describe(
        'Seconds: in training, events younger than a time drawn from 0 up to it are hidden, but for the newest one; 0: none is.',
      ),
    order: z
      .enum(transactOrders)
      .default('newest-first')
      .describe(
        'Of the `K` kept: `newest-first`, as published, or `oldest-first`, as in FuxiCTR; zeros stand for missing ones.',
      ),
    padding: z
      .enum(transactPaddings)
      .default('hidden')
      .describe(
        '`hidden`: what is masked or missing has no part in the maximum and is zero among the `K`, as in FuxiCTR; `pinterest`: histories are filled up to `maxEvents`, and what is masked or missing is encoded and counts in both.',
      ),
  })
  .refine(...crossLayersFit)
  .describe('TransAct, Xia et al. 2023: a transformer over events with the item beside each.');

export type TransactConfig = z.output<typeof transactConfigSchema>;
export type TransactConfigInput = z.input<typeof transactConfigSchema>;
