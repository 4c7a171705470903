import * as tf from '@tensorflow/tfjs-core';
import { scaleRuns } from '../../test/conformance/arbitraries.ts';
import { conformanceSuite } from '../../test/conformance/suite.ts';
import { anyLibrary } from '../../test/native-library.ts';
import { registerSimdBackend } from '../backends/simd/index.ts';

const library = anyLibrary();

// simd.test.ts draws all of them, and new seeds run in simd-new-seeds.slow.test.ts.
scaleRuns(0.5);
// Without a library the suite is skipped, with the reason in its title.
await conformanceSuite(
  'simd',
  {
    label: 'products by a native library, threads: 2',
    start: async () => {
      if (library === undefined) throw new Error('no library, and no koffi or compiler to make one');
      await registerSimdBackend({ threads: 2, blas: library, blasFrom: 1 });
      await tf.setBackend('simd');
    },
  },
  { step: 4, first: 3 },
);
