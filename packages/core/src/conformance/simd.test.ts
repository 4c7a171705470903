import * as tf from '@tensorflow/tfjs-core';
import { conformanceSuite } from '../../test/conformance/suite.ts';
import { registerSimdBackend } from '../backends/simd/index.ts';

await conformanceSuite('simd', {
  label: 'threads: 2',
  start: async () => {
    await registerSimdBackend({ threads: 2 });
    await tf.setBackend('simd');
  },
});
