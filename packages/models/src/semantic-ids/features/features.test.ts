import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Codes } from '../tokenizers/tokenizer.ts';
import { groupTerms, prefixTerms } from './code-terms.ts';
import { fitPieces, piecesOf } from './pieces.ts';

const codesOf = (rows: readonly (readonly number[])[], size: number): Codes => ({
  ...{ count: rows.length, sizes: new Array<number>(rows[0].length).fill(size) },
  values: Int32Array.from(rows.flat()),
});
const drawn = fc.array(fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3), fc.nat(3)), { minLength: 1, maxLength: 30 });

describe('terms of codes', () => {
  const codes = codesOf(
    [
      [1, 2, 0, 3],
      [1, 2, 3, 3],
    ],
    4,
  );

  it('of prefixes are shared as far as codes agree', () => {
    expect(prefixTerms(codes)).toEqual([
      ['1:1', '2:1.2', '3:1.2.0', '4:1.2.0.3'],
      ['1:1', '2:1.2', '3:1.2.3', '4:1.2.3.3'],
    ]);
  });

  it('of groups do not overlap', () => {
    expect(groupTerms(codes, 2)).toEqual([
      ['0:1.2', '1:0.3'],
      ['0:1.2', '1:3.3'],
    ]);
    expect(() => groupTerms(codes, 3)).toThrow(
      'semantic ids: n: expected a divisor of the 4 codes of an item, so that groups are of one length; got 3',
    );
  });
});

describe('pieces', () => {
  it('are single codes when no more are wanted, and fewer are refused', () => {
    const codes = codesOf(
      [
        [0, 1],
        [1, 1],
      ],
      2,
    );
    const { merges, segment } = fitPieces(codes, 4);
    expect([merges, segment(codes)]).toEqual([
      [],
      [
        ['0.0', '1.1'],
        ['0.1', '1.1'],
      ],
    ]);
    expect(() => fitPieces(codes, 3)).toThrow(
      'pieces: expected at least 4, a piece for each code of each level; got 3',
    );
  });

  it('join back to the codes, never exceed their number, and are the same from their merges', () => {
    fc.assert(
      fc.property(drawn, fc.integer({ min: 16, max: 60 }), (rows, size) => {
        const codes = codesOf(rows, 4);
        const fitted = fitPieces(
          codes,
          size,
          rows.map((_, r) => 1 + (r % 3)),
        );
        expect(fitted.pieces.length).toBeLessThanOrEqual(size);
        expect(new Set(fitted.pieces).size).toBe(fitted.pieces.length);
        const segments = fitted.segment(codes);
        for (const [r, pieces] of segments.entries()) {
          expect(pieces.join(' ')).toBe(rows[r].map((code, level) => `${level}.${code}`).join(' '));
          expect(pieces.every((piece) => fitted.pieces.includes(piece))).toBe(true);
        }
        expect(piecesOf(codes.sizes, fitted.merges).segment(codes)).toEqual(segments);
      }),
    );
  });

  it('join first what is most frequent by weight; items with equal codes have equal pieces', () => {
    const codes = codesOf(
      [
        [0, 0, 1],
        [0, 0, 0],
        [1, 0, 1],
        [0, 0, 1],
      ],
      2,
    );
    const { merges, segment } = fitPieces(codes, 7, [1, 1, 9, 1]);
    // (1.0, 2.1) has weight 11, (0.0, 1.0) only 3.
    expect(merges).toEqual([['1.0', '2.1']]);
    expect(segment(codes)[0]).toEqual(segment(codes)[3]);
  });

  it('do not pass over what has no weight as if it had', () => {
    expect(fitPieces(codesOf([[0, 0]], 1), 9, [0]).merges).toEqual([]);
  });
});
