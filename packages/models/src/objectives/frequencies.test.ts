import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tinyTrain } from '../test-support/tiny.ts';
import { CountMinSketch } from './count-min-sketch.ts';
import { createObjective } from './create.ts';
import { exactFrequencies, sketchFrequencies } from './frequencies.ts';
import { parseObjectiveConfig } from './registry.ts';

const examples = tinyTrain();

describe('frequencies', () => {
  it('sum to one, and count events that can be labels', () => {
    const { share } = exactFrequencies(examples);
    const total = Array.from({ length: 20 }, (_, i) => share(i + 1)).reduce((a, b) => a + b);
    expect(total).toBeCloseTo(1, 9);
    const sketch = sketchFrequencies(examples);
    for (let item = 1; item <= 20; item++) expect(sketch.share(item)).toBeCloseTo(share(item), 9);
  });

  it('a small sketch overestimates, a sketch of one counter gives every item all of it', () => {
    const { share } = exactFrequencies(examples);
    const small = sketchFrequencies(examples, { depth: 1, width: 7 });
    const over = Array.from({ length: 20 }, (_, i) => small.share(i + 1) - share(i + 1));
    expect(Math.min(...over)).toBeGreaterThanOrEqual(-1e-12);
    expect(Math.max(...over)).toBeGreaterThan(0);
    expect(sketchFrequencies(examples, { depth: 1, width: 1 }).share(3)).toBe(1);
  });
});

describe('count-min sketch', () => {
  const counted = (items: readonly number[], sketch: CountMinSketch): Map<number, number> => {
    const counts = new Map<number, number>();
    for (const item of items) {
      sketch.add(item);
      counts.set(item, (counts.get(item) ?? 0) + 1);
    }
    return counts;
  };

  it('never falls below the count, and adds up what it was given', () => {
    const items = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(items, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 90 }), (list, depth, width) => {
        const sketch = new CountMinSketch({ depth, width });
        for (const [item, count] of counted(list, sketch)) expect(sketch.estimate(item)).toBeGreaterThanOrEqual(count);
        expect(sketch.total).toBe(list.length);
      }),
    );
  });

  it.each([1, 2, 3, 4])(
    'depth %i: more than e / width of all counts too much at most as often as exp(-depth)',
    (depth) => {
      // Items of unequal counts, looked up under many hash functions: 40 seeds of 400 items.
      const items = Array.from({ length: 8000 }, (_, i) => 1 + ((i * i + 7 * i) % 400));
      const width = 64;
      let [bad, all] = [0, 0];
      for (let seed = 0; seed < 40; seed++) {
        const sketch = new CountMinSketch({ depth, width, seed });
        for (const [item, count] of counted(items, sketch)) {
          if (sketch.estimate(item) > count + (Math.E / width) * sketch.total) bad++;
          all++;
        }
      }
      expect(bad / all).toBeLessThanOrEqual(Math.exp(-depth));
    },
  );

  it('hashes by its seed alone', () => {
    const estimates = (seed: number): number[] => {
      const sketch = new CountMinSketch({ depth: 1, width: 5, seed });
      for (let item = 1; item <= 30; item++) sketch.add(item, item);
      return Array.from({ length: 30 }, (_, i) => sketch.estimate(i + 1));
    };
    expect(estimates(3)).toEqual(estimates(3));
    const plain = new CountMinSketch({ depth: 1, width: 5 });
    for (let item = 1; item <= 30; item++) plain.add(item, item);
    expect(Array.from({ length: 30 }, (_, i) => plain.estimate(i + 1))).toEqual(estimates(0));
    expect(estimates(3)).not.toEqual(estimates(4));
  });

  it('has one to four rows', () => {
    expect(() => new CountMinSketch({ depth: 5 })).toThrow(
      'count-min sketch: depth: expected an integer in 1..4; got 5',
    );
    expect(() => new CountMinSketch({ width: 0.5 })).toThrow('width: expected an integer in 1..4294967296; got 0.5');
  });
});

describe('configuration', () => {
  it('the size of the sketch is part of what a checkpoint compares', () => {
    const config = { kind: 'pool-softmax', logQ: 'sketch', sketch: { width: 99 } } as const;
    expect(createObjective(config, examples).settings).toMatchObject({ 'sketch.depth': 4, 'sketch.width': 99 });
  });

  it('a size without a sketch is refused', () => {
    expect(() => parseObjectiveConfig({ kind: 'pool-softmax', logQ: 'exact', sketch: {} })).toThrow(
      "objective: sketch: expected its size only when logQ is 'sketch'",
    );
  });
});
