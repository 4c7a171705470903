import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { world } from '../../test/world.ts';
import { batches, packByTokens, trainTest } from '../index.ts';

const lengths = fc.array(fc.integer({ min: 3, max: 60 }), { minLength: 1, maxLength: 8 });

describe('packByTokens', () => {
  it('fills batches in order, none over the budget, none that the next example would have fitted in', () => {
    fc.assert(
      fc.property(
        lengths,
        fc.integer({ min: 60, max: 200 }),
        fc.integer({ min: 1, max: 4 }),
        (n, maxTokens, maxSequences) => {
          const { train } = trainTest(world(n));
          const order = Int32Array.from(train.targets.keys()).reverse();
          const plan = packByTokens(train, { maxTokens, maxSequences, order });
          const made = [...batches(train, { plan })];
          expect(made.flatMap((batch) => [...batch.users])).toEqual([...order].map((e) => train.users[e]));
          made.forEach((batch, b) => {
            expect(batch.itemIds.length).toBeLessThanOrEqual(maxTokens);
            const next = made[b + 1];
            if (next !== undefined && batch.users.length < maxSequences)
              expect(batch.itemIds.length + next.offsets[1]).toBeGreaterThan(maxTokens);
          });
          expect([...batches(train, { plan, startBatch: 1 })]).toEqual(made.slice(1));
        },
      ),
    );
  });

  it('refuses a history longer than the budget', () => {
    expect(() => packByTokens(trainTest(world([30])).train, { maxTokens: 20 })).toThrow(
      'packByTokens: expected histories of at most maxTokens = 20; got 28 at 0; raise the budget',
    );
  });
});
