import { normals, streamKey, useBackend } from '@seqrec/core';
import '@seqrec/core/simd';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { appendItems } from './append.ts';
import { diagnose } from './codes/diagnostics.ts';
import { groupsOf, withCounter, withNextNearest } from './codes/unique-codes.ts';
import { type FitIdsRequest, fitSemanticIds } from './fit.ts';
import { knownTokenizerSchema } from './tokenizers/registry.ts';
import { fitResidualKMeans } from './tokenizers/residual-k-means.ts';
import { type Rows, rowsAt } from './vectors/rows.ts';

beforeAll(() => useBackend('simd'));

const drawn = (count: number, width: number, seed: number): Rows => ({
  ...{ count, width },
  values: normals(streamKey(seed, 'rows'), 0, count * width),
});
const small = knownTokenizerSchema().parse({ kind: 'residual-k-means', levels: 2, codes: 3 });
const request = (vectors: Rows, more: Partial<FitIdsRequest> = {}): FitIdsRequest => ({
  ...{ config: { tokenizer: small, collisions: 'counter' }, items: vectors.count, vectors, seed: 1 },
  ...more,
});

describe('unique codes', () => {
  it('count the items of equal codes in their order', () => {
    const codes = { count: 4, sizes: [2, 2], values: Int32Array.of(0, 1, 1, 1, 0, 1, 0, 1) };
    expect(withCounter(codes)).toEqual({
      ...{ count: 4, sizes: [2, 2, 3] },
      values: Int32Array.of(0, 1, 0, 1, 1, 0, 0, 1, 1, 0, 1, 2),
    });
  });

  it('are unique whatever collides, the codes before as they were', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2), fc.nat(2)), { minLength: 1, maxLength: 60 }), (pairs) => {
        const codes = { count: pairs.length, sizes: [3, 3], values: Int32Array.from(pairs.flat()) };
        const unique = withCounter(codes);
        expect(groupsOf(unique).size).toBe(pairs.length);
        expect([...groupsOf(unique, 2).values()]).toEqual([...groupsOf(codes).values()]);
      }),
    );
  });

  it('of next-nearest leave the nearest item where it is, and change no code but the last', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), async (seed) => {
        const vectors = drawn(20, 3, seed);
        const settings = { levels: 2, codes: 20, steps: 5, normalize: false, balanced: false };
        const { codes, codebooks } = await fitResidualKMeans(
          vectors,
          {
            ...settings,
            starts: [Array.from({ length: 20 }, (_, k) => k % 4), Array.from({ length: 20 }, (_, k) => k)],
          },
          { seed },
        );
        const unique = withNextNearest(codes, codebooks, vectors);
        expect(groupsOf(unique).size).toBe(20);
        expect([...groupsOf(unique, 1)]).toEqual([...groupsOf(codes, 1)]);
        const distances = codebooks.lastDistances!(vectors, codes);
        for (const rows of groupsOf(codes).values()) {
          const last = codes.values[2 * rows[0] + 1];
          const closest = rows.reduce((a, b) => (distances(b)[last] < distances(a)[last] ? b : a));
          expect(unique.values[2 * closest + 1]).toBe(last);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('of next-nearest say where there is no room', async () => {
    const vectors = { count: 5, width: 1, values: new Float64Array(5).fill(1) };
    const tokenizer = knownTokenizerSchema().parse({ kind: 'residual-k-means', levels: 2, codes: 2 });
    await expect(
      fitSemanticIds(request(vectors, { config: { tokenizer, collisions: 'next-nearest' } })),
    ).rejects.toThrow('expected at most 2 items with equal codes before the last level; got 5; use');
  });
});

describe('codes of degenerate items', () => {
  it('identical vectors share their codes, and a counter tells them apart', async () => {
    const vectors = { count: 7, width: 2, values: new Float64Array(14).fill(0.5) };
    const { codes, report } = await fitSemanticIds(request(vectors));
    expect(report.colliding).toEqual({ items: 7, share: 1, largest: 7 });
    expect(codes.sizes).toEqual([3, 3, 7]);
    expect(report.levels.map(({ used }) => used)).toEqual([1, 1]);
  });

  it('one item, fewer items than codes', async () => {
    expect((await fitSemanticIds(request(drawn(1, 2, 1)))).codes.values).toHaveLength(3);
    const { codes } = await fitSemanticIds(request(drawn(2, 2, 1)));
    expect(codes.sizes).toEqual([2, 2, 1]);
    expect(codes.values[0]).not.toBe(codes.values[3]);
  });

  it('none, or vectors of other items', async () => {
    await expect(fitSemanticIds(request({ count: 0, width: 2, values: new Float64Array(0) }))).rejects.toThrow(
      'semantic ids: expected at least one item; got none',
    );
    await expect(fitSemanticIds(request(drawn(3, 2, 1), { items: 4 }))).rejects.toThrow(
      'semantic ids: expected vectors of 4 items; got 3',
    );
  });
});

