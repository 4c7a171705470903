import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkAdamW } from '../../test/conformance/adamw-check.ts';
import { floats, runs } from '../../test/conformance/arbitraries.ts';
import { causalCase, hstuCase } from '../../test/conformance/attention-cases.ts';
import { cases } from '../../test/conformance/cases.ts';
import {
  type Arrays,
  type Expected,
  type KernelCase,
  relativeError,
  take,
  upload,
} from '../../test/conformance/compare.ts';
import { half } from '../../test/conformance/half.ts';
import { gatedNormLinearCase, normSiluSplitCase } from '../../test/conformance/layer-step-cases.ts';
import { linearBlocksCase, linearLayerCase } from '../../test/conformance/linear-layer-cases.ts';
import { gatedRecurrenceCase } from '../../test/conformance/recurrence-case.ts';
import { checkRowwiseAdamW } from '../../test/conformance/rowwise-adamw-check.ts';
import { useBackend } from '../index.ts';

const absent = await useBackend('webgpu', { precision: 'f16' }).then(
  () => undefined,
  (error: Error) => error.message,
);

/** Operands of products, by case; the other inputs are not rounded by anybody. */
const ATTENTION = ['q', 'k', 'v'];

function halved(arrays: Arrays, operands: readonly string[]): Arrays {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, array]) => [
      name,
      operands.includes(name) ? { ...array, values: (array.values as Float32Array).map((x) => half(x)) } : array,
    ]),
  );
}

/** Float32 around the half precision: its own error, which vanishing errors of the format must not be held against. */
const FLOAT32 = 2e-6;

/**
 * The three-way rule: with float64 as the truth, the error of the kernel is at most twice (gradients: three times)
 * that of a computation that rounds its inputs and its results to half precision and is exact in between. The largest
 * errors of all problems are compared, as a single problem may be lucky. Returns the largest error of the outputs.
 */
async function threeWay<P>(kase: KernelCase<P>, operands: readonly string[] = ATTENTION): Promise<number> {
  const worst = new Map<string, { ours: number; naive: number }>();
  const note = (tensor: string, error: number, of: 'ours' | 'naive'): void => {
    const now = worst.get(tensor) ?? { ours: 0, naive: 0 };
    worst.set(tensor, { ...now, [of]: Math.max(now[of], error) });
  };
  await fc.assert(
    fc.asyncProperty(kase.problem, async (problem) => {
      const arrays = kase.arrays(problem);
      const tensors = Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, upload(array)]));
      const output = kase.run(problem, tensors);
      const dy = floats(77, 77, output.size);
      const shape = output.shape;
      const expected: Expected = kase.reference(problem, arrays, dy);
      const floor = (tensor: string): number => kase.floor?.(problem, tensor) ?? 0;
      note('output', relativeError(await take(output), expected.output, floor('output')), 'ours');
      const names = operands.filter((name) => name in expected.gradients);
      const rounded = dy.map((x) => half(x));
      const naive = kase.reference(problem, halved(arrays, operands), rounded);
      const error = (x: ArrayLike<number>, truth: ArrayLike<number>, tensor: string) =>
        relativeError(Array.from(x, half), truth, floor(tensor));
      note('output', error(naive.output, expected.output, 'output'), 'naive');
      for (const name of names) note(name, error(naive.gradients[name], expected.gradients[name], name), 'naive');
      const upstream = upload({ shape, values: dy });
      const gradients =
        names.length === 0
          ? []
          : tf.grads((...xs: tf.Tensor[]) =>
              kase.run(problem, { ...tensors, ...Object.fromEntries(names.map((name, i) => [name, xs[i]])) }),
            )(
              names.map((name) => tensors[name]),
              upstream,
            );
      for (const [i, name] of names.entries()) {
        note(name, relativeError(await take(gradients[i]), expected.gradients[name], floor(name)), 'ours');
      }
      upstream.dispose();
      tf.dispose(tensors);
    }),
    runs(12),
  );
  for (const [tensor, { ours, naive }] of worst) {
    expect(ours, `${kase.name} ${tensor}`).toBeLessThanOrEqual((tensor === 'output' ? 2 : 3) * naive + FLOAT32);
  }
  return worst.get('output')!.ours;
}

describe.skipIf(absent !== undefined)(
  absent === undefined ? 'half precision' : `half precision (absent: ${absent})`,
  () => {
    beforeAll(async () => {
      await useBackend('webgpu', { precision: 'f16' });
    });
    afterAll(async () => {
      await useBackend('webgpu');
    });

    it('rounding is that of the format', () => {
      expect([1, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 0.1, -0.1, 2 ** -25].map(half)).toEqual([
        1,
        1,
        1 + 2 ** -9,
        0.0999755859375,
        -0.0999755859375,
        0,
      ]);
    });

    it.each([hstuCase, causalCase] as KernelCase<unknown>[])(
      '$name errs as half precision does, no more',
      async (kase) => {
        const error = await threeWay(kase);
        // It is half precision that was tested.
        expect(error).toBeGreaterThan(2e-5);
      },
    );

    it('the ways into and out of an HSTU layer too, whose products are those of half precision', async () => {
      await threeWay(normSiluSplitCase, ['x', 'w']);
      await threeWay(gatedNormLinearCase, ['u', 'x', 'w']);
    });

    it('a linear layer too', async () => {
      await threeWay(linearLayerCase, ['x', 'w']);
      await threeWay(linearBlocksCase, ['x', 'w']);
    });

    it('gatedRecurrence too, whose weights have a product for a gradient', async () => {
      // Its own product, from step to step, stays in float32.
      expect(await threeWay(gatedRecurrenceCase, ['x', 'weight', 'bias'])).toBeLessThan(
        gatedRecurrenceCase.bounds.output,
      );
    });

    // The others have no operands in half precision and are held to what they are in float32;
    // linear: half-products.test.ts.
    const layers = ['normSiluSplit', 'gatedNormLinear', 'linearLayer', 'linearBlocks', 'linear'];
    const apart = ['hstuAttention', 'causalAttention', 'gatedRecurrence', ...layers];
    it.each(cases.filter(({ name }) => !apart.includes(name)))('$name stays in float32', ({ check }) => check(runs(8)));
    it('AdamW stays in float32', checkAdamW);
    it('RowwiseAdamW stays in float32', checkRowwiseAdamW);
  },
);
