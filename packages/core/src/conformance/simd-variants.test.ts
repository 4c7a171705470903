import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isFull } from '../../../../test/part.ts';
import { scaleRuns } from '../../test/conformance/arbitraries.ts';
import { simdVariants } from '../../test/conformance/simd-variants.ts';
import { conformanceSuite } from '../../test/conformance/suite.ts';
import { useGuarded } from '../../test/guarded.ts';
import { values } from '../../test/simd.ts';
import { removeSimdBackend } from '../backends/simd/index.ts';
import { SCRATCH_BYTES } from '../backends/simd/kernels.ts';
import { gatedNorm, sampledSoftmaxLoss } from '../index.ts';

// simd.test.ts draws all of them; each variant has edges of its own, more of them in simd-all-edges.slow.test.ts.
scaleRuns(isFull ? 0.2 : 0.05);
for (const [i, variant] of simdVariants.entries())
  await conformanceSuite('simd', variant, { step: 40, first: 8 * i + 1 });

describe('rows that scratch memory has no room for', () => {
  beforeAll(() => useGuarded(true));
  afterAll(removeSimdBackend);

  it('a gated norm hands them to the composed kernel', () => {
    const width = SCRATCH_BYTES / 8 + 8;
    const [du, dx] = tf.tidy(() =>
      tf.grads((u, x) => gatedNorm(u, x, { dropout: { rate: 0.5, stream: { key: { k0: 1, k1: 2 }, step: 3 } } }))([
        values([1, width], 0),
        values([1, width], 1),
      ]),
    );
    expect([du.shape, dx.shape]).toEqual([
      [1, width],
      [1, width],
    ]);
    tf.dispose([du, dx]);
  });

  it('a sampled softmax refuses them', () => {
    const width = SCRATCH_BYTES / 8 + 8;
    expect(() =>
      tf.tidy(() =>
        sampledSoftmaxLoss({
          ...{ queries: values([1, width], 0), items: values([2, width], 1), temperature: 1 },
          ...{ positives: tf.tensor1d([0], 'int32'), negatives: tf.tensor2d([[1]], [1, 1], 'int32') },
        }),
      ),
    ).toThrow(`sampledSoftmaxLoss: expected rows of at most ${SCRATCH_BYTES / 8} numbers; got ${width}`);
  });
});
