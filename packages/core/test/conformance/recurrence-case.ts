import fc from 'fast-check';
import { gatedRecurrence } from '../../src/index.ts';
import * as ref from '../../src/reference/index.ts';
import { floats, seeds, total, widths } from './arbitraries.ts';
import type { KernelCase } from './compare.ts';
import { around, edgesOf, SEQUENCES, TILE_ROWS, widthEdges } from './edges.ts';

interface RecurrenceProblem {
  readonly sizes: readonly number[];
  readonly width: number;
  /** Whether sequences go on from given states; no gradient then. */
  readonly begun: boolean;
  readonly seed: number;
}

/** Sequences alive at each step; more than one task of the simd backend now and then, none at all as well. */
const stepSizes = fc
  .array(fc.oneof(fc.integer({ min: 1, max: 14 }), fc.constantFrom(6, 12, 13, 24, 31)), { minLength: 0, maxLength: 9 })
  .map((sizes) => [...sizes].sort((a, b) => b - a));

const sizeEdges = [1, ...around(TILE_ROWS), ...around(SEQUENCES), 2 * SEQUENCES + 1];
/** Steps that keep all sequences, lose one each, or all but one at once. */
const shrink = (first: number, way: string): number[] => {
  if (way === 'one step') return [first];
  if (way === 'all stay') return [first, first, first];
  return way === 'all but one end' ? [first, 1, 1] : Array.from({ length: Math.min(first, 9) }, (_, s) => first - s);
};

export const gatedRecurrenceCase: KernelCase<RecurrenceProblem> = {
  name: 'gatedRecurrence',
  kernels: ['GatedRecurrence', 'GatedRecurrenceGrad'],
  bounds: { output: 2e-6, gradients: 4e-6 },
  floor: ({ sizes }, tensor) => (tensor === 'weight' || tensor === 'bias' ? Math.sqrt(total(sizes)) : 1),
  problem: fc.record({ sizes: stepSizes, width: widths, begun: fc.constantFrom(false, false, true), seed: seeds }),
  edges: () =>
    edgesOf<{ first: number; way: string; width: number; seed: number }>({
      ...{ first: sizeEdges, way: ['one step', 'all stay', 'all but one end', 'one ends'] },
      // The weight has three times as many columns.
      width: widthEdges.filter((width) => width <= 65),
    }).flatMap(({ first, way, ...rest }) =>
      [false, true].map((begun) => ({ ...rest, sizes: shrink(first, way), begun })),
    ),
  arrays: ({ sizes, width, begun, seed }) => {
    const tokens = total(sizes);
    const sequences = sizes.at(0) ?? 0;
    return {
      x: { shape: [tokens, 3 * width], values: floats(seed, 0, tokens * 3 * width) },
      weight: { shape: [3 * width, width], values: floats(seed, 1, 3 * width * width, width ** -0.5) },
      bias: { shape: [3 * width], values: floats(seed, 2, 3 * width, 0.5) },
      ...(begun && { initial: { shape: [sequences, width], values: floats(seed, 3, sequences * width, 0.5) } }),
    };
  },
  run: ({ sizes }, { x, weight, bias, initial }) => gatedRecurrence(x, { weight, bias }, sizes, initial),
  reference: ({ sizes, width }, { x, weight, bias, initial }, dy) => {
    const input = { x: x.values, weight: weight.values, bias: bias.values, sizes, width, initial: initial?.values };
    const gradients = initial === undefined ? { ...ref.gatedRecurrenceGrad(input, dy) } : {};
    return { output: ref.gatedRecurrence(input), gradients };
  },
};
