import { normals, streamKey, useBackend } from '@seqrec/core';
import '@seqrec/core/simd';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { codebooksOf } from '../codebooks-of.ts';
import type { TokenizerConfig } from '../config.ts';
import { fitSemanticIds } from '../fit.ts';
import { type Rows, rowsAt, squaredDistance } from '../vectors/rows.ts';
import { kMeans } from './k-means.ts';
import { nearest } from './nearest.ts';
import { knownTokenizerSchema } from './registry.ts';
import { fitResidualKMeans } from './residual-k-means.ts';

beforeAll(() => useBackend('simd'));

function drawn(count: number, width: number, seed: number): Rows {
  return { count, width, values: normals(streamKey(seed, 'rows'), 0, count * width) };
}

const withVectors: TokenizerConfig[] = [
  { kind: 'residual-k-means', codes: 6 },
  { kind: 'residual-k-means', codes: 6, normalize: true },
  { kind: 'rq-vae', codes: 6, hiddenSizes: [8], width: 4, epochs: 3, batchSize: 32 },
  { kind: 'hierarchical', codes: 4 },
  { kind: 'product', codes: 6 },
  { kind: 'lsh', bits: 3 },
].map((given) => knownTokenizerSchema().parse(given));

describe.each(withVectors)('$kind', (tokenizer) => {
  it('gives the rows of the fit the same codes again, on every backend', async () => {
    const vectors = drawn(90, 7, 3);
    const fit = () => fitSemanticIds({ config: { tokenizer, collisions: 'counter' }, items: 90, vectors, seed: 4 });
    const { codes, codebooks } = await fit();
    const levels = codebooks.sizes.length;
    const own = Array.from({ length: 90 }, (_, r) => [
      ...codes.values.subarray(r * (levels + 1), r * (levels + 1) + levels),
    ]);
    const again = await codebooks.encode!(vectors);
    expect([...again.values]).toEqual(own.flat());
    // From what a file keeps.
    const read = codebooksOf(tokenizer, codebooks.sizes, codebooks.tensors);
    expect([...(await read.encode!(rowsAt(vectors, [5, 80]))).values]).toEqual([...own[5], ...own[80]]);
    await useBackend('cpu');
    // Trained weights are those of their backend; what is frozen is not.
    if (tokenizer.kind === 'rq-vae') expect((await codebooks.encode!(vectors)).values).toEqual(again.values);
    else expect([...(await fit()).codes.values]).toEqual([...codes.values]);
    await useBackend('simd');
  });

  it('gives codes inside the sizes, and draws by its seed alone', async () => {
    const vectors = drawn(60, 5, 8);
    const fit = async (seed: number) =>
      (await fitSemanticIds({ config: { tokenizer, collisions: 'counter' }, items: 60, vectors, seed })).codes;
    const codes = await fit(1);
    expect([...codes.values].every((code, e) => code >= 0 && code < codes.sizes[e % codes.sizes.length])).toBe(true);
    expect((await fit(1)).values).toEqual(codes.values);
    expect((await fit(2)).values).not.toEqual(codes.values);
  });
});

it('finds the nearest centroid of float64, the lowest of equals', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(1e6),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 9 }),
      async (seed, n, k) => {
        const rows = drawn(n, 4, seed);
        // Twins, and centroids that differ in the last digits of a float32.
        const books = drawn(k, 4, seed + 1);
        const near = books.values.map((value, e) => value * (1 + (e % 3) * 1e-9));
        const centroids = { count: 2 * k, width: 4, values: Float64Array.from([...books.values, ...near]) };
        const { codes, squares } = await nearest(rows, centroids);
        for (let r = 0; r < n; r++) {
          const all = Array.from({ length: 2 * k }, (_, c) => squaredDistance(rows, r, centroids, c));
          expect(codes[r]).toBe(all.indexOf(Math.min(...all)));
          expect(squares[r]).toBe(Math.min(...all));
        }
      },
    ),
    { numRuns: 30 },
  );
});

describe('k-means', () => {
  it('finds planted clusters', async () => {
    const noise = drawn(60, 2, 1);
    const centers = [-10, -10, 10, 0, -10, 10];
    const values = noise.values.map((value, e) => 0.1 * value + centers[2 * (Math.floor(e / 2) % 3) + (e % 2)]);
    const { codes } = await kMeans({ ...noise, values }, { codes: 3, seed: 1, stream: '' });
    expect(new Set([codes[0], codes[1], codes[2]]).size).toBe(3);
    expect([...codes].every((code, r) => code === codes[r % 3])).toBe(true);
  });

  it('moves a centroid without rows to the row that is farthest from its own', async () => {
    const rows = { count: 4, width: 1, values: Float64Array.of(0, 1, 2, 50) };
    // The last centroid is the first row once more: the lower one takes all rows.
    const { codes, centroids } = await kMeans(rows, { codes: 2, seed: 1, stream: '', starts: [0, 0] });
    expect([...codes]).toEqual([0, 0, 0, 1]);
    expect([...centroids.values]).toEqual([1, 50]);
  });

  it('gives no code more rows than its share when it is balanced', async () => {
    const { codes } = await kMeans(drawn(41, 3, 2), { codes: 5, seed: 1, stream: '', balanced: true });
    const sizes = Array.from({ length: 5 }, (_, k) => codes.filter((code) => code === k).length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(9);
    expect(sizes.reduce((a, b) => a + b)).toBe(41);
  });
});

it('leaves ever less: codebooks and what is left are the vector, level by level', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1e6), fc.integer({ min: 2, max: 50 }), async (seed, count) => {
      const vectors = drawn(count, 6, seed);
      const settings = { levels: 3, codes: Math.min(5, count), steps: 20, normalize: false, balanced: false };
      const { codes, codebooks, residualEnergy } = await fitResidualKMeans(vectors, settings, { seed });
      const decoded = codebooks.decode!(codes);
      let left = 0;
      for (let r = 0; r < count; r++) left += squaredDistance(vectors, r, decoded, r);
      const whole = vectors.values.reduce((sum, value) => sum + value * value, 0);
      expect(residualEnergy![2]).toBeCloseTo(left / whole, 9);
      expect(residualEnergy![0]).toBeLessThanOrEqual(1 + 1e-6);
      expect(residualEnergy![1]).toBeLessThanOrEqual(residualEnergy![0] + 1e-6);
      expect(residualEnergy![2]).toBeLessThanOrEqual(residualEnergy![1] + 1e-6);
    }),
    { numRuns: 20 },
  );
});
