import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BackendChoice } from '@seqrec/core';
import { describe, expect, it } from 'vitest';
import { tinyRecipe } from '../../testing/run-cli.ts';
import { runMain } from '../../testing/run-main.ts';
import { nativeProducts, otherProducts, withSideOf } from './native-products.ts';

const products = { library: '/a/libopenblas.so', version: 'OpenBLAS 0.3.21', core: 'SkylakeX', from: 64 } as const;

describe('products of a run that goes on', () => {
  it('are told when they are those of another library, version or processor, or begin at another side', () => {
    expect(otherProducts(products, { ...products, library: '/b/libopenblas.so', rates: [] })).toBeUndefined();
    expect(otherProducts(undefined, undefined)).toBeUndefined();
    // A library that makes no products decides nothing.
    expect(otherProducts(undefined, { ...products, from: 'never' })).toBeUndefined();
    expect(otherProducts(products, { ...products, core: 'Zen' })).toBe(
      'note: the run was trained with products by OpenBLAS 0.3.21 (kernels for SkylakeX, from 64 a side on) and goes on with OpenBLAS 0.3.21 (kernels for Zen, from 64 a side on): its weights get other bits than in one go; it had --blas /a/libopenblas.so',
    );
    expect(otherProducts(products, undefined)).toContain(' and goes on with our kernels alone: ');
    expect(otherProducts(undefined, products)).toMatch(
      /^note: the run was trained with products by our kernels alone .+ it had --blas off$/,
    );
    expect(otherProducts(products, { ...products, version: 'OpenBLAS 0.3.30' })).toContain('0.3.30');
    expect(otherProducts(products, { ...products, from: 128 })).toContain('from 128 a side on');
  });

  it('are ours where auto found no library', () => {
    expect(nativeProducts({ details: { blas: { missing: 'blas: none' } } })).toBeUndefined();
    expect(nativeProducts({ details: { blas: products } })).toBe(products);
    expect(nativeProducts({ details: {} })).toBeUndefined();
  });
});

it('another process gets the side that this one measured', () => {
  const choice = (details: object) => ({ name: 'simd', reason: '', details }) as BackendChoice;
  const options = { threads: 2, blas: 'auto' };
  expect(withSideOf(options, choice({ blas: products }))).toEqual({ threads: 2, blas: 'auto', blasFrom: 64 });
  expect(withSideOf(options, choice({ blas: { ...products, from: 'never' } }))).toMatchObject({ blas: 'off' });
  expect(withSideOf(options, choice({ blas: { missing: 'none' } }))).toBe(options);
  expect(withSideOf({}, choice({}))).toEqual({});
});

const folder = mkdtempSync(join(tmpdir(), 'seqrec-blas-'));
const space = join(folder, 'space.yaml');
writeFileSync(space, 'optimizer:\n  learningRate: [0.001, 0.002]\n');
const out = ['--out', join(folder, 'out')];
it.each([
  ['bench', 'gemm'],
  ['scale', 'length', ...out],
  ['search', ...tinyRecipe, '--space', space, ...out],
  ['benchmark', 'time-to-split', '--quick', ...out],
])('a library that is of no use ends %s %s in one line', async (...command) => {
  const { code, errors } = await runMain(...command, '--blas', '/no/library.so');
  expect(errors).toMatch(/^error: blas: expected a library with cblas_sgemm; got .+, or name its file$/m);
  expect(code).toBe(1);
});
