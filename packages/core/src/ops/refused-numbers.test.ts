import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { causalAttention, hstuAttention, UnsupportedError, uniformIntegers, useBackend } from '../index.ts';
import { streamKey } from '../random/streams.ts';

const rows = tf.zeros([2, 1, 4]) as tf.Tensor3D;
const shared = { q: rows, k: rows, v: rows, offsets: Int32Array.of(0, 2) };

// What an op has no answer to is refused alike everywhere, whatever a kernel would make of it.
describe.each(['cpu', 'simd'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it.each([0, -1, Number.NaN])('a scale of %s', (scale) => {
    const attend = () => causalAttention({ ...shared, scale });
    expect(attend).toThrow(UnsupportedError);
    expect(attend).toThrow(`causalAttention: expected a positive scale; got ${scale}; usually 1 / sqrt(A)`);
  });

  it.each([0, -0.3, Number.NaN])('buckets of a divisor of %s', (bucketDivisor) => {
    const times = tf.tensor1d([0, 1], 'int32');
    const time = { timeWeights: tf.zeros([5]) as tf.Tensor1D, queryTimes: times, keyTimes: times, bucketDivisor };
    const bias = { positionWeights: tf.zeros([3]) as tf.Tensor1D, time };
    const attend = () => hstuAttention({ ...shared, normalizer: 1, bias });
    expect(attend).toThrow(UnsupportedError);
    expect(attend).toThrow(`hstuAttention: expected a positive bucketDivisor; got ${bucketDivisor}; the default is`);
  });

  it('all of int32, whose count is no word, but not one less', () => {
    const drawn = (bound: number) =>
      uniformIntegers({ count: 4, low: -(2 ** 31), bound, stream: { key: streamKey(1, 'integers'), step: 0 } });
    expect(() => drawn(2 ** 32)).toThrow('bound from 1 to 2^32 - 1');
    expect(new Set(drawn(2 ** 32 - 1).dataSync()).size).toBe(4);
  });
});
