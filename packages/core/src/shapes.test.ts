import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { DTypeError, SeqrecError, ShapeError } from './errors.ts';
import { assertDType, assertShape, assertShapes } from './shapes.ts';

it('binds letters, literals, sums and leading dimensions', () => {
  const dims = assertShapes('op', [
    ['q', tf.zeros([5, 2, 3]), 'T H A'],
    ['offsets', tf.zeros([4]), 'B+1'],
    ['w', tf.zeros([7, 3]), '... A'],
    ['pair', tf.zeros([2, 5]), '2 T'],
  ]);
  expect(dims).toEqual({ T: 5, H: 2, A: 3, B: 3 });
});

it('says which op, which shapes and what contradicts', () => {
  const check = () =>
    assertShapes('attention', [
      ['q', tf.zeros([5, 2, 3]), 'T H A'],
      ['k', tf.zeros([5, 2, 4]), 'T H A'],
    ]);
  expect(check).toThrow(ShapeError);
  expect(check).toThrow(
    'attention: expected q [T, H, A], k [T, H, A]; got q=float32[5,2,3], k=float32[5,2,4]; k has A = 4, expected A = 3',
  );
  expect(() => assertShape(tf.zeros([5]), 'T D', { op: 'linear', name: 'x' })).toThrow(
    'linear: expected x [T, D]; got x=float32[5]; x has rank 1, not 2',
  );
  expect(() => assertShape(tf.zeros([0]), 'B+1', { op: 'op', name: 'offsets' })).toThrow(
    'op: expected offsets [B+1]; got offsets=float32[0]; offsets needs at least 1 elements along B+1',
  );
  expect(() => assertShape(tf.scalar(1), '... D', { op: 'op', name: 'x' })).toThrow(
    'x has rank 0, at least 1 is needed',
  );
});

it('checks element types', () => {
  const ids = tf.tensor1d([1, 2], 'float32');
  expect(() => assertDType(ids, 'int32', { op: 'embedding', name: 'ids' })).toThrow(DTypeError);
  expect(() => assertDType(ids, 'int32', { op: 'embedding', name: 'ids' })).toThrow(
    "embedding: expected ids to be int32; got ids=float32[2]; cast it with tf.cast(ids, 'int32')",
  );
});

it('errors carry a code and a name', () => {
  const error = new ShapeError('x');
  expect(error).toBeInstanceOf(SeqrecError);
  expect([error.code, error.name]).toEqual(['shape', 'ShapeError']);
});
