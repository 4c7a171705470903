import { makeBatch, sequenceBatch } from '@seqrec/data';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spokenWorld } from '../../test-support/spoken-world.ts';
import { chosenUsers } from './chosen-users.ts';
import { type FamilyWeights, families } from './families.ts';
import { textRows } from './language.ts';
import { type MixtureRequest, mixtureOf } from './mixture.ts';
import { renderExample } from './templates.ts';

const { language } = spokenWorld();
const { numItems } = language.codes;
const none: FamilyWeights = { retrieve: 0, masked: 0, preferred: 0, toTitle: 0, fromTitle: 0, toAttributes: 0 };
const every: FamilyWeights = { retrieve: 1, masked: 1, preferred: 1, toTitle: 1, fromTitle: 1, toAttributes: 1 };

/** One history of items and the item after it, an hour apart; as often as is asked for. */
function batchOf(items: readonly number[], times = 1) {
  const length = items.length - 1;
  const all = Array.from({ length: times }, () => items.slice(0, -1)).flat();
  const next = Array.from({ length: times }, () => items.slice(1)).flat();
  return sequenceBatch({
    users: Int32Array.from({ length: times }, (_, u) => u),
    offsets: Int32Array.from({ length: times + 1 }, (_, b) => b * length),
    itemIds: Int32Array.from(all),
    timestamps: Float64Array.from(all, (_, t) => 10 * (t % length)),
    targets: Int32Array.from(next),
    targetTimestamps: Float64Array.from(next, (_, t) => 10 * (1 + (t % length))),
  });
}

function drawn(weights: FamilyWeights, request: Partial<MixtureRequest> & Pick<MixtureRequest, 'batch'>) {
  const to = request.batch.offsets.length - 1;
  return mixtureOf(language, weights)({ from: 0, to, run: { seed: 3, step: 7 }, retrieves: () => true, ...request });
}

const histories = fc.array(fc.integer({ min: 1, max: numItems }), { minLength: 2, maxLength: 7 });

describe('no example tells its answer', () => {
  it('a hidden item stands nowhere in its history', () => {
    fc.assert(
      fc.property(histories, fc.nat(1000), (items, step) => {
        const found = drawn({ ...none, masked: 1 }, { batch: batchOf(items), run: { seed: 3, step } });
        if (new Set(items).size === 1) expect(found).toEqual([]);
        for (const { example } of found) {
          if (example.family !== 'masked') throw new Error(example.family);
          expect(example.items).toEqual(items.map((each) => (each === example.item ? 0 : each)));
          expect(items).toContain(example.item);
          // Nor do its codes among the tokens of the question, item by item.
          const { rows, answers } = renderExample(example, language);
          const asked = rows.filter((_, t) => answers[t]).join();
          const shown = example.items.filter((each) => each > 0).map((each) => codesOf(each).join());
          expect(shown).not.toContain(asked);
        }
      }),
    );
  });

  it('of two items the other is none of the history, and each comes first as often', () => {
    const firsts = { right: 0, wrong: 0 };
    fc.assert(
      fc.property(histories, fc.nat(1000), (items, step) => {
        const [{ example, times }] = drawn(
          { ...none, preferred: 1 },
          { batch: batchOf(items), run: { seed: 3, step } },
        );
        if (example.family !== 'preferred') throw new Error(example.family);
        const past = example.items.length;
        expect(past).toBeGreaterThan(0);
        expect(example.items).toEqual(items.slice(0, past));
        expect(example.item).toBe(items[past]);
        expect(times[past]).toBe(10 * past);
        const [other, ...rest] = example.pair.filter((each) => each !== example.item);
        expect(rest).toEqual([]);
        expect(items).not.toContain(other);
      }),
    );
    for (const { example } of drawn({ ...none, preferred: 1 }, { batch: batchOf([1, 2, 3, 4], 2000) })) {
      if (example.family === 'preferred') firsts[example.pair[0] === example.item ? 'right' : 'wrong']++;
    }
    expect(firsts.right + firsts.wrong).toBe(2000);
    // Five standard deviations of 2000 throws.
    expect(Math.abs(firsts.right - 1000)).toBeLessThan(112);
  });

  it('a history is retrieved from its beginning, in order', () => {
    const [{ example, times }] = drawn({ ...none, retrieve: 1 }, { batch: batchOf([5, 2, 5, 9]) });
    expect(example).toEqual({ family: 'retrieve', items: [5, 2, 5, 9] });
    expect([...Array.from(times)]).toEqual([0, 10, 20, 30]);
  });
});

