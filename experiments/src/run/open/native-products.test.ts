import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BackendChoice, useBackend } from '@seqrec/core';
import { describe, expect, it } from 'vitest';
import { runCli, tinyRecipe } from '../../testing/run-cli.ts';
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

it.each([
  ['bench', 'gemm'],
  ['scale', 'length'],
  ['search', ...tinyRecipe, '--space', 'space.yaml'],
  ['benchmark', 'time-to-split', '--quick'],
])('a library that is of no use ends %s %s in one line', async (...command) => {
  const cwd = mkdtempSync(join(tmpdir(), 'seqrec-blas-'));
  writeFileSync(join(cwd, 'space.yaml'), 'optimizer:\n  learningRate: [0.001, 0.002]\n');
  const { code, stderr } = await runCli([...command, '--blas', '/no/library.so'], cwd);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: blas: expected a library with cblas_sgemm; got .+, or name its file$/m);
});

const here = nativeProducts(await useBackend('simd', { threads: 1, blas: 'auto' }));

// One story, since each part needs a trained run.
describe.skipIf(here === undefined)('a run with products by a native library', () => {
  it('records the library, and goes on from the same side whatever is measured then', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'seqrec-blas-'));
    const train = (...options: readonly string[]) => runCli(['train', ...options, '--threads', '1'], cwd);
    const first = await train(...tinyRecipe, '--epochs', '1', '--blas', 'auto');
    expect(first.stderr).toContain(`${here?.version} (${here?.core})`);
    const [id] = readdirSync(join(cwd, 'runs'));
    const file = join(cwd, 'runs', id, 'environment.json');
    const environment = () => JSON.parse(readFileSync(file, 'utf8'));
    const recorded = environment();
    const { blas } = recorded.backend.details;
    expect(blas).toMatchObject({ library: here?.library, version: here?.version, core: here?.core });
    expect(blas.rates).toHaveLength(4);

    writeFileSync(
      file,
      JSON.stringify({ ...recorded, backend: { ...recorded.backend, details: { blas: { ...blas, from: 7 } } } }),
    );
    const second = await train('--resume', 'latest', '--epochs', '2', '--blas', 'auto');
    expect(second.code).toBe(0);
    expect(second.stderr).not.toContain('note: the run was trained');
    expect(environment().backend.details.blas.from).toBe(7);

    const again = await train(...tinyRecipe, '--epochs', '1', '--blas', 'auto', '--blas-from', '9');
    expect(again.stderr).toContain('products of 9 and more a side, by ');

    const third = await train('--resume', id, '--epochs', '3');
    expect(third.code).toBe(0);
    expect(third.stderr).toContain(
      `note: the run was trained with products by ${here?.version} (kernels for ${here?.core}, from 7 a side on) and goes on with our kernels alone: its weights get other bits than in one go; it had --blas ${here?.library}`,
    );
    expect(environment().backend.details.blas).toBeUndefined();
  });

  it('has the losses of our kernels, within what parity allows', async () => {
    const products = ['--blas', 'auto', '--blas-from', '16'];
    const { code, stdout, stderr } = await runCli(
      ['parity', '--recipe', ...tinyRecipe, '--steps', '3', ...products],
      '.',
    );
    expect(stderr).not.toContain('error');
    expect(stdout).toContain('pass: 3 steps, largest difference ');
    expect(code).toBe(0);
  });

  it('takes part in ranks, which agree on the side', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'seqrec-blas-'));
    const { code, stderr } = await runCli(
      ['train', ...tinyRecipe, '--epochs', '1', '--blas', 'auto', '--ranks', '2'],
      cwd,
    );
    expect(stderr).toContain('2 ranks (workers)');
    expect(code).toBe(0);
  });
});
