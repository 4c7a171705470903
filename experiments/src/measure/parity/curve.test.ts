import { expect, test } from 'vitest';
import { compareCurves, largestDifference, renderCurves } from './curve.ts';

const small = {
  recipe: 'ml-100k/hstu',
  overrides: [
    { key: 'training.batchSize', text: '4' },
    { key: 'model.maxSequenceLength', text: '12' },
  ],
  standInItems: 50,
  quiet: true,
};

test('cpu follows the curve of simd', async () => {
  const comparison = await compareCurves({ ...small, backend: { backend: 'cpu' }, steps: 3 });
  expect(comparison).toMatchObject({ backend: 'cpu', reference: 'simd', within: true });
  expect(comparison.losses).toHaveLength(3);
  expect(comparison.losses[2][0]).not.toBe(comparison.losses[0][0]);
  const shown = renderCurves(comparison, false);
  expect(shown).toContain('pass: 3 steps');
  expect(renderCurves({ ...comparison, within: false }, false)).toContain('FAIL: 3 steps');
});

test('the largest difference is relative, and NaN is one', () => {
  expect(
    largestDifference([
      [1, 1],
      [2.02, 2],
    ]),
  ).toBeCloseTo(0.01);
  expect(
    largestDifference([
      [Number.NaN, 1],
      [1, 1],
    ]),
  ).toBeNaN();
});
