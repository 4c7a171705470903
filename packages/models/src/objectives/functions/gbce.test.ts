import { UnsupportedError, useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { gbceBeta, generalisedBce } from './gbce.ts';

const score = fc.float({ min: -30, max: 30, noNaN: true });
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

describe.each(['cpu', 'simd'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it('equals its formula, value and gradients, with negatives that do not count', () => {
    const negatives = fc.array(fc.record({ score, valid: fc.boolean() }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(score, negatives, fc.double({ min: 0.01, max: 1, noNaN: true }), (own, others, beta) => {
        const valid = tf.tensor2d([others.map((each) => each.valid)], undefined, 'bool') as tf.Tensor2D;
        const inputs = [tf.tensor1d([own]), tf.tensor2d([others.map((each) => each.score)])];
        const loss = (p: tf.Tensor, n: tf.Tensor): tf.Tensor1D =>
          generalisedBce({ positive: p as tf.Tensor1D, negative: n as tf.Tensor2D, valid }, beta);
        const counted = others.filter((each) => each.valid);
        const sum = counted.reduce((all, each) => all + Math.log1p(Math.exp(each.score)), 0);
        const expected = (beta * Math.log1p(Math.exp(-own)) + sum) / (1 + others.length);
        expect(Math.abs(loss(inputs[0], inputs[1]).dataSync()[0] - expected)).toBeLessThan(1e-5 * (1 + expected));
        const [dPositive, dNegative] = tf
          .grads((p, n) => tf.sum(loss(p, n)))(inputs)
          .map((each) => each.dataSync());
        expect(Math.abs(dPositive[0] + (beta * sigmoid(-own)) / (1 + others.length))).toBeLessThan(1e-5);
        for (const [i, each] of others.entries()) {
          const slope = each.valid ? sigmoid(each.score) / (1 + others.length) : 0;
          expect(Math.abs(dNegative[i] - slope)).toBeLessThan(1e-5);
        }
      }),
      { numRuns: 60 },
    );
  });
});

it('beta goes from 1 to the sampling rate', () => {
  const rate = 256 / 3415;
  expect(gbceBeta(0, 256, 3416)).toBeCloseTo(1, 12);
  expect(gbceBeta(1, 256, 3416)).toBeCloseTo(rate, 12);
  expect(gbceBeta(0.75, 256, 3416)).toBeCloseTo(1 - 0.75 * (1 - rate), 12);
  expect(() => gbceBeta(1.5, 4, 29)).toThrow(UnsupportedError);
  expect(() => gbceBeta(1.5, 4, 29)).toThrow(
    'gbceBeta: expected t from 0 to 1, numNegatives >= 1, numItems >= 2; got t=1.5, numNegatives=4, numItems=29',
  );
});
