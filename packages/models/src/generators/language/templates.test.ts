import fc from 'fast-check';
import { expect, it } from 'vitest';
import { drawnCodes } from '../../test-support/coded-world.ts';
import { exampleParser } from './parse.ts';
import { languageSymbols, languageTokens } from './symbols.ts';
import { type Example, renderExample } from './templates.ts';

const numItems = 12;
const symbols = languageSymbols(drawnCodes(numItems, [3, 4, 2], 5), ['balm', 'lip', 'red']);
const { begins, hidden, or, answer, end, rare, count } = symbols;
const parse = exampleParser(symbols);
const codesOf = (item: number) => [...symbols.codes.ofItems.subarray(item * 3, (item + 1) * 3)];

const item = fc.integer({ min: 1, max: numItems });
const items = fc.array(item, { minLength: 1, maxLength: 6 });
const words = fc.array(fc.integer({ min: rare, max: count }), { maxLength: 5 });
const example: fc.Arbitrary<Example> = fc.oneof(
  fc.record({ family: fc.constant('retrieve' as const), items }),
  fc.record({
    family: fc.constant('masked' as const),
    items: fc.array(fc.integer({ min: 0, max: numItems }), { minLength: 1, maxLength: 6 }),
    item,
  }),
  fc.record({ family: fc.constant('preferred' as const), items, pair: fc.tuple(item, item), item }),
  fc.record({
    family: fc.constantFrom('toTitle' as const, 'fromTitle' as const, 'toAttributes' as const),
    item,
    words,
  }),
);

it('has rows of its own for every symbol', () => {
  const rows = [...Object.values(begins), hidden, or, answer, end, rare];
  expect(rows).toEqual(Array.from({ length: 11 }, (_, i) => symbols.codes.count + 1 + i));
  expect(count).toBe(rare + 3);
});

it('writes each family as its template says', () => {
  const of = (given: Example) => renderExample(given, symbols);
  const [a, b, c] = [1, 2, 3].map(codesOf);
  const retrieve = of({ family: 'retrieve', items: [1, 2, 3] });
  expect(retrieve.rows).toEqual([begins.retrieve, ...a, ...b, ...c]);
  expect(retrieve.answers.map(Number)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
  expect(retrieve.places).toEqual([0, 0, 0, 0, 1, 1, 1, 2, 2, 2]);
  const masked = of({ family: 'masked', items: [1, 0, 3], item: 2 });
  expect(masked.rows).toEqual([begins.masked, ...a, hidden, ...c, answer, ...b]);
  expect(masked.places).toEqual([0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 2, 2]);
  const preferred = of({ family: 'preferred', items: [1], pair: [2, 3], item: 3 });
  expect(preferred.rows).toEqual([begins.preferred, ...a, or, ...b, or, ...c, answer, ...c]);
  expect(preferred.places).toEqual([0, 0, 0, 0, ...new Array(12).fill(1)]);
  const to = of({ family: 'toTitle', item: 2, words: [rare + 3, rare] });
  expect(to.rows).toEqual([begins.toTitle, ...b, answer, rare + 3, rare, end]);
  expect(to.answers.map(Number)).toEqual([0, 0, 0, 0, 0, 1, 1, 1]);
  const from = of({ family: 'fromTitle', item: 2, words: [rare + 1] });
  expect(from.rows).toEqual([begins.fromTitle, rare + 1, answer, ...b]);
});

it('is read back as it was', () => {
  fc.assert(
    fc.property(example, (given) => {
      expect(parse(renderExample(given, symbols).rows)).toEqual(given);
    }),
  );
});

it('asks for answers alone: the last of the tokens, of one family the items after the first', () => {
  fc.assert(
    fc.property(example, (given) => {
      const { rows, answers, places } = renderExample(given, symbols);
      expect([answers.length, places.length]).toEqual([rows.length, rows.length]);
      const asked = rows.filter((_, t) => answers[t]);
      const expected =
        given.family === 'retrieve'
          ? given.items.slice(1).flatMap(codesOf)
          : given.family === 'toTitle' || given.family === 'toAttributes'
            ? [...given.words, end]
            : codesOf(given.item);
      expect(asked).toEqual(expected);
      expect(answers.indexOf(true)).toBe(asked.length === 0 ? -1 : rows.length - asked.length);
    }),
  );
});

it('is no longer than the model has places for', () => {
  fc.assert(
    fc.property(example, (given) => {
      const events = 'items' in given ? given.items.length : 0;
      const { rows } = renderExample(given, symbols);
      // What is retrieved and hidden has the target among its items.
      const read = given.family === 'retrieve' || given.family === 'masked' ? events - 1 : events;
      expect(rows.length - 1).toBeLessThanOrEqual(languageTokens(read, 3, 5));
    }),
  );
  // Two of them are as long as that.
  const preferred = renderExample({ family: 'preferred', items: [1, 2], pair: [3, 4], item: 3 }, symbols);
  expect(preferred.rows.length - 1).toBe(languageTokens(2, 3, 1));
  const title = renderExample({ family: 'toTitle', item: 1, words: new Array(40).fill(rare) }, symbols);
  expect(title.rows.length - 1).toBe(languageTokens(2, 3, 40));
});

it('says what is wrong with tokens that no template makes', () => {
  expect(() => parse([hidden])).toThrow(
    `parseExample: expected the mark of a family; got row ${hidden} at token 0 of 1`,
  );
  expect(() => parse([begins.fromTitle, rare, ...codesOf(1)])).toThrow(
    `parseExample: expected a word; got row ${codesOf(1)[0]} at token 2 of 5`,
  );
  expect(() => parse([begins.toTitle, ...codesOf(1), end])).toThrow(
    `parseExample: expected the mark ${answer}; got row ${end} at token 4 of 5`,
  );
  expect(() => parse([begins.masked, ...codesOf(1), answer, 1])).toThrow(
    'parseExample: expected the codes of an item; got row 1 at token 5 of 6',
  );
  expect(() => parse([begins.toTitle, ...codesOf(1), answer])).toThrow(
    'parseExample: expected a word; got the end at token 5 of 5',
  );
  expect(() => parse([begins.fromTitle, answer, ...codesOf(1), end])).toThrow(
    `parseExample: expected no more; got row ${end} at token 5 of 6`,
  );
});
