import fc from 'fast-check';
import { expect, it } from 'vitest';
import { limitOfF1, spokenRun, wordF1 } from './titles.ts';

it('F1 of words is 2 |both| / (|one| + |other|), as bags', () => {
  expect(wordF1(['red', 'lip', 'balm'], ['lip', 'balm', 'red'])).toBe(1);
  expect(wordF1(['red', 'red'], ['red', 'lip', 'balm'])).toBeCloseTo(2 / 5, 12);
  expect(wordF1([], [])).toBe(0);
  // Two rare words may be different ones.
  expect(wordF1([undefined, 'lip'], [undefined, 'lip'])).toBe(0.5);
});

it('F1 is the same both ways, at most 1, and 1 of equal texts alone', () => {
  const words = fc.array(fc.constantFrom('a', 'b', 'c', undefined), { maxLength: 6 });
  fc.assert(
    fc.property(words, words, (one, other) => {
      const value = wordF1(one, other);
      expect(value).toBe(wordF1(other, one));
      const bag = (text: typeof one) => [...text].sort().join();
      const isSame = one.length > 0 && !one.includes(undefined) && bag(one) === bag(other);
      expect(value === 1).toBe(isSame);
      expect(value).toBeLessThanOrEqual(1);
    }),
  );
});

it('no text has a higher F1 than the limit, which one without the rare words has', () => {
  // Two of four words are rare: written they are wrong (F1 .5), left out they only lack.
  const text = ['red', 'lipstick', undefined, undefined];
  expect(wordF1(text, text)).toBe(0.5);
  expect(limitOfF1(text)).toBeCloseTo((2 * 2) / (2 + 4), 12);
  expect(limitOfF1(['red', 'lipstick'])).toBe(1);
  expect([limitOfF1([undefined]), limitOfF1([])]).toEqual([0, 0]);
  const words = fc.array(fc.constantFrom('a', 'b', 'c', undefined), { maxLength: 6 });
  fc.assert(
    fc.property(words, words, (written, own) => {
      expect(wordF1(written, own)).toBeLessThanOrEqual(limitOfF1(own));
    }),
  );
});

it('a run that knows no words is refused', () => {
  expect(() => spokenRun({} as never, undefined, {} as never)).toThrow(
    'seqrec titles: expected a run with task.language, which knows words; got one without',
  );
});
