import { normals, streamKey, useBackend } from '@seqrec/core';
import '@seqrec/core/simd';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Rows } from '../vectors/rows.ts';
import { assignCodes } from './assign-codes.ts';
import { codeClusters, positiveCodes } from './code-clusters.ts';
import { centredDistances, LEAST_EPSILON, sinkhornCodes, squaredDistances, transportPlan } from './sinkhorn.ts';

beforeAll(() => useBackend('simd'));

const drawn = (count: number, width: number, seed: number): Rows => ({
  ...{ count, width },
  values: normals(streamKey(seed, 'rows'), 0, count * width),
});
const timesEach = (codes: Int32Array, columns: number): number[] =>
  Array.from({ length: columns }, (_, k) => codes.filter((code) => code === k).length);

describe('transport plans', () => {
  it('are the scalings of rows and columns in turn, written as they are', () => {
    const [rows, columns, epsilon, iterations] = [5, 3, 0.1, 7];
    const distances = centredDistances(squaredDistances(drawn(rows, 2, 1), drawn(columns, 2, 2)));
    let plan = Array.from({ length: rows }, (_, r) =>
      Array.from({ length: columns }, (__, k) => Math.exp(-distances[r * columns + k] / epsilon)),
    );
    for (let i = 0; i < iterations; i++) {
      plan = plan.map((row) => row.map((q) => q / row.reduce((a, b) => a + b) / rows));
      plan = plan.map((row) => row.map((q, k) => q / plan.reduce((sum, other) => sum + other[k], 0) / columns));
    }
    const got = transportPlan(distances, columns, { epsilon, iterations });
    for (const [e, q] of plan.flat().entries()) expect(got[e]).toBeCloseTo(rows * q, 13);
  });

  it('weigh all columns alike, and rows nearly, down to the least epsilon', () => {
    fc.assert(
      fc.property(
        fc.nat(1e6),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 9 }),
        (seed, rows, columns) => {
          const distances = centredDistances(squaredDistances(drawn(rows, 3, seed), drawn(columns, 3, seed + 1)));
          const plan = transportPlan(distances, columns, { epsilon: LEAST_EPSILON, iterations: 50 });
          for (let k = 0; k < columns; k++) {
            let sum = 0;
            for (let r = 0; r < rows; r++) sum += plan[r * columns + k];
            expect(sum).toBeCloseTo(rows / columns, 8);
          }
        },
      ),
    );
  });

  it('centre distances to their extremes, and take equal ones', () => {
    const centred = centredDistances(Float64Array.of(1, 3, 2));
    expect([...centred]).toEqual([-1 / 1.00001, 1 / 1.00001, 0]);
    expect([...centredDistances(new Float64Array(4).fill(2))]).toEqual([0, 0, 0, 0]);
  });
});

describe('balanced codes', () => {
  it('spread rows that are all nearest to one code', () => {
    const book = { count: 4, width: 1, values: Float64Array.of(0, 10, 11, 12) };
    const rows = { count: 40, width: 1, values: Float64Array.from({ length: 40 }, (_, r) => r / 40) };
    const times = timesEach(sinkhornCodes(rows, book, { epsilon: 0.01, iterations: 200 }), 4);
    expect(Math.max(...times)).toBeLessThanOrEqual(14);
    expect(Math.min(...times)).toBeGreaterThan(0);
  });

  it('are the nearest where there are fewer rows than codes', async () => {
    const books = [drawn(8, 4, 1), drawn(8, 4, 2)];
    const settings = { kind: 'sinkhorn', epsilon: LEAST_EPSILON, iterations: 50, levels: 'all' } as const;
    for (const count of [1, 2, 7, 8]) {
      const rows = drawn(count, 4, 3);
      const [nearest, balanced] = await Promise.all([
        assignCodes(rows, books, { kind: 'nearest' }),
        assignCodes(rows, books, settings),
      ]);
      if (count < 8) expect(balanced).toEqual(nearest);
      else expect(balanced).not.toEqual(nearest);
    }
  });

  it('of the last level or of all, and nearest elsewhere', async () => {
    const rows = drawn(60, 3, 3);
    const books = [drawn(5, 3, 4), drawn(5, 3, 5)];
    const settings = { kind: 'sinkhorn', epsilon: 0.05, iterations: 30 } as const;
    const [plain, last, all] = await Promise.all([
      assignCodes(rows, books, { kind: 'nearest' }),
      assignCodes(rows, books, { ...settings, levels: 'last' }),
      assignCodes(rows, books, { ...settings, levels: 'all' }),
    ]);
    const level = (codes: Int32Array, of: number) => codes.filter((_, e) => e % 2 === of);
    expect(level(last.values, 0)).toEqual(level(plain.values, 0));
    expect(level(last.values, 1)).not.toEqual(level(plain.values, 1));
    expect(level(all.values, 0)).toEqual(sinkhornCodes(rows, books[0], settings));
    expect(Math.max(...timesEach(level(all.values, 0), 5))).toBeLessThan(
      Math.max(...timesEach(level(plain.values, 0), 5)),
    );
    const squares = squaredDistances(rows, books[0]);
    for (const [r, code] of level(plain.values, 0).entries())
      expect(squares[5 * r + code]).toBe(Math.min(...squares.subarray(5 * r, 5 * r + 5)));
  });
});

describe('positive codes', () => {
  it('are others of the cluster, each drawn, and none for a code that is alone', () => {
    const clusters = [0, 1, 0, 0, 2];
    const codes = Array.from({ length: 300 }, (_, i) => i % 5);
    const positives = positiveCodes(codes, clusters, { seed: 1, level: 0, step: 0 });
    const of = (code: number) => new Set([...positives].filter((_, i) => codes[i] === code));
    expect([0, 1, 2, 3, 4].map(of)).toEqual([[2, 3], [-1], [0, 3], [0, 2], [-1]].map((own) => new Set(own)));
    expect(positiveCodes(codes, clusters, { seed: 1, level: 0, step: 1 })).not.toEqual(positives);
    expect(positiveCodes(codes, clusters, { seed: 1, level: 0, step: 0 })).toEqual(positives);
  });

  it('have clusters of alike size', async () => {
    const times = timesEach(await codeClusters(drawn(26, 3, 6), { clusters: 5, seed: 1, level: 0 }), 5);
    expect([Math.max(...times), times.reduce((a, b) => a + b)]).toEqual([6, 26]);
  });
});
