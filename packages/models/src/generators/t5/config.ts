import { z } from 'zod';
import { count, rate, size } from '../../config/fields.ts';

/** Columns of queries and keys that a fused attention takes: those of a head, and one for each place. */
const MOST_COLUMNS = 512;

const blocks = z.int().min(1).max(1024);

/** Configuration of {@link createT5}: the encoder and decoder of TIGER. */
export const t5ConfigSchema = z
  .strictObject({
    kind: z.literal('t5'),
    embeddingDim: size
      .max(2 ** 14)
      .default(128)
      .describe('Model width `D`, also the width of the table of codes.'),
    numHeads: size.default(6).describe('Attention heads `H`.'),
    headDim: size.default(64).describe('Width `A` of a head; `H A` may be another width than `D`.'),
    ffnDim: size.default(1024).describe('Hidden width `F` of the feed-forward parts.'),
    encoderBlocks: blocks.default(4).describe('Blocks of the encoder, which reads the history.'),
    decoderBlocks: blocks.default(4).describe('Blocks of the decoder, which writes an item.'),
    maxSequenceLength: count.describe(
      'Longest history that is read: in events for a run of the task `generation`, in codes of the model itself, where it is at most 512 together with `headDim`.',
    ),
    feedForward: z
      .enum(['relu', 'gated-gelu'])
      .default('relu')
      .describe('Feed-forward part: `relu`, or `gated-gelu`, `gelu(x W0) * x W1` with GELU in its tanh form.'),
    relativeBuckets: z
      .int()
      .min(4)
      .max(1024)
      .default(32)
      .describe('Buckets of distances, a learned number a head each; the encoder has half of them for each direction.'),
    maxDistance: count.default(128).describe('Distance, in codes, from which on all are in one bucket.'),
    tables: z
      .enum(['shared', 'apart'])
      .default('shared')
      .describe('Whether encoder and decoder read one table of codes, or one each.'),
    head: z
      .enum(['tied', 'own'])
      .default('tied')
      .describe('What codes are scored with: the table of the decoder, over `sqrt(D)`, or a matrix of its own.'),
    softmax: z
      .enum(['level', 'all'])
      .default('level')
      .describe('What the softmax of the loss is over: the codes of the level, or the rows of all levels and padding.'),
    cuts: z
      .enum(['random', 'last'])
      .default('random')
      .describe(
        "What an example trains in a step: the event after a random cut of its history, or always the example's own target.",
      ),
    dropout: rate
      .default(0.1)
      .describe(
        'Dropout on codes that enter a stack, attention weights, hidden units, what sub-layers add, and output.',
      ),
  })
  .refine(({ headDim, maxSequenceLength }) => headDim + maxSequenceLength <= MOST_COLUMNS, {
    path: ['maxSequenceLength'],
    message: `with headDim at most ${MOST_COLUMNS}: attention adds a column for each place of the history`,
  })
  .refine(({ relativeBuckets, maxDistance }) => maxDistance > Math.floor(relativeBuckets / 2), {
    path: ['maxDistance'],
    message: 'more than half of relativeBuckets: so many distances have a bucket of their own',
  })
  .describe('The encoder and decoder of TIGER, as T5: it reads the codes of a history and writes those of an item.');

export type T5Config = z.output<typeof t5ConfigSchema>;
export type T5ConfigInput = z.input<typeof t5ConfigSchema>;
