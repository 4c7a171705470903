import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { causalAttention, dropout } from '../../src/index.ts';
import * as ref from '../../src/reference/index.ts';
import { type AttentionSizes, firsts, floats, offsetsFor, runs, seeds, total } from './arbitraries.ts';
import {
  type CausalProblem,
  causalCase,
  firstRows,
  type HstuProblem,
  hstuArrays,
  hstuCase,
  type MaskProblem,
  qkv,
  runCausal,
  runHstu,
  streamOf,
} from './attention-cases.ts';
import { type Arrays, assertClose, type HostTensor, type Tensors, take, upload } from './compare.ts';

/** Same sums in another order: a few roundings of numbers near one. */
const BOUND = 5e-6;
const RUNS = 15;

/** An attention as a function of host arrays. Dropout is off: its mask depends on the packed row by definition. */
interface Attention<P extends AttentionSizes> {
  readonly name: string;
  readonly problem: fc.Arbitrary<P>;
  readonly arrays: (problem: P) => Arrays;
  readonly run: (problem: P, tensors: Tensors, offsets: Int32Array) => tf.Tensor;
  readonly floor: (problem: P) => number;
}

/** Contextual tokens see what comes after them, and so do all where the mask is bidirectional. */
function withoutContext<P extends { readonly mask?: MaskProblem }>(problem: P): P {
  return problem.mask === undefined
    ? problem
    : { ...problem, mask: { ...problem.mask, contextualLength: 0, bidirectional: false } };
}

export const attentions: readonly [Attention<HstuProblem>, Attention<CausalProblem>] = [
  {
    name: 'hstuAttention',
    problem: hstuCase.problem.map(withoutContext),
    arrays: hstuArrays,
    run: runHstu,
    floor: ({ normalizer }) => 1 / normalizer,
  },
  {
    name: 'causalAttention',
    problem: causalCase.problem.map((problem) => withoutContext({ ...problem, rate: 0 })),
    arrays: qkv,
    run: runCausal,
    floor: () => 1,
  },
];

function evaluate<P extends AttentionSizes>(
  attention: Attention<P>,
  problem: P,
  arrays: Arrays,
  lengths: readonly number[],
) {
  return take(
    tf.tidy(() => {
      const tensors = Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, upload(array)]));
      return attention.run({ ...problem, lengths }, tensors, offsetsFor(lengths));
    }),
  );
}

/** Rows `from .. to - 1` of every per-token array; tables are shared by all sequences. */
function rowsOf(arrays: Arrays, pick: readonly [from: number, to: number][]): Arrays {
  const cut = (name: string, { shape, values }: HostTensor): HostTensor => {
    if (name === 'positionWeights' || name === 'timeWeights') return { shape, values };
    const width = tf.util.sizeFromShape(shape.slice(1));
    const parts = pick.map(([from, to]) => Array.from(values.subarray(from * width, to * width)));
    const joined = parts.flat();
    const rows = pick.reduce((sum, [from, to]) => sum + to - from, 0);
    const copy = values instanceof Int32Array ? Int32Array.from(joined) : Float32Array.from(joined);
    return { shape: [rows, ...shape.slice(1)], values: copy };
  };
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, cut(name, array)]));
}

function spans(lengths: readonly number[]): [number, number][] {
  const offsets = offsetsFor(lengths);
  return lengths.map((_, b) => [offsets[b], offsets[b + 1]]);
}

/** Changing token `t` of a sequence leaves every earlier output of it, and every other sequence, as it was. */
export async function checkCausality<P extends AttentionSizes>(attention: Attention<P>): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      attention.problem,
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      async (problem, where) => {
        const tokens = total(problem.lengths);
        if (tokens === 0) return;
        const at = Math.floor(where * tokens);
        const arrays = attention.arrays(problem);
        const end = spans(problem.lengths).find(([from, to]) => from <= at && at < to)![1];
        const changed = Object.fromEntries(
          Object.entries(arrays).map(([name, { shape, values }]) => {
            if (name !== 'q' && name !== 'k' && name !== 'v') return [name, { shape, values }];
            const width = values.length / tokens;
            return [name, { shape, values: values.map((x, i) => (Math.floor(i / width) === at ? x + 3 : x)) }];
          }),
        );
        const before = await evaluate(attention, problem, arrays, problem.lengths);
        const after = await evaluate(attention, problem, changed, problem.lengths);
        const width = before.length / tokens;
        const untouched = (_: number, i: number) => i < at * width || i >= end * width;
        const floor = attention.floor(problem);
        assertClose(`${attention.name} causality`, after.filter(untouched), before.filter(untouched), {
          bound: BOUND,
          floor,
        });
      },
    ),
    runs(RUNS),
  );
}

