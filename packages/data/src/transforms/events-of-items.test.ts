import { describe, expect, it } from 'vitest';
import { withSampledNegatives } from '../filters/sampled-negatives.ts';
import { leaveLastOut } from '../splits/leave-last-out.ts';
import { randomSplit } from '../splits/random.ts';
import { zipfWorld } from '../synthetic/zipf-world.ts';
import { eventsOfItems } from './events-of-items.ts';
import { trainingSequences } from './training-rows.ts';

const world = zipfWorld({ users: 40, items: 20, length: 8, seed: 5 });

describe('events of items', () => {
  it('counts the training events of sequences', () => {
    const split = leaveLastOut(world);
    const expected = new Array<number>(world.numItems).fill(0);
    for (const items of trainingSequences(split.train)) for (const item of items) expected[item - 1]++;
    expect([...eventsOfItems(split)]).toEqual(expected);
    expect(expected.reduce((sum, n) => sum + n)).toBeLessThan(world.numEvents);
  });

  it('counts rows of label 1 that train, not those that are drawn or tested', () => {
    const split = randomSplit(withSampledNegatives(world, { perPositive: 3, seed: 1 }), { seed: 2 });
    const { itemIds, events } = split.interactions;
    const label = events.columns.get('label') as { values: Float32Array };
    const expected = new Array<number>(world.numItems).fill(0);
    for (const target of split.train.targets) if (label.values[target] === 1) expected[itemIds[target] - 1]++;
    expect([...eventsOfItems(split)]).toEqual(expected);
    expect(expected.reduce((sum, n) => sum + n)).toBe(split.train.targets.length / 4);
  });
});
