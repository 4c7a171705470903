import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { describe, expect, it } from 'vitest';
import { runCli, tinyRecipe } from '../../testing/run-cli.ts';
import { nativeProducts } from './native-products.ts';

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
