import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { GoldenError } from '../errors.ts';
import { compareGradients, compareTensors } from './compare.ts';

beforeAll(async () => {
  await useBackend('cpu');
});

it('names every tensor, list and number by its path', async () => {
  const expected = {
    steps: [
      { norm: 4, state: [{ shape: [2, 1], data: [1, 2] }] },
      { norm: 0, state: [{ shape: [1], data: [1] }] },
    ],
    rates: [1, 2, 'inf'],
    mask: [
      [true, false],
      [false, true],
    ],
  };
  const state = tf.tensor2d([1, 3], [2, 1]);
  const errors = await compareTensors(expected, {
    steps: [
      { norm: 5, state: [state] },
      { norm: 0.5, state: [Float32Array.of(1)] },
    ],
    rates: [1, 2, Number.POSITIVE_INFINITY],
    mask: [
      [1, 0],
      [1, 1],
    ],
    unasked: 7,
  });
  state.dispose();
  expect(errors).toEqual({
    'steps.0.norm': 0.25,
    'steps.0.state.0': 0.5,
    'steps.1.norm': 0.5,
    'steps.1.state.0': 0,
    rates: 0,
    'mask.0': 0,
    'mask.1': 1,
  });
});

it.each([
  ['a value without ours', { a: { b: 1 } }, { a: {} }, 'golden: a.b: expected a value of ours beside it; got none'],
  ['a part without ours', { a: { b: 1 } }, {}, 'golden: a.b: expected a value of ours beside it; got none'],
  ['a malformed tensor', { a: { shape: [2], data: [1] } }, { a: [1] }, 'golden: a.data: as many numbers as the shape'],
  ['words', { a: 'b' }, { a: 1 }, 'golden: a.data.0: '],
])('refuses %s', async (_, expected, got, message) => {
  await expect(compareTensors(expected, got)).rejects.toThrow(GoldenError);
  await expect(compareTensors(expected, got)).rejects.toThrow(message);
});

it('refuses a tensor of another shape, also with as many numbers', async () => {
  const got = tf.tensor2d([1, 2], [1, 2]);
  await expect(compareTensors({ a: { shape: [2, 1], data: [1, 2] } }, { a: got })).rejects.toThrow(
    'golden: a: expected shape [2, 1]; got [1, 2]',
  );
  got.dispose();
  expect(await compareTensors({ a: [1, 2] }, { a: [1] })).toEqual({ a: Number.POSITIVE_INFINITY });
});

it('measures a gradient of zeros by the largest gradient of the file', async () => {
  const expected = { w: { shape: [2], data: [-4, 2] }, b: { shape: [1], data: [0] } };
  expect(await compareGradients(expected, { w: [-4, 3], b: [0.1] })).toEqual({ w: 0.25, b: 0.025 });
  await expect(compareGradients(expected, { w: [1, 2] })).rejects.toThrow('golden: gradients: b: expected a parameter');
});
