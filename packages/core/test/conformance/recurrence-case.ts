import fc from 'fast-check';
import { gatedRecurrence } from '../../src/index.ts';
import * as ref from '../../src/reference/index.ts';
import { floats, seeds, total, widths } from './arbitraries.ts';
import type { KernelCase } from './compare.ts';

interface RecurrenceProblem {
  readonly sizes: readonly number[];
  readonly width: number;
  readonly seed: number;
}

/** Sequences alive at each step; more than one task of the simd backend now and then, none at all as well. */
const stepSizes = fc
  .array(fc.oneof(fc.integer({ min: 1, max: 14 }), fc.constantFrom(6, 12, 13, 24, 31)), { minLength: 0, maxLength: 9 })
  .map((sizes) => [...sizes].sort((a, b) => b - a));

export const gatedRecurrenceCase: KernelCase<RecurrenceProblem> = {
  name: 'gatedRecurrence',
  kernels: ['GatedRecurrence', 'GatedRecurrenceGrad'],
  bounds: { output: 2e-6, gradients: 4e-6 },
  floor: ({ sizes }, tensor) => (tensor === 'weight' || tensor === 'bias' ? Math.sqrt(total(sizes)) : 1),
  problem: fc.record({ sizes: stepSizes, width: widths, seed: seeds }),
  arrays: ({ sizes, width, seed }) => {
    const tokens = total(sizes);
    return {
      x: { shape: [tokens, 3 * width], values: floats(seed, 0, tokens * 3 * width) },
      weight: { shape: [3 * width, width], values: floats(seed, 1, 3 * width * width, width ** -0.5) },
      bias: { shape: [3 * width], values: floats(seed, 2, 3 * width, 0.5) },
    };
  },
  run: ({ sizes }, { x, weight, bias }) => gatedRecurrence(x, { weight, bias }, sizes),
  reference: ({ sizes, width }, { x, weight, bias }, dy) => {
    const input = { x: x.values, weight: weight.values, bias: bias.values, sizes, width };
    return { output: ref.gatedRecurrence(input), gradients: { ...ref.gatedRecurrenceGrad(input, dy) } };
  },
};
