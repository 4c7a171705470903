import { useBackend } from '@seqrec/core';
import { SimdBackend } from '@seqrec/core/simd';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { hasLibrary, withOwnKernels } from './own-kernels.ts';

it('keeps products from the library for one call, also one that fails', async () => {
  await useBackend('simd', { threads: 1 });
  const backend = tf.backend() as SimdBackend;
  expect(backend).toBeInstanceOf(SimdBackend);
  expect(hasLibrary()).toBe(false);
  backend.libraryFrom = 32;
  expect(hasLibrary()).toBe(true);
  expect(await withOwnKernels(hasLibrary)).toBe(false);
  expect(await withOwnKernels(async () => backend.libraryFrom)).toBe(Number.POSITIVE_INFINITY);
  expect(backend.libraryFrom).toBe(32);
  const fails = withOwnKernels(() => {
    throw new Error('stopped');
  });
  await expect(fails).rejects.toThrow('stopped');
  expect(backend.libraryFrom).toBe(32);
  backend.libraryFrom = Number.POSITIVE_INFINITY;
});

it('calls on any other backend', async () => {
  await useBackend('cpu');
  expect(hasLibrary()).toBe(false);
  expect(await withOwnKernels(() => 3)).toBe(3);
});
