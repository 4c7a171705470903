import * as tf from '@tensorflow/tfjs-core';
import { conformanceSuite } from '../../test/conformance/suite.ts';
import { registerSimdBackend } from '../backends/simd/index.ts';

// The other half of the edges runs in simd-plain.test.ts.
await conformanceSuite(
  'simd',
  {
    label: 'relaxed instructions, threads: 3',
    start: async () => {
      const { variant } = await registerSimdBackend({ variant: 'relaxed', threads: 3 });
      if (variant !== 'relaxed') throw new Error(`the self-test fell back to ${variant}`);
      await tf.setBackend('simd');
    },
  },
  { step: 2, first: 1 },
);
