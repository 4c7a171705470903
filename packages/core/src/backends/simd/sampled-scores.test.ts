import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backend } from '../../../test/simd.ts';
import { ShapeError, sampledScores } from '../../index.ts';
import { registerSimdBackend, removeSimdBackend } from './index.ts';
import { SCRATCH_BYTES } from './kernels.ts';

describe('sampled scores on simd', () => {
  beforeAll(async () => {
    await registerSimdBackend({ threads: 2 });
    await tf.setBackend('simd');
  });
  afterAll(removeSimdBackend);

  it.each([
    // In a vector of four ids, and past the last one.
    [5, 2],
    [-1, 2],
    [5, 4],
    [-1, 4],
  ])('refuses the id %i at place %i and says where it is', (id, place) => {
    const ids = [0, 1, 2, 3, 4].with(place, id);
    const blocks = backend().heap.blocks;
    // Rows as they are, and rows that are padded first.
    for (const width of [8, 9]) {
      tf.tidy(() => {
        const given = [tf.ones([1, width]), tf.ones([5, width]), tf.tensor2d([ids], [1, 5], 'int32')] as const;
        expect(() => sampledScores(...given)).toThrow(
          new ShapeError(
            `sampledScores: expected ids from 0 to 4; got ${id} at position ${place} of 5, table [5,${width}]`,
          ),
        );
      });
    }
    expect(backend().heap.blocks, 'blocks left behind').toBe(blocks);
    // The backend goes on.
    const scores = sampledScores(tf.ones([1, 8]), tf.ones([5, 8]), tf.tensor2d([[4]], [1, 1], 'int32'));
    expect(Array.from(scores.dataSync())).toEqual([8]);
  });

  it('hands rows that scratch memory has no room for to the composed kernel', () => {
    const width = SCRATCH_BYTES / 8 + 8;
    const ids = tf.tensor2d([[0, 1]], [1, 2], 'int32');
    const [dQueries] = tf.grads((q, items) => sampledScores(q, items, ids))([tf.ones([1, width]), tf.ones([2, width])]);
    expect(dQueries.dataSync()[width - 1]).toBe(2);
  });
});