describe('codes without vectors', () => {
  const without = (tokenizer: object, items: number) =>
    fitSemanticIds({
      config: { tokenizer: knownTokenizerSchema().parse(tokenizer), collisions: 'counter' },
      ...{ items, seed: 3 },
    });

  it('by chance are unique by construction, and refuse more items than codes', async () => {
    const { codes, hasCounter } = await without({ kind: 'random', levels: 2, codes: 8 }, 60);
    expect([hasCounter, codes.sizes, groupsOf(codes).size]).toEqual([false, [8, 8], 60]);
    await expect(without({ kind: 'random', levels: 2, codes: 2 }, 5)).rejects.toThrow(
      'semantic ids: expected at least as many codes as items; got 2^2 = 4 for 5',
    );
  });

  it('one an item', async () => {
    const { codes } = await without({ kind: 'atomic' }, 4);
    expect(codes).toEqual({ count: 4, sizes: [4], values: Int32Array.of(0, 1, 2, 3) });
  });
});

describe('items that come later', () => {
  it.each(['counter', 'next-nearest'] as const)('leave the codes of the others as they are: %s', async (collisions) => {
    const all = drawn(40, 4, 9);
    const tokenizer = knownTokenizerSchema().parse({ kind: 'residual-k-means', levels: 2, codes: 24 });
    const vectors = rowsAt(
      all,
      Array.from({ length: 30 }, (_, r) => r),
    );
    const ids = await fitSemanticIds(request(vectors, { config: { tokenizer, collisions } }));
    const fresh = rowsAt(
      all,
      Array.from({ length: 10 }, (_, r) => 30 + r),
    );
    const more = await appendItems(ids, fresh);
    expect(more.values.subarray(0, ids.codes.values.length)).toEqual(ids.codes.values);
    expect(groupsOf(more).size).toBe(40);
    const own = await ids.codebooks.encode!(fresh);
    const kept = collisions === 'counter' ? 2 : 1;
    const levels = more.sizes.length;
    for (let r = 0; r < 10; r++) {
      const codes = more.values.subarray((30 + r) * levels, (30 + r) * levels + kept);
      expect([...codes]).toEqual([...own.values.subarray(2 * r, 2 * r + kept)]);
    }
  });

  it('count on in their group, which may grow', async () => {
    const vectors = { count: 3, width: 1, values: Float64Array.of(1, 1, -1) };
    const ids = await fitSemanticIds(request(vectors));
    const more = await appendItems(ids, { count: 2, width: 1, values: Float64Array.of(1, 1) });
    expect([more.values[11], more.values[14], more.sizes]).toEqual([2, 3, [3, 3, 4]]);
  });

  it('have no codes where codes stand for no vector', async () => {
    const tokenizer = knownTokenizerSchema().parse({ kind: 'atomic' });
    const ids = await fitSemanticIds({ config: { tokenizer, collisions: 'counter' }, items: 2, seed: 1 });
    await expect(appendItems(ids, drawn(1, 2, 1))).rejects.toThrow('expected codebooks that give new items codes');
  });
});

describe('what codes are like', () => {
  const codes = { count: 4, sizes: [3, 2], values: Int32Array.of(0, 0, 0, 0, 0, 1, 2, 1) };

  it('by hand', () => {
    const attributes = [[1, 2], [1, 3], [1, 2], [4]].map((own) => new Set(own));
    const report = diagnose(
      codes,
      { attributes, pairs: Int32Array.of(0, 1, 1, 3, 3, 3, 2, 0), events: [1, 1, 1, 7] },
      [0.5, 0.25],
    );
    expect(report.levels).toEqual([
      {
        ...{ codes: 3, used: 2, prefixes: 2, residualEnergy: 0.5, fanOut: { mean: 2, most: 2 } },
        perplexity: expect.closeTo(Math.exp(-0.75 * Math.log(0.75) - 0.25 * Math.log(0.25)), 12),
        // Pairs (0, 1), (0, 2), (1, 2): 1/3, 1, 1/3.
        jaccard: expect.closeTo(5 / 9, 12),
      },
      {
        ...{ codes: 2, used: 2, prefixes: 3, residualEnergy: 0.25, fanOut: { mean: 1.5, most: 2 } },
        perplexity: expect.closeTo(2, 12),
        jaccard: expect.closeTo(1 / 3, 12),
      },
    ]);
    expect(report.colliding).toEqual({ items: 2, share: 0.5, largest: 2 });
    // From: 0 0 2 0 (first codes), to: 0 2 2 0; equal in three of four.
    expect(report.consecutive).toEqual({ equal: 0.75, expected: 0.75 * 0.5 + 0.25 * 0.5 });
    expect(report.heaviest).toEqual({ code: 2, share: 0.7 });
  });

  it('names no heaviest code where no item has an event', () => {
    expect(diagnose(codes, { events: new Int32Array(codes.count) }).heaviest).toBeUndefined();
  });

  it('of codes alone has nothing of items', () => {
    const report = diagnose(codes);
    expect(Object.keys(report)).toEqual(['items', 'levels', 'colliding']);
    expect(report.levels.every((level) => !('jaccard' in level) && !('residualEnergy' in level))).toBe(true);
  });
});
