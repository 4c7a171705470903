// A few queries of many keys: their rows have the bits that the full pass has there.
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import {
  type AttentionMask,
  type AttentionQueries,
  causalAttention,
  hstuAttention,
  knownHostValues,
  rememberHostValues,
} from '../../src/index.ts';
import { offsetsFor, runs, total } from './arbitraries.ts';
import {
  type CausalProblem,
  causalCase,
  type HstuProblem,
  hstuArrays,
  hstuCase,
  maskOf,
  qkv,
} from './attention-cases.ts';
import { assertClose, type Tensors, take, upload } from './compare.ts';

/** Backends with equal bits; on the others the length of a batch decides how a product adds. */
const EXACT: readonly string[] = ['simd'];
const BOUND = 5e-6;

interface Call extends AttentionQueries {
  readonly q: tf.Tensor;
  readonly k: tf.Tensor;
  readonly v: tf.Tensor;
  readonly offsets: Int32Array;
  readonly queryTimes: tf.Tensor;
  readonly keyTimes: tf.Tensor;
  readonly mask?: AttentionMask;
}

interface Attention<P> {
  readonly name: string;
  readonly problem: fc.Arbitrary<P>;
  readonly arrays: (problem: P) => ReturnType<typeof hstuArrays>;
  readonly run: (problem: P, tensors: Tensors, call: Call) => tf.Tensor;
}

const hstu: Attention<HstuProblem> = {
  name: 'hstuAttention',
  problem: hstuCase.problem,
  arrays: hstuArrays,
  run: ({ scale, normalizer, bias }, { positionWeights, timeWeights }, { queryTimes, keyTimes, ...call }) => {
    const time = bias === 'position and time' ? { timeWeights, queryTimes, keyTimes } : undefined;
    return hstuAttention({
      ...call,
      normalizer,
      scale,
      bias: bias === 'none' ? undefined : { positionWeights, time },
    });
  },
};

const causal: Attention<CausalProblem> = {
  name: 'causalAttention',
  problem: causalCase.problem,
  arrays: (problem) => ({
    ...qkv(problem),
    queryTimes: { shape: [total(problem.lengths)], values: new Int32Array(total(problem.lengths)) },
    keyTimes: { shape: [total(problem.lengths)], values: new Int32Array(total(problem.lengths)) },
  }),
  run: ({ queryWidth }, _, { queryTimes: _q, keyTimes: _k, ...call }) =>
    causalAttention({ ...call, scale: queryWidth ** -0.5 }),
};

/** Windows and global tokens; what a contextual prefix sees is not what a shorter history would let it see. */
function maskFor({ mask, lengths }: HstuProblem | CausalProblem): AttentionMask | undefined {
  if (mask === undefined) return undefined;
  const given: AttentionMask = maskOf({ ...mask, contextualLength: 0 }, lengths).op ?? {};
  const { maxAttentionLength, globalAttentionLength } = given;
  return { ...(maxAttentionLength && { maxAttentionLength, globalAttentionLength }) };
}

/** Times are taken on the host: a gather on a GPU goes through floats, which do not hold every second. */
function rowsOf(x: tf.Tensor, rows: readonly number[]): tf.Tensor {
  const times = knownHostValues(x);
  if (x.dtype === 'int32' && times !== undefined) {
    const own = Int32Array.from(rows, (row) => times[row]);
    return rememberHostValues(tf.tensor1d(own, 'int32'), own);
  }
  if (rows.length === 0) return tf.zeros([0, ...x.shape.slice(1)], x.dtype);
  return tf.gather(x, tf.tensor1d([...rows], 'int32'));
}

/** The rows `keep` of a call, as a store in reverse order with a hole after each. */
function stored(call: Call): Call {
  const { k, v } = call;
  const tokens = k.shape[0];
  if (tokens === 0) return call;
  const order = Int32Array.from({ length: tokens }, (_, t) => 2 * (tokens - 1 - t));
  const store = (x: tf.Tensor): tf.Tensor => {
    const width = x.shape[1] as number;
    const reversed = tf.reverse(tf.reshape(x, [tokens, 1, width * (x.shape[2] as number)]), 0);
    const holes = tf.fill(reversed.shape, 7);
    return tf.reshape(tf.concat([reversed, holes], 1), [2 * tokens, width, x.shape[2] as number]);
  };
  return { ...call, k: store(k), v: store(v), keyRows: tf.tensor1d(order, 'int32') };
}