function codesOf(item: number): number[] {
  const { levels, ofItems } = language.codes;
  return [...ofItems.subarray(item * levels, (item + 1) * levels)];
}

describe('the mixture', () => {
  it('takes texts of all items, each with its own words', () => {
    const found = drawn({ ...none, toTitle: 1, fromTitle: 1, toAttributes: 1 }, { batch: batchOf([1, 2], 400) });
    expect(found.length).toBe(1200);
    for (const family of ['toTitle', 'fromTitle', 'toAttributes']) {
      const own = found.flatMap(({ example }) => ('words' in example && example.family === family ? [example] : []));
      expect(new Set(own.map(({ item }) => item)).size).toBe(numItems);
      const texts = family === 'toAttributes' ? language.attributes : language.titles;
      for (const { item, words } of own) expect(words).toEqual(textRows(language, texts, item));
    }
  });

  it('has as many examples of each family as it weighs', () => {
    const weights = { retrieve: 1, masked: 0.25, preferred: 1.5, toTitle: 0, fromTitle: 2, toAttributes: 0.75 };
    const found = drawn(weights, { batch: batchOf([1, 2, 3, 4], 1000) });
    for (const family of families) {
      const count = found.filter(({ example }) => example.family === family).length;
      expect(Math.abs(count - 1000 * weights[family])).toBeLessThan(80);
      if (Number.isInteger(weights[family])) expect(count).toBe(1000 * weights[family]);
    }
  });

  it('is another in every step, and of a part that of the whole batch', () => {
    const { examples } = spokenWorld();
    const batch = makeBatch(examples, [0, 1, 2, 3, 4]);
    const weights = { ...every, masked: 0.5, fromTitle: 1.5 };
    const whole = drawn(weights, { batch });
    const parts = [
      [0, 2],
      [2, 3],
      [3, 5],
    ].flatMap(([from, to]) => drawn(weights, { batch, from, to }));
    expect(parts).toEqual(whole);
    expect(drawn(weights, { batch, run: { seed: 3, step: 8 } })).not.toEqual(whole);
  });

  it('retrieves from the histories of some users alone, and asks all of them the rest', () => {
    const found = drawn(every, { batch: batchOf([1, 2, 3], 10), retrieves: (user) => user === 4 });
    const counts = families.map((family) => found.filter(({ example }) => example.family === family).length);
    expect(counts).toEqual([1, 10, 10, 10, 10, 10]);
  });

  it('makes nothing of an empty history but what is of texts', () => {
    const batch = sequenceBatch({
      offsets: Int32Array.of(0, 0),
      itemIds: new Int32Array(0),
      timestamps: new Float64Array(0),
    });
    expect(drawn(every, { batch }).map(({ example }) => example.family)).toEqual([
      'toTitle',
      'fromTitle',
      'toAttributes',
    ]);
  });
});

describe('users who are chosen', () => {
  const users = Int32Array.of(7, 3, 3, 9, 5, 1);
  it('are so many, of more the same and others, by the seed', () => {
    const [two, four] = [2, 4].map((count) => chosenUsers(users, count, 1));
    expect([two.size, four.size]).toEqual([2, 4]);
    for (const user of two) expect(four.has(user)).toBe(true);
    expect([...chosenUsers(users, 'all', 1)].sort()).toEqual([1, 3, 5, 7, 9]);
    const others = Array.from({ length: 20 }, (_, seed) => [...chosenUsers(users, 2, seed)].sort().join());
    expect(new Set(others).size).toBeGreaterThan(3);
  });
});
