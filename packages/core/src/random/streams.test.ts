import fc from 'fast-check';
import { expect, it } from 'vitest';
import { streamWords } from '../reference/index.ts';
import {
  fnv1a32,
  integers,
  multiplyHigh,
  normals,
  philox4x32,
  randomWords,
  shuffle,
  streamKey,
  truncatedNormals,
  uniform01,
} from './streams.ts';

const word = fc.integer({ min: 0, max: 0xffffffff });

function philox(counter: readonly number[], key: readonly number[]): string {
  const out = new Uint32Array(4);
  philox4x32(counter[0], counter[1], counter[2], counter[3], key[0], key[1], out);
  return Array.from(out, (x) => x.toString(16).padStart(8, '0')).join(' ');
}

it('philox4x32 gives the known answers of Random123', () => {
  const ones = 0xffffffff;
  expect(philox([0, 0, 0, 0], [0, 0])).toBe('6627e8d5 e169c58d bc57ac4c 9b00dbd8');
  expect(philox([ones, ones, ones, ones], [ones, ones])).toBe('408f276d 41c83b0e a20bc7c6 6d5451fd');
  const pi = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344];
  expect(philox(pi, [0xa4093822, 0x299f31d0])).toBe('d16cfe09 94fdcceb 5001e420 24126ea1');
});

it('multiplyHigh is exact', () => {
  fc.assert(
    fc.property(word, word, (a, b) => {
      expect(multiplyHigh(a, b)).toBe(Number((BigInt(a) * BigInt(b)) >> 32n));
    }),
  );
  expect(multiplyHigh(0xffffffff, 0xffffffff)).toBe(0xfffffffe);
});

it('fnv1a32 gives the published values', () => {
  expect(fnv1a32('')).toBe(0x811c9dc5);
  expect(fnv1a32('a')).toBe(0xe40c292c);
  expect(fnv1a32('foobar')).toBe(0xbf9cf968);
});

it('streams differ by name, by both halves of the seed and by step', () => {
  const keys = [
    streamKey(1, 'dropout'),
    streamKey(1, 'negatives'),
    streamKey(2, 'dropout'),
    streamKey(2 ** 32 + 1, 'dropout'),
  ];
  expect(new Set(keys.map((key) => `${key.k0}-${key.k1}`)).size).toBe(4);
  expect(randomWords(keys[0], 0, 8)).not.toEqual(randomWords(keys[0], 1, 8));
  expect(randomWords(keys[0], 3, 5)).toEqual(randomWords(keys[0], 3, 8).subarray(0, 5));
});

it('a part of a stream, from any word on, is what the whole has there', () => {
  const start = fc.oneof(fc.nat(40), fc.integer({ min: 2 ** 34 - 40, max: 2 ** 34 + 4 }), fc.constant(2 ** 52));
  fc.assert(
    fc.property(start, fc.nat(20), fc.nat(20), word, (start, skipped, count, step) => {
      const key = streamKey(5, 'parts');
      const whole = randomWords(key, step, skipped + count, start);
      const first = start + skipped;
      expect(randomWords(key, step, count, first)).toEqual(whole.slice(skipped));
      expect(Array.from(whole)).toEqual(streamWords({ ...key, step, first: start }, skipped + count));
      expect(uniform01(key, step, count, first)).toEqual(uniform01(key, step, skipped + count, start).slice(skipped));
      const drawn = integers(key, step, skipped + count, -3, 1000, start);
      expect(integers(key, step, count, -3, 1000, first)).toEqual(drawn.slice(skipped));
    }),
  );
  expect(normals(streamKey(5, 'parts'), 0, 7, 2)).toEqual(normals(streamKey(5, 'parts'), 0, 9).slice(2));
});

it('integers stay in their range and reach both ends', () => {
  const key = streamKey(7, 'negatives');
  const drawn = integers(key, 0, 20_000, 1, 10);
  const counts = new Array<number>(12).fill(0);
  for (const x of drawn) counts[x]++;
  expect(counts[0] + counts[11]).toBe(0);
  // Five standard deviations of a binomial count.
  for (let x = 1; x <= 10; x++) expect(Math.abs(counts[x] - 2000)).toBeLessThan(5 * Math.sqrt(20_000 * 0.09));
});

