import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { floats } from '../../../test/conformance/arbitraries.ts';
import { assertClose } from '../../../test/conformance/compare.ts';
import { use } from '../../../test/simd.ts';
import { linearLayer } from '../../index.ts';
import * as ref from '../../reference/index.ts';
import { removeSimdBackend } from './index.ts';
import { BLOCK } from './kernels/row-blocks.ts';

const OUTPUTS = 5;

describe('a linear map of the layer norm of narrow rows', () => {
  beforeAll(() => use({ threads: 1 }));
  afterAll(removeSimdBackend);

  // The statistics of a block of rows once lay over the rows themselves: with up to sixteen
  // columns, from the 81st row on.
  it.each([1, 2, 3, 8, 15, 16, 17])('%i columns, in whole blocks of rows', (width) => {
    const count = 2 * BLOCK;
    const values = { x: floats(1, 0, count * width), w: floats(1, 1, OUTPUTS * width), b: floats(1, 2, OUTPUTS) };
    const actual = tf.tidy(() =>
      linearLayer({
        x: tf.tensor2d(values.x.slice(), [count, width]),
        w: tf.tensor2d(values.w.slice(), [OUTPUTS, width]),
        b: tf.tensor1d(values.b.slice()),
        norm: { epsilon: 1e-4 },
      }),
    );
    const keep = new Array<boolean>(count * OUTPUTS).fill(true);
    const input = { ...values, width, rate: 0, residual: [], activation: 'none' as const, keep, epsilon: 1e-4 };
    expect(() =>
      assertClose('y', actual.dataSync() as Float32Array, ref.linearLayer(input), { bound: 1e-5, floor: 1 }),
    ).not.toThrow();
    actual.dispose();
  });
});
