import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { kernelWork } from './work.ts';

it('counts multiply-adds twice and the causal half of attention', () => {
  const matrix = (...shape: number[]): tf.Tensor => tf.zeros(shape);
  expect(kernelWork('BatchMatMul', { a: matrix(3, 5), b: matrix(5, 7) }, {}, [matrix(3, 7)])).toBe(2 * 3 * 5 * 7);
  expect(kernelWork('BatchMatMul', { a: matrix(5, 3), b: matrix(5, 7) }, { transposeA: true }, [matrix(3, 7)])).toBe(
    210,
  );
  const projection = { x: matrix(5, 3), w: matrix(3, 7) };
  expect(kernelWork('NormSiluSplit', projection, {}, [])).toBe(210);
  expect(kernelWork('NormSiluSplitGrad', projection, {}, [])).toBe(420);
  expect(kernelWork('LinearLayer', { x: matrix(5, 3), w: matrix(7, 3) }, {}, [])).toBe(210);
  expect(kernelWork('LinearLayerGrad', { x: matrix(5, 3), w: matrix(7, 3) }, {}, [])).toBe(420);
  expect(kernelWork('GatedNormLinearGrad', { x: matrix(5, 3), w: matrix(7, 3) }, {}, [])).toBe(420);
  // Lengths 3, 0 and 2: 6 + 0 + 3 pairs.
  const offsets = tf.tensor1d([0, 3, 3, 5], 'int32');
  const inputs = { q: matrix(5, 2, 4), k: matrix(5, 2, 4), v: matrix(5, 2, 6), offsets };
  expect(kernelWork('HstuAttention', inputs, {}, [])).toBe(2 * 9 * 2 * (4 + 6));
  expect(kernelWork('CausalAttentionGrad', inputs, {}, [])).toBe(2 * 9 * 2 * (12 + 12));
  // A window of one key back: 1 + 2 + 2 and 1 + 2 pairs; a range that leaves the query out.
  const visible = tf.tensor2d([0, 1, 0, 2, 1, 3, 0, 1, 0, 1], [5, 2], 'int32');
  expect(kernelWork('HstuAttention', { ...inputs, visible }, {}, [])).toBe(2 * 8 * 2 * (4 + 6));
  // The first key as well: one pair more, of the third query.
  expect(kernelWork('HstuAttention', { ...inputs, visible }, { globalKeys: 1 }, [])).toBe(2 * 9 * 2 * (4 + 6));
  const sampled = { queries: matrix(5, 8), negatives: matrix(5, 16) };
  expect(kernelWork('SampledSoftmaxGrad', sampled, {}, [])).toBe(4 * 5 * 17 * 8);
  const scored = { queries: matrix(5, 8), ids: matrix(5, 16) };
  expect(kernelWork('SampledScores', scored, {}, [])).toBe(2 * 5 * 16 * 8);
  expect(kernelWork('SampledScoresGrad', scored, {}, [])).toBe(4 * 5 * 16 * 8);
  expect(kernelWork('Dropout', { x: matrix(5, 8) }, {}, [])).toBe(0);
});