async function checkProblem<P extends HstuProblem | CausalProblem>(
  attention: Attention<P>,
  problem: P,
  how: { readonly counts: readonly number[]; readonly asCandidates: boolean; readonly isStored: boolean },
): Promise<void> {
  const { lengths } = problem;
  const offsets = offsetsFor(lengths);
  const mask = maskFor(problem);
  const arrays = attention.arrays(problem);
  const tensors = Object.fromEntries(Object.entries(arrays).map(([name, x]) => [name, upload(x)]));
  const counts = lengths.map((length, b) =>
    how.asCandidates ? Math.min(1, length) : Math.min(length, how.counts[b % how.counts.length]),
  );
  const asked = lengths.flatMap((_, b) => Array.from({ length: counts[b] }, (_, r) => offsets[b + 1] - counts[b] + r));
  // The key of a candidate is asked for when it is there.
  const { keyTimes } = tensors;
  const queryTimes = how.asCandidates ? keyTimes : tensors.queryTimes;
  const full = tf.tidy(() =>
    attention.run(problem, tensors, { ...three(tensors), offsets, queryTimes, keyTimes, mask }),
  );
  const expected = tf.tidy(() => rowsOf(full, asked));
  const actual = tf.tidy(() => {
    const { q, k, v } = three(tensors);
    const shared = { q: rowsOf(q, asked), queryOffsets: offsetsFor(counts), mask };
    if (!how.asCandidates) {
      const call = { ...shared, k, v, offsets, keyTimes, queryTimes: rowsOf(queryTimes, asked) };
      return attention.run(problem, tensors, how.isStored ? stored(call) : call);
    }
    const kept = lengths.flatMap((length, b) =>
      Array.from({ length: Math.max(0, length - 1) }, (_, i) => offsets[b] + i),
    );
    // One time a sequence: that of its last token; any where there is none.
    const lastOf = lengths.map((length, b) => (length > 0 ? offsets[b + 1] - 1 : 0));
    const times = total(lengths) === 0 ? tf.zeros([lengths.length], 'int32') : rowsOf(queryTimes, lastOf);
    const call = {
      ...shared,
      ...{ k: rowsOf(k, kept), v: rowsOf(v, kept), keyTimes: rowsOf(keyTimes, kept), queryTimes: times },
      offsets: offsetsFor(lengths.map((length) => Math.max(0, length - 1))),
      candidates: { k: rowsOf(k, asked), v: rowsOf(v, asked) },
    };
    return attention.run(problem, tensors, how.isStored ? stored(call) : call);
  });
  full.dispose();
  tf.dispose(tensors);
  const [mine, theirs] = [await take(actual), await take(expected)];
  const bound = EXACT.includes(tf.getBackend()) ? 0 : BOUND;
  assertClose(`${attention.name}, ${JSON.stringify(how)}`, mine, theirs, { bound, floor: 1 });
}

const three = ({ q, k, v }: Tensors) => ({ q, k, v }) as { q: tf.Tensor; k: tf.Tensor; v: tf.Tensor };

const ways = fc.record({
  counts: fc.array(fc.constantFrom(1, 2, 3, 16, 17, 40, 300), { minLength: 1, maxLength: 3 }),
  asCandidates: fc.boolean(),
  isStored: fc.boolean(),
});

function check<P extends HstuProblem | CausalProblem>(attention: Attention<P>): () => Promise<void> {
  return () =>
    fc.assert(
      fc.asyncProperty(attention.problem, ways, (problem, how) => checkProblem(attention, problem, how)),
      runs(40),
    );
}

export const queryBits = [
  { name: hstu.name, check: check(hstu) },
  { name: causal.name, check: check(causal) },
];
