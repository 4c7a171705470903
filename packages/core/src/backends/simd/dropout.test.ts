import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesOf, use, values } from '../../../test/simd.ts';
import { type DropoutOptions, dropout, gatedNormLinear, linearLayer } from '../../index.ts';
import { removeSimdBackend } from './index.ts';

/** An op with dropout, the kernel of its gradient, and that kernel's inputs beside the op's own. */
interface Dropping {
  readonly name: string;
  readonly gradient: string;
  readonly inputs: Record<string, tf.Tensor>;
  readonly attrs: object;
  readonly run: (inputs: Record<string, tf.Tensor>, options: DropoutOptions) => tf.Tensor;
  /** Names of dy. */
  readonly upstream: string;
  readonly others?: Record<string, tf.Tensor>;
}

// More rows than a block and a task, of a width that is no multiple of four.
const [rows, width, outputs] = [700, 50, 9];
const RATE = 0.3;

function droppings(): Dropping[] {
  const x = values([rows, width], 0);
  const b = values([outputs], 1);
  const w = values([outputs, width], 2);
  return [
    {
      ...{ name: 'dropout', gradient: 'DropoutGrad', inputs: { x }, attrs: {}, upstream: 'dy' },
      run: (tensors, options) => dropout(tensors.x, options),
    },
    {
      ...{ name: 'gatedNormLinear', gradient: 'GatedNormLinearGrad', attrs: { epsilon: 1e-4 }, upstream: 'dy' },
      inputs: { u: values([rows, width], 3), x, w },
      run: ({ u, x, w }, options) => {
        const residual = tf.zeros([rows, outputs]) as tf.Tensor2D;
        const rest = { b: b as tf.Tensor1D, residual, epsilon: 1e-4, dropout: options };
        return gatedNormLinear({ u: u as tf.Tensor2D, x: x as tf.Tensor2D, w: w as tf.Tensor2D, ...rest });
      },
    },
    {
      ...{ name: 'linearLayer', gradient: 'LinearLayerGrad', inputs: { x, w }, upstream: 'dy0', others: { b } },
      attrs: { activation: 'none', sizes: [outputs], skip: false, epsilon: 0 },
      run: ({ x, w }, options) =>
        linearLayer({ x: x as tf.Tensor2D, w: w as tf.Tensor2D, b: b as tf.Tensor1D, dropout: options }),
    },
  ];
}

describe('masks of a part of a stream', () => {
  beforeAll(() => use({ threads: 2 }));
  afterAll(removeSimdBackend);

  it.each([0, 5, 32, 33, 2 ** 34 - 1003])('are the same whether kept or drawn again, from word %d on', (first) => {
    tf.tidy(() => {
      const key = { k0: 3_000_000_017, k1: 42 };
      for (const { name, gradient, inputs, attrs, run, upstream, others } of droppings()) {
        const names = Object.keys(inputs);
        const options = { rate: RATE, stream: { key, step: 3, first } };
        const f = (...xs: tf.Tensor[]) => run(Object.fromEntries(names.map((input, i) => [input, xs[i]])), options);
        const y = run(inputs, options);
        const dy = values(y.shape, 7);
        const kept = tf.grads(f)(Object.values(inputs), dy);
        // Nothing is kept with a `y` that was made without a gradient.
        const again = [
          tf.engine().runKernel(gradient, { ...inputs, ...others, y, [upstream]: dy }, {
            ...attrs,
            rate: RATE,
            ...key,
            step: 3,
            first,
          } as never),
        ].flat() as tf.Tensor[];
        for (const [i, input] of names.entries()) {
          expect([name, input, bytesOf(kept[i])]).toEqual([name, input, bytesOf(again[i])]);
        }
        const other = tf.grads((...xs) =>
          run(Object.fromEntries(names.map((input, i) => [input, xs[i]])), {
            rate: RATE,
            stream: { key, step: 3, first: first + 1 },
          }),
        )(Object.values(inputs), dy);
        expect(bytesOf(other[0])).not.toEqual(bytesOf(kept[0]));
      }
    });
  });
});
