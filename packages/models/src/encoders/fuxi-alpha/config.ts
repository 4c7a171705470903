import { z } from 'zod';
import { encoderFields, positionFields } from '../../config/encoder-fields.ts';
import { rate, size } from '../../config/fields.ts';
import { channelSets } from './channels.ts';

/** Configuration of {@link createFuxiAlpha}; the defaults are those of the public code's ML-1M recipe. */
export const fuxiAlphaConfigSchema = z
  .strictObject({
    kind: z.literal('fuxi-alpha'),
    ...encoderFields,
    ...positionFields,
    dqk: size.describe('Query and key width per head, `A`.'),
    dv: size.describe('Value width per head, `C`; the gate is as wide in each channel.'),
    channels: z
      .enum(channelSets)
      .default('position-time-content')
      .describe(
        'What weighs the values: a learned weight per distance, one per bucket of the time difference, and `silu(q k) / n`.',
      ),
    numTimeBuckets: size.default(128).describe('Time buckets of the time channel; the table has one more row.'),
    ffnDim: size.optional().describe('Hidden width of the feed-forward part; `embeddingDim` unless given.'),
    multistage: z
      .boolean()
      .default(true)
      .describe('False leaves the second stage out, the gated feed-forward part: a block ends with its first map.'),
    linearDropout: rate
      .default(0.2)
      .describe('Dropout on what the first map of the feed-forward part reads, and on what its second stage reads.'),
  })
  .refine(({ multistage, ffnDim }) => multistage || ffnDim === undefined, {
    path: ['ffnDim'],
    message: 'nothing without the feed-forward part, which multistage: false leaves out',
  })
  .describe('FuXi-alpha, Ye et al. 2025.');

export type FuxiAlphaConfig = z.output<typeof fuxiAlphaConfigSchema>;
export type FuxiAlphaConfigInput = z.input<typeof fuxiAlphaConfigSchema>;
