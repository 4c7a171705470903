import * as tf from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { conformanceSuite } from '../../test/conformance/suite.ts';
import { anyLibrary } from '../../test/native-library.ts';
import { registerSimdBackend } from '../backends/simd/index.ts';

const library = anyLibrary();
if (library === undefined) describe.skip('products by a native library', () => it('need one', () => {}));
else {
  await conformanceSuite(
    'simd',
    {
      label: 'products by a native library, threads: 2',
      start: async () => {
        await registerSimdBackend({ threads: 2, blas: library, blasFrom: 1 });
        await tf.setBackend('simd');
      },
    },
    { step: 4, first: 3 },
  );
}
