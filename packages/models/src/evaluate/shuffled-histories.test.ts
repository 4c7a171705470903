import { useBackend } from '@seqrec/core';
import { latestWindow, makeBatch } from '@seqrec/data';
import { beforeAll, describe, expect, it } from 'vitest';
import { createModel } from '../registry.ts';
import { tinyConfigs, tinySplit } from '../test-support/tiny.ts';
import { evaluate } from './evaluate.ts';
import { evaluateShuffled, shuffledHistories } from './shuffled-histories.ts';

beforeAll(async () => {
  await useBackend('auto');
});

const examples = latestWindow(tinySplit().test, { maxLength: 6 });
const all = [...examples.targets.keys()];

describe('shuffled histories', () => {
  it('hold the same events of each user, in another order that seed and user decide', () => {
    const batch = makeBatch(examples, all);
    const [once, again, other] = [1, 1, 2].map((seed) => shuffledHistories(batch, seed));
    expect(again.itemIds).toEqual(once.itemIds);
    expect(other.itemIds).not.toEqual(once.itemIds);
    expect(once.itemIds).not.toEqual(batch.itemIds);
    expect(once.timestamps).toBe(batch.timestamps);
    expect(once.targets).toBe(batch.targets);
    const eventsOf = ({ itemIds, ratings }: typeof batch, b: number) =>
      Array.from(
        itemIds.subarray(batch.offsets[b], batch.offsets[b + 1]),
        (item, i) => `${item} ${ratings?.[batch.offsets[b] + i]}`,
      );
    for (const b of batch.users.keys()) expect(eventsOf(once, b).sort()).toEqual(eventsOf(batch, b).sort());
    // The same in a batch of its own.
    const alone = shuffledHistories(makeBatch(examples, [3]), 1);
    expect([...alone.itemIds]).toEqual([...once.itemIds.subarray(batch.offsets[3], batch.offsets[4])]);
  });

  it('change the ranks of a model that reads the order, and say so', async () => {
    const { numItems } = examples.interactions;
    const model = createModel(tinyConfigs.gru4rec, { numItems, seed: 3 });
    const before = await evaluate({ model, examples, ks: [5] });
    const after = await evaluateShuffled({ model, examples, ks: [5] }, 1);
    model.dispose();
    expect(after.users).toEqual(before.users);
    expect(after.ranks).not.toEqual(before.ranks);
    expect(after.definition.join(' ')).toContain('its events in an order by chance');
  });
});
