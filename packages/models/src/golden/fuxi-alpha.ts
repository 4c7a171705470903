import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { size } from '../config/fields.ts';
import { FuxiAlphaBlock } from '../encoders/fuxi-alpha/block.ts';
import { fuxiAlphaNames } from '../encoders/fuxi-alpha/stack.ts';
import { type GoldenTensor, tensorOf } from './file.ts';
import { compareModule, configOf, parseModule } from './module.ts';
import type { GoldenReport } from './report.ts';

const configSchema = z.object({
  singleStage: z.boolean(),
  embeddingDim: size,
  heads: size,
  dqk: size,
  dv: size,
  layers: size,
  ffnMultiply: size,
  paddedLength: size,
});

/**
 * The blocks of the public code beside ours. `x` is packed, what comes out is padded; a query is asked at the time of
 * the next column, the last of them at its own.
 */
export async function checkFuxiAlpha(json: unknown): Promise<GoldenReport> {
  const given = parseModule(json);
  const { heads: numHeads, layers, ffnMultiply, singleStage, ...sizes } = configOf(configSchema, given);
  const { embeddingDim, paddedLength: n } = sizes;
  const lengths = tensorOf(given.inputs, 'lengths').data;
  const packed = lengths.flatMap((length, b) => Array.from({ length }, (_, j) => b * n + j));
  const places = packed.map((row) => [Math.floor(row / n), row % n] as const);
  const times = tensorOf(given.inputs, 'timestamps', [lengths.length, n]).data;
  const queryTimes = places.map(([b, j]) => times[b * n + Math.min(j + 1, n - 1)]);
  const keyTimes = places.map(([b, j]) => times[b * n + j]);
  const padded = ({ data }: GoldenTensor): GoldenTensor => {
    const rows = new Array<number>(lengths.length * n * embeddingDim).fill(0);
    for (const [t, row] of packed.entries()) {
      for (let d = 0; d < embeddingDim; d++) rows[row * embeddingDim + d] = data[t * embeddingDim + d];
    }
    return { shape: [lengths.length, n, embeddingDim], data: rows };
  };
  const stack = Array.from(
    { length: layers },
    (_, i) =>
      new FuxiAlphaBlock({
        ...sizes,
        numHeads,
        channels: 'position-time-content',
        numTimeBuckets: tensorOf(given.parameters, '_attention_layers.0._rel_attn_bias._ts_w').data.length - 1,
        ffnDim: ffnMultiply * embeddingDim,
        multistage: !singleStage,
        linearDropout: 0,
        stream: `golden.fuxi-alpha.${i}`,
      }),
  );
  const ends = [0];
  for (const length of lengths) ends.push(ends[ends.length - 1] + length);
  const shared = [ends, queryTimes, keyTimes].map((values) => tf.tensor1d(values, 'int32'));
  try {
    return await compareModule({
      golden: {
        ...given,
        inputs: { ...given.inputs, x: padded(tensorOf(given.inputs, 'x')) },
        inputGradients: { x: padded(tensorOf(given.inputGradients, 'x')) },
      },
      packed,
      places: Object.fromEntries(
        stack.flatMap((block, i) =>
          Object.entries(fuxiAlphaNames(block, `_attention_layers.${i}.`)).map(
            ([own, theirs]) => [theirs, { variable: block.weight(own) }] as const,
          ),
        ),
      ),
      forward: (x) => ({ y: stack.reduce((rows, block) => block.apply([rows, ...shared]) as tf.Tensor2D, x) }),
    });
  } finally {
    tf.dispose(shared);
  }
}
