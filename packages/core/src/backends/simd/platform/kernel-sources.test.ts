import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { BackendError } from '../../../errors.ts';
import { checkKernelSources } from './kernel-sources.ts';

it('takes the kernels of this checkout, and refuses those of other sources', () => {
  expect(() => checkKernelSources()).not.toThrow();
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-kernels-'));
  const simd = pathToFileURL(`${folder}/`);
  const script = new URL('build.mjs', simd);
  // A package without sources has nothing to compare.
  expect(() => checkKernelSources(simd, script)).not.toThrow();
  mkdirSync(join(folder, 'assembly'));
  mkdirSync(join(folder, 'slots'));
  mkdirSync(join(folder, 'wasm'));
  writeFileSync(script, '// compiles');
  writeFileSync(join(folder, 'assembly/index.ts'), 'export function f(): void {}');
  writeFileSync(join(folder, 'slots/fill.ts'), 'export const Y = 0;');
  const digest = createHash('sha256').update('// compiles').update('index.ts').update('export function f(): void {}');
  digest.update('fill.ts').update('export const Y = 0;');
  writeFileSync(join(folder, 'wasm/sources.sha256'), digest.digest('hex'));
  expect(() => checkKernelSources(simd, script)).not.toThrow();
  writeFileSync(join(folder, 'slots/fill.ts'), 'export const Y = 1;');
  expect(() => checkKernelSources(simd, script)).toThrow(BackendError);
  writeFileSync(join(folder, 'slots/fill.ts'), 'export const Y = 0;');
  writeFileSync(join(folder, 'assembly/index.ts'), 'export function g(): void {}');
  expect(() => checkKernelSources(simd, script)).toThrow(BackendError);
  expect(() => checkKernelSources(simd, script)).toThrow('compile them with `npx -y pnpm@12 install`');
});