it('integers refuse a bound that words of 32 bits do not reach', () => {
  for (const bound of [0, -1, 2 ** 32, 2 ** 33, Number.NaN])
    expect(() => integers(streamKey(1, 'x'), 0, 3, 0, bound)).toThrow(
      `integers: expected a bound from 1 to 2^32 - 1; got ${bound}`,
    );
});

it('truncated normals are the first of four normals inside two standard deviations', () => {
  const key = streamKey(2, 'truncated');
  const four = normals(key, 0, 4 * 50_000);
  const expected = Float64Array.from({ length: 50_000 }, (_, i) => {
    const candidates = four.subarray(4 * i, 4 * i + 4);
    return candidates.find((x) => Math.abs(x) < 2) ?? candidates[0];
  });
  expect(truncatedNormals(key, 0, 50_000)).toEqual(expected);
  expect(truncatedNormals(key, 0, 100, 40_000)).toEqual(expected.slice(40_000, 40_100));
  expect(normals(key, 0, 101, 1000)).toEqual(four.slice(1000, 1101));
  // Past 2^32 counters the second word of the counter counts on.
  expect(randomWords(key, 0, 8, 2 ** 34 - 4).slice(4)).toEqual(randomWords(key, 0, 4, 2 ** 34));
  expect(randomWords(key, 0, 4, 2 ** 34)).not.toEqual(randomWords(key, 0, 4));
});

it('uniform01 and normals have the right mean and variance', () => {
  const key = streamKey(3, 'test');
  const moments = (xs: Float64Array): [number, number] => {
    const mean = xs.reduce((a, b) => a + b, 0) / xs.length;
    return [mean, xs.reduce((a, b) => a + (b - mean) ** 2, 0) / xs.length];
  };
  const [uMean, uVariance] = moments(uniform01(key, 0, 40_000));
  expect(uMean).toBeCloseTo(0.5, 1.9);
  expect(uVariance).toBeCloseTo(1 / 12, 2);
  const [mean, variance] = moments(normals(key, 0, 40_001));
  expect(Math.abs(mean)).toBeLessThan(5 / 200);
  expect(Math.abs(variance - 1)).toBeLessThan((5 * Math.SQRT2) / 200);
});

it('shuffle is a permutation, for every length', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 200 }), word, (n, step) => {
      const order = shuffle(streamKey(1, 'order'), step, n);
      expect(Array.from(order).sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
    }),
  );
  expect(shuffle(streamKey(1, 'order'), 0, 50)).not.toEqual(shuffle(streamKey(1, 'order'), 1, 50));
});

it('shuffle gives every permutation equally often', () => {
  const key = streamKey(11, 'order');
  const counts = new Map<string, number>();
  const draws = 6000;
  for (let step = 0; step < draws; step++) {
    const order = shuffle(key, step, 3).join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  // Five standard deviations of a binomial count.
  for (const count of counts.values())
    expect(Math.abs(count - draws / 6)).toBeLessThan(5 * Math.sqrt((draws * 5) / 36));
});

it('streams are pinned: a change here changes every published run', () => {
  const key = streamKey(42, 'dropout');
  expect([key.k0, key.k1]).toMatchInlineSnapshot(`
    [
      2658658033,
      2340943858,
    ]
  `);
  expect(Array.from(randomWords(key, 1, 5))).toMatchInlineSnapshot(`
    [
      3814269630,
      946105103,
      1938795194,
      2921806235,
      3623833249,
    ]
  `);
  expect(Array.from(shuffle(key, 1, 8))).toMatchInlineSnapshot(`
    [
      5,
      6,
      0,
      4,
      3,
      2,
      1,
      7,
    ]
  `);
});

it.each([1.5, Number.NaN, 2 ** 53])('refuses the seed %s, whose key would be that of another', (seed) => {
  expect(() => streamKey(seed, 'dropout')).toThrow(
    `streamKey: expected a seed that is an integer of at most 53 bits; got ${seed}`,
  );
});
