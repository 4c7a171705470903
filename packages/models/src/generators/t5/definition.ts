import type { ModelDefinition } from '../../definition.ts';
import { type T5Config, t5ConfigSchema } from './config.ts';
import { t5Flops } from './flops.ts';
import { createT5 } from './stack.ts';

/** The encoder and decoder of TIGER. */
export const t5 = {
  kind: 't5',
  can: ['generate'],
  schema: t5ConfigSchema,
  create: createT5,
  widths: ({ embeddingDim: d, numHeads, headDim, ffnDim, encoderBlocks, decoderBlocks, maxSequenceLength }) => ({
    vector: d,
    // Of a block: rows between its parts, queries and keys with their places, values and what was attended to, hidden.
    token:
      d + (encoderBlocks + decoderBlocks) * (4 * d + numHeads * (8 * headDim + 2 * maxSequenceLength) + 2 * ffnDim),
  }),
  flops: t5Flops,
} as const satisfies ModelDefinition<T5Config>;
