import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withSampledNegatives } from '../filters/sampled-negatives.ts';
import { zipfWorld } from '../synthetic/zipf-world.ts';
import { drawColdItems } from './cold-items.ts';
import { withColdRows } from './cold-rows.ts';
import { randomSplit } from './random.ts';
import { withRowHistories } from './row-histories.ts';
import { rowsByTime } from './rows-by-time.ts';
import type { ExampleSet, RowSplit } from './split.ts';

const world = () =>
  withSampledNegatives(zipfWorld({ users: 60, items: 40, length: 12, seed: 3 }), { perPositive: 2, seed: 1 });

/** The history and the target of each example, as events. */
function examplesOf({ starts, targets, events }: ExampleSet): { history: number[]; target: number }[] {
  return Array.from(targets, (target, e) => {
    const ranges = Array.from({ length: target - starts[e] }, (_, k) => starts[e] + k);
    const listed = (k: number): number => events!.indices[events!.offsets[e] + k];
    return { history: events === undefined ? ranges : ranges.map((_, k) => listed(k)), target };
  });
}

const splits: readonly (readonly [string, () => RowSplit])[] = [
  ['impressions by chance', () => randomSplit(world(), { seed: 2, maxHistory: 5 })],
  ['impressions by time', () => rowsByTime(world(), {})],
  ['points', () => randomSplit(world(), { seed: 2, examples: 'points' })],
  [
    'points with histories by time',
    () => withRowHistories(rowsByTime(world(), { examples: 'points' }), { maxEvents: 4 }),
  ],
];

describe('withColdRows', () => {
  it.each(splits)('leaves cold items out of all that trains and validates: %s', (_, make) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99 }), fc.double({ min: 0.1, max: 0.5, noNaN: true }), (seed, share) => {
        const before = make();
        const drawn = drawColdItems(before.interactions, { share, seed }, 'test');
        // A draw of few of the 40 items may meet none of the test rows, which is refused.
        if (examplesOf(before.test).every(({ target }) => drawn[before.interactions.itemIds[target]] === 0)) {
          expect(() => withColdRows(before, { share, seed })).toThrow('expected test rows of cold items; got none');
          return;
        }
        const after = withColdRows(before, { share, seed });
        const { itemIds } = before.interactions;
        const trained = new Set(
          examplesOf(after.train).flatMap(({ history, target }) => [...history, target].map((e) => itemIds[e])),
        );
        const cold = new Set(
          examplesOf(before.train).flatMap(({ target }) => (trained.has(itemIds[target]) ? [] : [itemIds[target]])),
        );
        for (const part of ['train', 'validation'] as const) {
          const expected = examplesOf(before[part]!)
            .filter(({ target }) => !cold.has(itemIds[target]))
            .map(({ history, target }) => ({ history: history.filter((e) => !cold.has(itemIds[e])), target }));
          expect(examplesOf(after[part]!)).toEqual(expected);
        }
        expect(after.test).toBe(before.test);
        expect(after.step.counts.train).toBe(after.train.targets.length);
        expect(after.step.counts.validation ?? 0).toBe(after.validation?.targets.length ?? 0);
        expect(after.step.counts.coldItems).toBeGreaterThanOrEqual(cold.size);
        expect(after.step.counts.coldTestRows).toBeGreaterThanOrEqual(
          examplesOf(before.test).filter(({ target }) => cold.has(itemIds[target])).length,
        );
      }),
      { numRuns: 60 },
    );
  });

  it('says what it did, and refuses what cannot be', () => {
    const split = randomSplit(world(), { seed: 2 });
    const { detail } = withColdRows(split, { share: 0.3, seed: 1 }).step;
    expect(detail).toMatch(
      / \d+ training and \d+ validation rows of \d+ cold items \(a share of 0\.3, seed 1\) are left out; \d+ test rows are of them\.$/,
    );
    expect(() => withColdRows(split, { share: 1, seed: 1 })).toThrow('expected a share between 0 and 1; got 1');
    expect(() => withColdRows(split, { share: 1e-9, seed: 1 })).toThrow(
      'withColdRows: expected test rows of cold items; got none among those of',
    );
    expect(() => withColdRows(split, { share: 1 - 1e-9, seed: 1 })).toThrow(
      'withColdRows: expected training rows of items that are not cold; got none among those of',
    );
  });
});
