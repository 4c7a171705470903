import { useBackend } from '@seqrec/core';
import { SimdBackend } from '@seqrec/core/simd';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { withOwnKernels } from './own-kernels.ts';

it('keeps products from the library for one call, also one that fails', async () => {
  await useBackend('simd', { threads: 1 });
  const backend = tf.backend() as SimdBackend;
  expect(backend).toBeInstanceOf(SimdBackend);
  backend.libraryFrom = 32;
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
  expect(await withOwnKernels(() => 3)).toBe(3);
});
