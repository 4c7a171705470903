import { makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { createObjective } from '../index.ts';
import { tinySplit } from '../test-support/tiny.ts';
import { trainedItemsOf } from './trained-negatives.ts';

describe('negatives of trained items', () => {
  beforeAll(() => tf.setBackend('cpu'));

  it.each([
    { kind: 'sampled-softmax' },
    { kind: 'bce', numNegatives: 50 },
    { kind: 'pool-softmax', negatives: { kind: 'random', random: 500 } },
  ] as const)('are drawn uniformly from the items with a training event ($kind)', (config) => {
    const { train } = tinySplit({ users: 4, items: 20, length: 5 });
    const trained = trainedItemsOf(train);
    expect(trained.length).toBeLessThan(20);
    const batch = makeBatch(train, [0, 1, 2]);
    const objective = createObjective({ ...config, negativeItems: 'trained' }, train);
    expect(objective.settings.negativeItems).toBe('trained');
    for (const onHost of [false, true]) {
      const counts = new Map<number, number>();
      for (let step = 0; step < 20; step++) {
        const { negatives } = objective.draw!({ batch, numItems: 20, run: { training: true, step, seed: 1 }, onHost });
        for (const item of negatives.dataSync()) counts.set(item, (counts.get(item) ?? 0) + 1);
      }
      expect([...counts.keys()].sort((a, b) => a - b)).toEqual([...trained]);
      const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
      for (const count of counts.values()) expect(Math.abs((count * trained.length) / total - 1)).toBeLessThan(0.35);
    }
  });

  it('are refused where none are drawn', () => {
    const negatives = { kind: 'in-batch' } as const;
    const config = { kind: 'pool-softmax', negatives, negativeItems: 'trained' } as const;
    expect(() => createObjective(config, tinySplit().train)).toThrow('negativeItems');
  });

  it('leave the draws as they were unless they are asked for', () => {
    const { train } = tinySplit();
    const plain = createObjective({ kind: 'sampled-softmax' }, train);
    const all = createObjective({ kind: 'sampled-softmax', negativeItems: 'all' }, train);
    const context = { batch: makeBatch(train, [0]), numItems: 20, run: { training: true, step: 0, seed: 1 } };
    expect(all.draw!(context).negatives.dataSync()).toEqual(plain.draw!(context).negatives.dataSync());
    expect(all.settings).toEqual(plain.settings);
  });
});
