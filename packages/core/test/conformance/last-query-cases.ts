import * as tf from '@tensorflow/tfjs-core';
import { causalAttentionLast, hstuAttentionLast, type RelativeBias } from '../../src/index.ts';
import { type AttentionSizes, offsetsFor, total } from './arbitraries.ts';
import { type CausalProblem, causalCase, type HstuProblem, hstuCase } from './attention-cases.ts';
import type { Arrays, HostTensor, KernelCase, Tensors } from './compare.ts';

/** Row of the last token of each sequence; 0 for an empty one, whose result is zero anyway. */
function lastTokens(lengths: readonly number[]): number[] {
  return Array.from(offsetsFor(lengths).subarray(1), (end) => Math.max(0, end - 1));
}

/** Those rows of an input; an input without rows has nothing to give. */
function pick(x: tf.Tensor, lengths: readonly number[]): tf.Tensor {
  if (total(lengths) === 0) return tf.zeros([lengths.length, ...x.shape.slice(1)], x.dtype);
  return tf.gather(x, tf.tensor1d(lastTokens(lengths), 'int32'));
}

/** The last rows of the full attention, zeros for an empty sequence. */
function expectedRows({ lengths, heads, valueWidth }: AttentionSizes, full: ArrayLike<number>): Float64Array {
  const width = heads * valueWidth;
  const rows = lastTokens(lengths);
  return Float64Array.from({ length: lengths.length * width }, (_, i) => {
    const b = Math.floor(i / width);
    return lengths[b] === 0 ? 0 : full[rows[b] * width + (i % width)];
  });
}

const noGradient = (arrays: Arrays): Float32Array => new Float32Array((arrays.v as HostTensor).values.length);

/**
 * The full attention's edges, without masks; half of them, since a panel here has one query and its
 * length is not among the ways.
 */
function lastEdges<P>({ edges }: KernelCase<P>): P[] {
  return edges()
    .filter((_, i) => i % 2 === 0)
    .map((problem) => ({ ...problem, mask: undefined }));
}

/** What the full attention's reference says of the last rows. */
export const hstuLastCase: KernelCase<HstuProblem> = {
  name: 'hstuAttentionLast',
  kernels: ['HstuAttentionLast'],
  bounds: { output: 2e-6, gradients: 0 },
  // A sum of n terms near one reaches sqrt(n) on its way and each addition rounds to 6e-8 of that; here it may be
  // the only result and cancel.
  floor: ({ normalizer, lengths }) => Math.sqrt(Math.max(1, ...lengths)) / normalizer,
  problem: hstuCase.problem.map((problem) => ({ ...problem, mask: undefined })),
  edges: () => lastEdges(hstuCase),
  arrays: hstuCase.arrays,
  run: ({ lengths, scale, normalizer, bias }, { q, k, v, ...rest }: Tensors) =>
    tf.tidy(() => {
      const { positionWeights, timeWeights, keyTimes } = rest;
      const time =
        bias === 'position and time'
          ? { timeWeights, queryTimes: pick(rest.queryTimes, lengths), keyTimes }
          : undefined;
      const relative: RelativeBias | undefined = bias === 'none' ? undefined : { positionWeights, time };
      const offsets = offsetsFor(lengths);
      return hstuAttentionLast({ q: pick(q, lengths), k, v, offsets, normalizer, scale, bias: relative });
    }),
  reference: (problem, arrays) => {
    const { output } = hstuCase.reference(problem, arrays, noGradient(arrays));
    return { output: expectedRows(problem, output), gradients: {} };
  },
};

export const causalLastCase: KernelCase<CausalProblem> = {
  name: 'causalAttentionLast',
  kernels: ['CausalAttentionLast'],
  bounds: { output: 2e-6, gradients: 0 },
  floor: () => 1,
  problem: causalCase.problem.map((problem) => ({ ...problem, mask: undefined })),
  edges: () => lastEdges(causalCase),
  arrays: causalCase.arrays,
  run: ({ lengths, queryWidth }, { q, k, v }) =>
    tf.tidy(() =>
      causalAttentionLast({ q: pick(q, lengths), k, v, offsets: offsetsFor(lengths), scale: queryWidth ** -0.5 }),
    ),
  reference: (problem, arrays) => {
    const { output } = causalCase.reference({ ...problem, rate: 0 }, arrays, noGradient(arrays));
    return { output: expectedRows(problem, output), gradients: {} };
  },
};
