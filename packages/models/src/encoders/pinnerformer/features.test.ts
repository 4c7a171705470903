import { makeBatch, type SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from '../../inputs.ts';
import { HALF_STARS, logDurations, ratingActions, ratingBuckets } from '../../layers/actions.ts';
import type { TokenEncoder } from '../../model.ts';
import { createModel, type ModelConfigInput } from '../../registry.ts';
import { tinyConfigs, tinyTrain } from '../../test-support/tiny.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const evaluating = { training: false, step: 0, seed: 0 };
const tiny = tinyConfigs.pinnerformer as ModelConfigInput & { kind: 'pinnerformer' };

describe('action types', () => {
  it('half stars are ids 1 to 10; buckets count the bounds that a rating reaches', () => {
    expect([0, 0.5, 3, 3.4, 5, 9].map(HALF_STARS.idOf)).toEqual([1, 1, 6, 7, 10, 10]);
    const { numActions, idOf } = ratingBuckets([1, 2, 10]);
    expect(numActions).toBe(5);
    expect([-3, 0.9, 1, 1.5, 2, 9, 10, 1e6].map(idOf)).toEqual([1, 1, 2, 2, 3, 3, 4, 4]);
  });

  it('buckets: every id lies inside the table, and rises with the rating', () => {
    const bounds = fc.uniqueArray(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(bounds, fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 2 }), (values, ratings) => {
        const rule = ratingBuckets(values.sort((a, b) => a - b));
        const ids = ratings.sort((a, b) => a - b).map(rule.idOf);
        for (const [i, id] of ids.entries()) {
          expect(id).toBeGreaterThanOrEqual(i === 0 ? 1 : ids[i - 1]);
          expect(id).toBeLessThan(rule.numActions);
        }
      }),
    );
  });

  it('are not known of a history without ratings, and refused in training', () => {
    const batch = { itemIds: Int32Array.of(4, 5) };
    expect([...ratingActions(batch, evaluating, HALF_STARS)]).toEqual([0, 0]);
    const training = { ...evaluating, training: true };
    expect(() => ratingActions(batch, training, HALF_STARS)).toThrow(
      "model config: actions: expected data with ratings; got data without; set actions to 'none'",
    );
    expect(() => logDurations(batch, training)).toThrow('duration: expected data with ratings; got data without');
  });

  it.each([
    [{ actions: 'buckets' }, "actionBounds: expected bounds exactly when actions is 'buckets'; got nothing"],
    [{ actionBounds: [1] }, "actionBounds: expected bounds exactly when actions is 'buckets'; got [1]"],
    [{ actions: 'buckets', actionBounds: [2, 1] }, 'actionBounds: expected bounds that rise; got [2,1]'],
  ])('%j is refused', (changes, message) => {
    expect(() => createModel({ ...tiny, ...changes } as ModelConfigInput, { numItems: 20 })).toThrow(message);
  });
});

describe('features change the vectors', () => {
  const withRatings = (value: number): SequenceBatch => {
    const batch = makeBatch(tinyTrain(), [0]);
    const ratings = new Float32Array(batch.itemIds.length).fill(1);
    ratings[ratings.length - 1] = value;
    return { ...batch, ratings };
  };
  const vectors = (model: TokenEncoder, batch: SequenceBatch): number[][] => {
    const uploaded = uploadBatch(batch);
    const rows = tf.tidy(() => model.encode(uploaded, evaluating).arraySync());
    uploaded.dispose();
    return rows;
  };
  const same = (a: readonly number[], b: readonly number[]): boolean => a.every((x, i) => Math.abs(x - b[i]) < 1e-6);

  it.each<[string, object]>([
    ['rating', { actions: 'rating' }],
    ['buckets', { actions: 'buckets', actionBounds: [3] }],
    ['duration', { duration: 'rating' }],
  ])('%s: of the newest event that of the newest row alone', (_, changes) => {
    const model = createModel({ ...tiny, ...changes } as ModelConfigInput, { numItems: 20, seed: 1 });
    const [a, b] = [vectors(model, withRatings(1)), vectors(model, withRatings(5))];
    expect(a.map((row, t) => same(row, b[t]))).toEqual(a.map((_, t) => t < a.length - 1));
  });

  it('ln(max(rating, 1)) is the duration', () => {
    const batch = { itemIds: Int32Array.of(1, 2, 3), ratings: Float32Array.of(-2, 1, 100) };
    expect([...logDurations(batch, evaluating)]).toEqual([0, 0, Math.fround(Math.log(100))]);
  });
});