/** A batch gives each sequence what it would get alone. */
export async function checkAlone<P extends AttentionSizes>(attention: Attention<P>): Promise<void> {
  await fc.assert(
    fc.asyncProperty(attention.problem, async (problem) => {
      const arrays = attention.arrays(problem);
      const together = await evaluate(attention, problem, arrays, problem.lengths);
      const alone: number[] = [];
      for (const [from, to] of spans(problem.lengths)) {
        alone.push(...(await evaluate(attention, problem, rowsOf(arrays, [[from, to]]), [to - from])));
      }
      assertClose(`${attention.name} alone`, together, alone, { bound: BOUND, floor: attention.floor(problem) });
    }),
    runs(RUNS),
  );
}

/** Permuting the batch permutes the output. */
export async function checkPermutation<P extends AttentionSizes>(attention: Attention<P>): Promise<void> {
  await fc.assert(
    fc.asyncProperty(attention.problem, seeds, async (problem, seed) => {
      const arrays = attention.arrays(problem);
      const order = problem.lengths.map((_, b) => b).sort((a, b) => (((a + 1) * seed) % 7) - (((b + 1) * seed) % 7));
      const picked = order.map((b) => spans(problem.lengths)[b]);
      const lengths = order.map((b) => problem.lengths[b]);
      const permuted = await evaluate(attention, problem, rowsOf(arrays, picked), lengths);
      const output = await evaluate(attention, problem, arrays, problem.lengths);
      const width = total(lengths) === 0 ? 0 : output.length / total(lengths);
      const expected = picked.flatMap(([from, to]) => Array.from(output.subarray(from * width, to * width)));
      assertClose(`${attention.name} permutation`, permuted, expected, {
        bound: BOUND,
        floor: attention.floor(problem),
      });
    }),
    runs(RUNS),
  );
}

/** The dropout mask has the bits of the reference: seen through ones, and through one-hot values for attention. */
export async function checkDropoutBits(): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      seeds,
      fc.integer({ min: 0, max: 500 }),
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      firsts,
      async (seed, count, rate, first) => {
        const stream = streamOf(seed, first);
        const dropped = await take(tf.tidy(() => dropout(tf.ones([count]), { rate, stream })));
        const kept = Array.from(dropped, (y) => y !== 0);
        const expected = ref.dropoutKeep({ ...stream.key, step: stream.step, first }, rate, count);
        if (kept.some((bit, i) => bit !== expected[i])) throw new Error('dropout: the mask differs from the reference');
      },
    ),
    runs(20),
  );
  await fc.assert(
    fc.asyncProperty(
      seeds,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 3 }),
      firstRows,
      async (seed, one, other, heads, first) => {
        const stream = streamOf(seed, first);
        const rate = 0.35;
        const lengths = [one, other];
        const width = Math.max(one, other);
        const positions = lengths.flatMap((n) => Array.from({ length: n }, (_, j) => j));
        const tokens = positions.length;
        const output = tf.tidy(() => {
          const oneHot = positions.flatMap((j) =>
            Array.from({ length: heads * width }, (_, i) => (i % width === j ? 1 : 0)),
          );
          const q = tf.tensor3d(floats(seed, 0, tokens * heads * 3), [tokens, heads, 3]);
          const v = tf.tensor3d(oneHot, [tokens, heads, width]);
          return causalAttention({
            q,
            k: q,
            v,
            offsets: offsetsFor(lengths),
            scale: 0.1,
            dropout: { rate, stream },
          });
        });
        const weights = await take(output);
        const keep = ref.attentionKeep({ ...stream.key, step: stream.step, first }, rate, heads);
        for (let t = 0; t < tokens; t++) {
          for (let h = 0; h < heads; h++) {
            for (let j = 0; j <= positions[t]; j++) {
              if ((weights[(t * heads + h) * width + j] !== 0) !== keep(t, h, j)) {
                throw new Error(
                  `causalAttention: the dropout mask differs from the reference at t=${t}, h=${h}, j=${j}`,
                );
              }
            }
          }
        }
      },
    ),
    runs(15),
  );
}
