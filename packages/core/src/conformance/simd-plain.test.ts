import * as tf from '@tensorflow/tfjs-core';
import { scaleRuns } from '../../test/conformance/arbitraries.ts';
import { conformanceSuite } from '../../test/conformance/suite.ts';
import { registerSimdBackend } from '../backends/simd/index.ts';

// simd.test.ts draws all of them, and new seeds run in simd-new-seeds.slow.test.ts.
scaleRuns(0.5);
// The other half of the edges runs in simd-relaxed.test.ts.
await conformanceSuite(
  'simd',
  {
    label: 'plain instructions, threads: 1',
    start: async () => {
      const { variant } = await registerSimdBackend({ variant: 'plain', threads: 1 });
      if (variant !== 'plain') throw new Error(`the self-test fell back to ${variant}`);
      await tf.setBackend('simd');
    },
  },
  { step: 2 },
);
