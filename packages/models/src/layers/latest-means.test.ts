import { normals, streamKey, useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { latestMeans } from './latest-means.ts';

beforeAll(async () => {
  await useBackend('auto');
});

it('is the mean of the latest rows, and its gradient the shares of them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 21 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 24 }),
      fc.nat(1e6),
      (lengths, window, seed) => {
        const offsets = Int32Array.of(0, ...lengths);
        for (let b = 1; b < offsets.length; b++) offsets[b] += offsets[b - 1];
        const rows = offsets[lengths.length];
        fc.pre(rows > 0);
        const draw = (step: number) => Float32Array.from(normals(streamKey(seed, 'means'), step, rows * 3));
        const [x, slopes] = [draw(0), draw(1)];
        const means = new Float64Array(rows * 3);
        const gradient = new Float64Array(rows * 3);
        for (let b = 0; b < lengths.length; b++) {
          for (let t = offsets[b]; t < offsets[b + 1]; t++) {
            const begin = Math.max(offsets[b], t - window + 1);
            for (let s = begin; s <= t; s++) {
              for (let d = 0; d < 3; d++) {
                means[3 * t + d] += x[3 * s + d] / (t - begin + 1);
                gradient[3 * s + d] += slopes[3 * t + d] / (t - begin + 1);
              }
            }
          }
        }
        const [values, slope] = tf.tidy(() => {
          const input = tf.tensor2d(x, [rows, 3]);
          const of = (rowsOf: tf.Tensor): tf.Tensor2D => latestMeans(rowsOf as tf.Tensor2D, offsets, window);
          const grad = tf.grad((given) => tf.sum(tf.mul(of(given), tf.tensor2d(slopes, [rows, 3]))))(input);
          return [of(input).dataSync(), grad.dataSync()];
        });
        for (let i = 0; i < rows * 3; i++) {
          expect(values[i]).toBeCloseTo(means[i], 5);
          expect(slope[i]).toBeCloseTo(gradient[i], 5);
        }
      },
    ),
    { numRuns: 60 },
  );
});
