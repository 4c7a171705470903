import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { ShapeError } from '../errors.ts';
import {
  fromPadded,
  Jagged,
  lengthsOf,
  offsetsOf,
  positionIds,
  segmentIds,
  segmentMean,
  segmentSum,
  toPadded,
} from '../index.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const lengths = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 0, maxLength: 5 });

function numbered(offsets: Int32Array, width: number): Jagged {
  const tokens = offsets[offsets.length - 1];
  return new Jagged(tf.reshape(tf.range(1, tokens * width + 1), [tokens, width]), offsets);
}

it('offsets, lengths, segments and positions agree', () => {
  const offsets = offsetsOf([3, 0, 2]);
  expect(Array.from(offsets)).toEqual([0, 3, 3, 5]);
  expect(Array.from(lengthsOf(offsets))).toEqual([3, 0, 2]);
  expect(Array.from(segmentIds(offsets))).toEqual([0, 0, 0, 2, 2]);
  expect(Array.from(positionIds(offsets))).toEqual([0, 1, 2, 0, 1]);
  const jagged = numbered(offsets, 2);
  expect([jagged.batchSize, jagged.tokens, jagged.maxLength]).toEqual([3, 5, 3]);
});

it('padding and back is the identity, whatever the lengths', () => {
  fc.assert(
    fc.property(lengths, fc.integer({ min: 0, max: 3 }), (drawn, extra) => {
      const jagged = numbered(offsetsOf(drawn), 2);
      const before = tf.memory().numTensors;
      const padded = toPadded(jagged, { length: jagged.maxLength + extra });
      const back = fromPadded(padded, jagged.offsets);
      expect(tf.memory().numTensors - before).toBe(2);
      expect(padded.shape).toEqual([drawn.length, jagged.maxLength + extra, 2]);
      expect(back.values.dataSync()).toEqual(jagged.values.dataSync());
      // The rest is zeros: the sums agree.
      const sum = (x: tf.Tensor) => Array.from(x.dataSync()).reduce((a, b) => a + b, 0);
      expect(sum(padded)).toBe(sum(jagged.values));
      tf.dispose([padded, back.values, jagged.values]);
    }),
  );
});

it('gradients flow through padding and segment means', () => {
  const offsets = offsetsOf([2, 0, 1]);
  const x = tf.tensor2d([1, 2, 3], [3, 1]);
  const weights = tf.tensor3d([1, 10, 100, 1000, 10_000, 100_000], [3, 2, 1]);
  const padding = tf.grad((values: tf.Tensor) => tf.sum(tf.mul(toPadded(new Jagged(values, offsets)), weights)));
  expect(Array.from(padding(x).dataSync())).toEqual([1, 10, 10_000]);
  const mean = tf.grad((values: tf.Tensor) => tf.sum(segmentMean(new Jagged(values, offsets))));
  expect(Array.from(mean(x).dataSync())).toEqual([0.5, 0.5, 1]);
  expect(Array.from(segmentSum(new Jagged(x, offsets)).dataSync())).toEqual([3, 0, 3]);
});

it('refuses offsets that do not describe the values, word for word', () => {
  const values = tf.zeros([4, 2]);
  const make =
    (...offsets: number[]) =>
    () =>
      new Jagged(values, Int32Array.from(offsets));
  const start = 'Jagged: expected offsets [B+1] that start at 0, never fall and end at the number of tokens; got ';
  expect(make(0, 2)).toThrow(ShapeError);
  expect(make(0, 2)).toThrow(`${start}int32[2] for 4 tokens; the last offset is 2`);
  expect(make(1, 4)).toThrow(`${start}int32[2] for 4 tokens; offsets[0] is 1`);
  expect(make(0, 3, 2, 4)).toThrow(`${start}int32[4] for 4 tokens; offsets[2] is 2 after 3`);
  expect(make()).toThrow(`${start}int32[0] for 4 tokens; an empty batch is offsets [0]`);
  expect(() => new Jagged(tf.scalar(1), offsetsOf([1]))).toThrow(
    'Jagged: expected values [T, ...]; got values=float32[]; a scalar has no tokens',
  );
});

it('refuses to cut a sequence or to mix batches', () => {
  expect(() => toPadded(numbered(offsetsOf([3, 1]), 1), { length: 2 })).toThrow(
    'toPadded: expected a length of at least the longest sequence; got length=2 for a sequence of 3; shorten the windows or raise the length',
  );
  expect(() => fromPadded(tf.zeros([2, 2, 1]), offsetsOf([1, 3]))).toThrow(
    'fromPadded: expected padded [B, N, ...] with B = 2 and N at least every length; got padded=float32[2,2,1] and a sequence of 3; the offsets belong to another batch',
  );
  expect(() => fromPadded(tf.zeros([3, 2, 1]), offsetsOf([1]))).toThrow(ShapeError);
  expect(() => fromPadded(tf.zeros([3, 2, 1]), offsetsOf([]))).toThrow(
    'fromPadded: expected padded [B, N, ...] with B = 0 and N at least every length; got padded=float32[3,2,1] and a sequence of 0',
  );
  expect(() => fromPadded(tf.zeros([1]), offsetsOf([1]))).toThrow('got padded=float32[1]');
});
