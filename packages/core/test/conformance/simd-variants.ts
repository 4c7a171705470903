import * as tf from '@tensorflow/tfjs-core';
import { registerSimdBackend } from '../../src/backends/simd/index.ts';
import { useGuarded } from '../guarded.ts';
import { anyLibrary } from '../native-library.ts';
import type { Variant } from './backends.ts';

const library = anyLibrary();

/** Starts instructions of one kind, or throws where the self-test refused them. */
const instructions = (variant: 'plain' | 'relaxed', threads: number) => async (): Promise<void> => {
  const started = await registerSimdBackend({ variant, threads });
  if (started.variant !== variant) throw new Error(`the self-test fell back to ${started.variant}`);
  await tf.setBackend('simd');
};

/** Builds of the kernels, instructions and threads beside those of `simd.test.ts`. */
export const simdVariants: readonly Variant[] = [
  { label: 'plain instructions, threads: 1', start: instructions('plain', 1) },
  { label: 'relaxed instructions, threads: 3', start: instructions('relaxed', 3), isOptional: true },
  {
    // Without a library the suite is skipped, with the reason in its title.
    label: 'products by a native library, threads: 2',
    isOptional: true,
    start: async () => {
      if (library === undefined) throw new Error('no library, and no koffi or compiler to make one');
      await registerSimdBackend({ threads: 2, blas: library, blasFrom: 1 });
      await tf.setBackend('simd');
    },
  },
  // Each kernel of a guarded build watches all its regions.
  { label: 'guarded, wide', start: () => useGuarded(true) },
  { label: 'guarded, narrow', start: () => useGuarded(false) },
];
