import { rememberHostValues, UnsupportedError } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { GruLayer } from './layer.ts';
import { recurrentSchedule } from './schedule.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const lengths = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 5 });
const offsetsFrom = (sizes: readonly number[]): Int32Array => {
  const offsets = new Int32Array(sizes.length + 1);
  for (const [b, size] of sizes.entries()) offsets[b + 1] = offsets[b] + size;
  return offsets;
};

describe('recurrentSchedule', () => {
  it('visits every token once, each sequence in its order, and never more sequences than before', () => {
    fc.assert(
      fc.property(lengths, (sizes) => {
        const offsets = offsetsFrom(sizes);
        const schedule = recurrentSchedule(offsets);
        expect([...schedule.order].sort((a, b) => a - b)).toEqual([...schedule.order.keys()]);
        for (const [place, row] of schedule.order.entries()) expect(schedule.places[row]).toBe(place);
        for (const [s, size] of schedule.sizes.entries()) {
          expect(size).toBe(sizes.filter((length) => length > s).length);
          if (s > 0) expect(size).toBeLessThanOrEqual(schedule.sizes[s - 1]);
        }
        for (const [b, size] of sizes.entries()) {
          for (let t = 1; t < size; t++) {
            expect(schedule.places[offsets[b] + t]).toBeGreaterThan(schedule.places[offsets[b] + t - 1]);
          }
        }
      }),
    );
  });

  it('keeps the order of the batch among sequences of one length, and has no step without sequences', () => {
    expect([...recurrentSchedule([0, 1, 3, 4, 6]).order]).toEqual([1, 4, 0, 3, 2, 5]);
    expect([...recurrentSchedule([0, 1, 3, 3, 4, 6]).sequences]).toEqual([1, 4, 0, 3]);
    const none = Int32Array.of();
    expect(recurrentSchedule([0])).toEqual({ order: none, places: none, sizes: none, sequences: none });
  });
});

/** The same layer written as the formula says, sequence by sequence, and differentiated by the tape. */
function plainGru(x: tf.Tensor2D, offsets: Int32Array, weights: readonly tf.Tensor[]): tf.Tensor {
  const [weightX, weightH, biasX, biasH] = weights;
  const width = weightH.shape[1] as number;
  const states: tf.Tensor[] = [];
  for (let b = 0; b + 1 < offsets.length; b++) {
    let h: tf.Tensor = tf.zeros([1, width]);
    for (let t = offsets[b]; t < offsets[b + 1]; t++) {
      const token = tf.slice(x, [t, 0], [1, -1]);
      const [xr, xz, xn] = tf.split(tf.add(tf.matMul(token, weightX, false, true), biasX), 3, 1);
      const [hr, hz, hn] = tf.split(tf.add(tf.matMul(h, weightH, false, true), biasH), 3, 1);
      const [r, z] = [tf.sigmoid(tf.add(xr, hr)), tf.sigmoid(tf.add(xz, hz))];
      const n = tf.tanh(tf.add(xn, tf.mul(r, hn)));
      h = tf.add(tf.mul(tf.sub(1, z), n), tf.mul(z, h));
      states.push(h);
    }
  }
  return tf.concat(states, 0);
}

describe('GruLayer', () => {
  it('is its formula, forwards and backwards, for any lengths', () => {
    const layer = new GruLayer({ inputDim: 3, hiddenDim: 4, dropout: 0, seed: 1, stream: 'test' });
    const names = ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'];
    const weights = names.map((name) => layer.weight(name));
    fc.assert(
      fc.property(
        lengths.filter((sizes) => sizes.some((size) => size > 0)),
        fc.nat(1000),
        (sizes, seed) => {
          const offsets = offsetsFrom(sizes);
          const tokens = offsets[sizes.length];
          const x = tf.randomNormal([tokens, 3], 0, 1, 'float32', seed) as tf.Tensor2D;
          const upstream = tf.randomNormal([tokens, 4], 0, 1, 'float32', seed + 1);
          const onDevice = rememberHostValues(tf.tensor1d(offsets, 'int32'), offsets);
          const gradients = (forward: (input: tf.Tensor2D) => tf.Tensor): tf.Tensor[] => {
            const variable = tf.variable(x);
            const { grads } = tf.variableGrads(
              () => tf.sum(tf.mul(forward(variable as unknown as tf.Tensor2D), upstream)) as tf.Scalar,
              [variable, ...(weights as tf.Variable[])],
            );
            return [variable, ...weights].map((w) => grads[w.name]);
          };
          const fused = (input: tf.Tensor2D) => layer.apply([input, onDevice]) as tf.Tensor;
          const plain = (input: tf.Tensor2D) => plainGru(input, offsets, weights);
          const pairs = [
            [fused(x), plain(x)],
            ...gradients(fused).map((gradient, i) => [gradient, gradients(plain)[i]] as const),
          ];
          for (const [actual, expected] of pairs) {
            const difference = tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0];
            expect(difference).toBeLessThan(2e-5);
          }
        },
      ),
      { numRuns: 15 },
    );
  });

  it('asks for offsets that it can read', () => {
    const layer = new GruLayer({ inputDim: 2, hiddenDim: 2, dropout: 0, stream: 'test' });
    const unknown = tf.tensor1d([0, 1], 'int32');
    expect(() => layer.apply([tf.zeros([1, 2]), unknown])).toThrow(UnsupportedError);
  });
});
