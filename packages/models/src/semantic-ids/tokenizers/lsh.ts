import { normals, streamKey } from '@seqrec/core';
import { asStored, type Rows } from '../vectors/rows.ts';
import type { Codebooks, FitOptions, Fitted } from './tokenizer.ts';

export interface LshOptions {
  readonly levels: number;
  /** Hyperplanes of a level: it has `2^bits` codes. */
  readonly bits: number;
}

/**
 * Locality-sensitive hashing: bit `b` of a code says on which side of a random hyperplane through the mean of all rows
 * a row lies. Nothing is learned but the mean.
 *
 * Source: Charikar 2002.
 */
export async function fitLsh(vectors: Rows, { levels, bits }: LshOptions, { seed }: FitOptions): Promise<Fitted> {
  const { count, width, values } = vectors;
  const mean = new Float64Array(width);
  for (let r = 0; r < count; r++) for (let j = 0; j < width; j++) mean[j] += values[r * width + j] / count;
  const planes = normals(streamKey(seed, 'lsh'), 0, levels * bits * width);
  const codebooks = lshCodebooks(
    asStored({ count: levels * bits, width, values: Float64Array.from(planes) }),
    asStored({ count: 1, width, values: mean }),
    levels,
  );
  return { codebooks, codes: await codebooks.encode!(vectors) };
}

/** The codebooks of {@link fitLsh}. */
export function lshCodebooks(planes: Rows, mean: Rows, levels: number): Codebooks {
  const bits = planes.count / levels;
  const sizes = new Array<number>(levels).fill(2 ** bits);
  return {
    sizes,
    tensors: new Map([
      ['planes', planes],
      ['mean', mean],
    ]),
    async encode({ count, width, values }) {
      const codes = new Int32Array(count * levels);
      for (let r = 0; r < count; r++) {
        for (let p = 0; p < planes.count; p++) {
          let side = 0;
          for (let j = 0; j < width; j++)
            side += (values[r * width + j] - mean.values[j]) * planes.values[p * width + j];
          if (side > 0) codes[r * levels + Math.floor(p / bits)] |= 1 << (p % bits);
        }
      }
      return { count, sizes, values: codes };
    },
  };
}
