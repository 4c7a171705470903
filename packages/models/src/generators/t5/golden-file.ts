import { offsetsOf } from '@seqrec/core';
import { z } from 'zod';
import { size } from '../../config/fields.ts';
import { float32Deviation, type GoldenTensor, goldenTensor } from '../../golden/file.ts';
import { type T5Config, t5ConfigSchema } from './config.ts';
import type { Sequences } from './net.ts';

const tensors = z.record(z.string(), goldenTensor);

/** The configuration of the library, in files of T5. */
export const t5FileConfig = z.object({
  vocab: size,
  eos: z.int().min(0),
  dropout: z.literal(0),
  dModel: size,
  dKv: size,
  heads: size,
  dFf: size,
  encoderLayers: size,
  decoderLayers: size,
  buckets: size,
  maxDistance: size,
  feedForward: z.enum(['relu', 'gated-gelu']),
  tied: z.boolean(),
});

/** A file of kind `t5`. */
export const t5GoldenSchema = z.object({
  name: z.string(),
  config: t5FileConfig.extend({ beams: size, newTokens: size }),
  inputs: tensors,
  parameters: tensors,
  outputs: tensors,
  loss: z.number(),
  gradients: tensors,
  float32Deviation,
});
export type T5Golden = z.output<typeof t5GoldenSchema>;

/** Ours for the configuration of the library: what is not tied there has three tables. */
export function t5ConfigOf(config: z.output<typeof t5FileConfig>): T5Config {
  const { dModel: embeddingDim, dKv: headDim, heads: numHeads, dFf: ffnDim, feedForward, tied, dropout } = config;
  return t5ConfigSchema.parse({
    kind: 't5',
    ...{ embeddingDim, headDim, numHeads, ffnDim, feedForward, dropout },
    ...{ encoderBlocks: config.encoderLayers, decoderBlocks: config.decoderLayers },
    ...{ relativeBuckets: config.buckets, maxDistance: config.maxDistance },
    // More than files have.
    maxSequenceLength: 64,
    ...(tied ? {} : { tables: 'apart', head: 'own' }),
  });
}

/** The tokens of padded sequences, and the rows of theirs among the padded ones. */
export function unpadded(ids: GoldenTensor, mask: GoldenTensor): Sequences & { readonly rows: readonly number[] } {
  const [count, longest] = ids.shape;
  const rows = ids.data.flatMap((_, row) => (mask.data[row] === 0 ? [] : [row]));
  const lengths = Array.from({ length: count }, (_, b) => rows.filter((row) => Math.floor(row / longest) === b).length);
  return { ids: Int32Array.from(rows, (row) => ids.data[row]), offsets: offsetsOf(lengths), rows };
}
