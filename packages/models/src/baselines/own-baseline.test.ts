// What a stranger can define: a baseline.
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { tinySplit } from '../test-support/tiny.ts';
import { baselineOf, defineBaseline, knownBaselines } from './registry.ts';
import { evaluateScorer, type Scorer } from './scorer.ts';

const { train, test } = tinySplit();
/** Item 1 first, then 2, and so on. */
const byNumber = (numItems: number): Scorer => ({
  name: 'acme/by-number',
  description: 'the number of the item, low ones first.',
  numItems,
  score: (_, out) => {
    for (let item = 1; item <= numItems; item++) out[item] = 1 / item;
  },
});

beforeAll(() => {
  defineBaseline({
    name: 'acme/by-number',
    fit: ({ interactions }) => byNumber(interactions.numItems),
    unfit: (_, { excludeSeen }) => (excludeSeen === 'all' ? 'not so' : undefined),
  });
});

describe('a baseline of a stranger', () => {
  it('is one among ours, and ranks', async () => {
    expect(knownBaselines().slice(-2)).toEqual(['slim', 'acme/by-number']);
    const definition = baselineOf('acme/by-number');
    const scorer = await definition.fit(train, { settings: {} });
    const { ranks } = await evaluateScorer({ scorer, examples: test, ks: [3], excludeSeen: false });
    expect([...ranks]).toEqual(Array.from(test.targets, (event) => test.interactions.itemIds[event]));
    expect(definition.unfit?.(train, { excludeSeen: 'all' })).toBe('not so');
  });

  it.each([
    [{ name: 'popularity', fit: () => byNumber(3) }, "expected a baseline that is not known yet; got 'popularity'"],
    [{ name: 'By Number', fit: () => byNumber(3) }, 'defineBaseline: name: expected words of small letters'],
    [{ name: 'acme/other' }, 'defineBaseline: fit: expected a function of the training part; got undefined'],
  ])('%j is refused', (definition, message) => {
    expect(() => defineBaseline(definition as never)).toThrow(message);
  });

  it.each([
    [{ key: 'a b', schema: z.strictObject({}) }, 'settings.key: expected a name of letters and digits; got "a b"'],
    [
      { key: 'ease', schema: z.strictObject({}) },
      "one that no other baseline has; got 'ease', which is that of 'ease'",
    ],
    [
      { key: 'own', schema: z.strictObject({ days: z.number() }) },
      'settings.schema: expected a default for each setting',
    ],
    [
      { key: 'own', schema: z.strictObject({ days: z.number().default(1) }), tries: { days: ['two'] } },
      'settings.tries.days: expected values that the schema takes; got "two"',
    ],
  ])('settings %j are refused', (settings, message) => {
    const fit = () => byNumber(3);
    expect(() => defineBaseline({ name: 'acme/other', settings: settings as never, fit })).toThrow(message);
  });

  it('an unknown one is told, with the nearest', () => {
    expect(() => baselineOf('acme/by-numbers')).toThrow("did you mean 'acme/by-number'?");
  });
});
