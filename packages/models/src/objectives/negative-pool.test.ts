import { describe, expect, it } from 'vitest';
import { logExpected, negativePool } from './negative-pool.ts';

const run = (step = 0, seed = 1) => ({ training: true, step, seed });
const labels = Int32Array.of(11, 12, 13, 14, 15);
const drawn = Int32Array.of(1, 2, 3);

describe('the pool of a step', () => {
  it('holds the labels first, then the draws', () => {
    const { items, inBatch, random } = negativePool(labels, drawn, { kind: 'mixed', inBatch: 9, random: 3 }, run());
    expect([...items]).toEqual([11, 12, 13, 14, 15, 1, 2, 3]);
    expect([inBatch, random]).toEqual([5, 3]);
    expect([...negativePool(labels, drawn, { kind: 'mixed', inBatch: 5, random: 3 }, run()).items]).toEqual([
      ...labels,
      ...drawn,
    ]);
  });

  it('of one kind alone holds that kind', () => {
    const random = negativePool(labels, drawn, { kind: 'random', random: 3 }, run());
    expect([[...random.items], random.inBatch, random.random]).toEqual([[1, 2, 3], 0, 3]);
    const own = negativePool(labels, new Int32Array(0), { kind: 'in-batch', inBatch: 5 }, run());
    expect([[...own.items], own.inBatch, own.random]).toEqual([[11, 12, 13, 14, 15], 5, 0]);
  });

  it('takes as many labels as it may, each place as often as the others, none twice', () => {
    const counts = new Map<number, number>();
    const steps = 1000;
    for (let step = 0; step < steps; step++) {
      const { items, inBatch } = negativePool(labels, drawn, { kind: 'mixed', inBatch: 2, random: 3 }, run(step));
      if (inBatch !== 2 || new Set(items).size !== 5 || items.subarray(2).join() !== '1,2,3')
        expect.fail(`step ${step}: ${items.join()}, of them ${inBatch} labels`);
      for (const item of items.subarray(0, 2)) counts.set(item, (counts.get(item) ?? 0) + 1);
    }
    for (const label of labels) {
      // Binomial with p = 2/5; four standard deviations.
      expect(Math.abs((counts.get(label) ?? 0) - 0.4 * steps)).toBeLessThan(4 * Math.sqrt(steps * 0.4 * 0.6));
    }
  });

  it('depends on seed and step alone', () => {
    const pool = (step: number, seed: number) =>
      [
        ...negativePool(
          Int32Array.from({ length: 50 }, (_, i) => i),
          drawn,
          { kind: 'in-batch', inBatch: 9 },
          run(step, seed),
        ).items,
      ].join();
    expect(pool(3, 4)).toBe(pool(3, 4));
    expect(pool(3, 4)).not.toBe(pool(4, 4));
    expect(pool(3, 4)).not.toBe(pool(3, 5));
  });
});

describe('logExpected', () => {
  it('is log(N_inBatch share + N_random / I)', () => {
    const share = (row: number) => [0, 0.5, 0.25, 0][row];
    const mixed = logExpected({ inBatch: 8, random: 6 }, share, 3);
    expect([1, 2, 3].map((row) => Math.exp(mixed(row)))).toEqual([6, 4, 2].map((n) => expect.closeTo(n, 12)));
    const own = logExpected({ inBatch: 8, random: 0 }, share, 3);
    expect([1, 2].map(own)).toEqual([Math.log(4), Math.log(2)]);
    // An item that is never a label is never in the pool.
    expect(own(3)).toBe(Number.NEGATIVE_INFINITY);
  });
});
