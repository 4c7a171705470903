import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { type AttentionQueries, causalAttention, hstuAttention, type RelativeBias } from '../../src/index.ts';
import * as ref from '../../src/reference/index.ts';
import { type AttentionSizes, floats, ints, offsetsFor, total } from './arbitraries.ts';
import {
  BUCKET_DIVISOR,
  type CausalProblem,
  causalCase,
  eventTimes,
  type HstuProblem,
  hstuCase,
  maskOf,
  streamOf,
} from './attention-cases.ts';
import type { Arrays, HostTensor, KernelCase, Tensors } from './compare.ts';

/** Queries that are not the tokens: at the last places, candidates after all keys, or anywhere, seeing all keys. */
interface Asking {
  readonly asking: 'last' | 'candidates' | 'all';
  /** Queries of a sequence: the first number for the first sequence, and so on, again from the start. */
  readonly counts: readonly number[];
  /** Keys and values lie in a store, in another order and with holes. */
  readonly stored: boolean;
}

const askings: fc.Arbitrary<Asking> = fc.record({
  asking: fc.constantFrom('last', 'candidates', 'all'),
  counts: fc.array(fc.oneof(fc.constantFrom(0, 1, 1, 2, 16, 17), fc.integer({ min: 0, max: 40 })), {
    minLength: 1,
    maxLength: 3,
  }),
  stored: fc.boolean(),
});

/** One of each kind around a panel of sixteen, and more queries than a task has. */
const ASKING_EDGES: readonly Asking[] = [
  { asking: 'last', counts: [1], stored: false },
  { asking: 'candidates', counts: [17], stored: true },
  { asking: 'all', counts: [2, 40], stored: true },
  { asking: 'last', counts: [17, 0], stored: true },
  { asking: 'candidates', counts: [1, 16], stored: false },
  { asking: 'all', counts: [15], stored: false },
  { asking: 'candidates', counts: [3, 0, 260], stored: true },
  { asking: 'last', counts: [2], stored: true },
];

type Problem<P> = P & Asking;

/** Every other edge of the full attention, each with one way of asking; targets are candidates here. */
function askingEdges<P extends { readonly mask?: HstuProblem['mask'] }>({ edges }: KernelCase<P>): Problem<P>[] {
  return edges()
    .filter((_, i) => i % 2 === 0)
    .map((problem, i) => ({ ...withoutTargets(problem), ...ASKING_EDGES[i % ASKING_EDGES.length] }));
}

const withoutTargets = <P extends { readonly mask?: HstuProblem['mask'] }>(problem: P): P => ({
  ...problem,
  ...(problem.mask && { mask: { ...problem.mask, targetShare: 0 } }),
});

const countsOf = ({ lengths, counts }: { readonly lengths: readonly number[] } & Asking): number[] =>
  lengths.map((_, b) => counts[b % counts.length]);

/** Rows of a store with holes, the keys in it from the last to the first. */
function keyRowsOf(lengths: readonly number[]): Int32Array {
  const tokens = total(lengths);
  return Int32Array.from({ length: tokens }, (_, t) => 2 * (tokens - 1 - t) + 1);
}

function arraysOf(problem: Problem<AttentionSizes>): Arrays {
  const { lengths, heads, queryWidth, valueWidth, seed, stored, asking } = problem;
  const tokens = total(lengths);
  const rows = stored ? 2 * tokens + 1 : tokens;
  const queries = total(countsOf(problem));
  const scale = queryWidth ** -0.25;
  const own = asking === 'candidates';
  const tensor = (stream: number, shape: readonly number[], size = 1): HostTensor => ({
    shape: [...shape],
    values: floats(
      seed,
      stream,
      shape.reduce((product, n) => product * n, 1),
      size,
    ),
  });
  return {
    q: tensor(0, [queries, heads, queryWidth], scale),
    k: tensor(1, [rows, heads, queryWidth], scale),
    v: tensor(2, [rows, heads, valueWidth]),
    ...(own && {
      selfK: tensor(11, [queries, heads, queryWidth], scale),
      selfV: tensor(12, [queries, heads, valueWidth]),
    }),
  };
}

function queriesOf(problem: Problem<AttentionSizes>, { selfK, selfV }: Tensors): AttentionQueries {
  const { lengths, asking, stored } = problem;
  return {
    queryOffsets: offsetsFor(countsOf(problem)),
    ...(asking === 'all' && { sees: 'all' }),
    ...(asking === 'candidates' && { candidates: { k: selfK, v: selfV } }),
    ...(stored && { keyRows: tf.tensor1d(keyRowsOf(lengths), 'int32') }),
  };
}

/** A query as the token of a sequence of its own, in which the full attention's reference has the row. */
interface Expanded {
  readonly query: number;
  /** Its sequence, and the row of each key there; the own key of a candidate comes after them. */
  readonly sequence: number;
  readonly keyRows: readonly number[];
  readonly length: number;
  readonly place: number;
}

function expand(problem: Problem<AttentionSizes>): Expanded[] {
  const { lengths, asking, stored } = problem;
  const rows = stored ? keyRowsOf(lengths) : Int32Array.from({ length: total(lengths) }, (_, t) => t);
  const [offsets, queryOffsets] = [offsetsFor(lengths), offsetsFor(countsOf(problem))];
  return lengths.flatMap((l, sequence) => {
    const keyRows = Array.from(rows.subarray(offsets[sequence], offsets[sequence + 1]));
    const count = queryOffsets[sequence + 1] - queryOffsets[sequence];
    return Array.from({ length: count }, (_, r): Expanded => {
      const shared = { query: queryOffsets[sequence] + r, sequence, keyRows };
      if (asking === 'candidates') return { ...shared, length: l + 1, place: l };
      // With all tokens contextual, the first sees all.
      if (asking === 'all') return { ...shared, length: l, place: l > 0 ? 0 : -1 };
      return { ...shared, length: l, place: l - count + r };
    });
  });
}

/** A row `[H, W]` of `x` for each key, and of `own` for the candidate itself. */
function keysOf(x: HostTensor, own: HostTensor | undefined, { keyRows, query, length }: Expanded): Float64Array {
  const width = x.shape[1] * x.shape[2];
  const out = new Float64Array(length * width);
  keyRows.forEach((row, j) => {
    out.set(x.values.slice(row * width, (row + 1) * width), j * width);
  });
  if (own !== undefined) out.set(own.values.slice(query * width, (query + 1) * width), keyRows.length * width);
  return out;
}

/** `row` at a place, zeros elsewhere. */
function atPlace(x: ArrayLike<number>, width: number, { query, place, length }: Expanded): Float64Array {
  const out = new Float64Array(length * width);
  for (let i = 0; i < width; i++) out[place * width + i] = x[query * width + i];
  return out;
}

type KeyGradients = Record<'q' | 'k' | 'v' | 'selfK' | 'selfV', Float64Array>;

function emptyGradients(arrays: Arrays): KeyGradients {
  const zeros = (name: string): Float64Array =>
    new Float64Array((arrays[name] as HostTensor | undefined)?.values.length ?? 0);
  return { q: zeros('q'), k: zeros('k'), v: zeros('v'), selfK: zeros('selfK'), selfV: zeros('selfV') };
}

/** Adds the gradients of one expanded query to those of all. */
function collect(
  into: KeyGradients,
  found: { readonly dq: Float64Array; readonly dk: Float64Array; readonly dv: Float64Array },
  widths: { readonly a: number; readonly c: number },
  { query, place, keyRows, length }: Expanded,
): void {
  for (let i = 0; i < widths.a; i++) into.q[query * widths.a + i] += found.dq[place * widths.a + i];
  const add = (to: Float64Array, self: Float64Array, from: Float64Array, width: number): void => {
    for (let j = 0; j < length; j++) {
      const [target, row] = j < keyRows.length ? [to, keyRows[j]] : [self, query];
      for (let i = 0; i < width; i++) target[row * width + i] += from[j * width + i];
    }
  };
  add(into.k, into.selfK, found.dk, widths.a);
  add(into.v, into.selfV, found.dv, widths.c);
}

function given(gradients: KeyGradients, asking: Asking['asking']): Record<string, ArrayLike<number>> {
  const { selfK, selfV, ...rest } = gradients;
  return asking === 'candidates' ? { ...rest, selfK, selfV } : rest;
}

function maskFor<P extends { readonly mask?: HstuProblem['mask'] } & Asking>(problem: P, { length }: Expanded) {
  const { asking, mask } = problem;
  if (asking === 'all') {
    const none = { maxAttentionLength: 0, minFullAttentionLength: 0, globalAttentionLength: 0 };
    return { ...none, contextualLength: length, numTargets: [0] };
  }
  const reference = maskOf(mask, [length]).reference;
  return reference && { ...reference, numTargets: [asking === 'candidates' ? 1 : 0] };
}

/** The mask as the op takes it; `all` has none. */
function opMask({ mask, asking, lengths }: Problem<HstuProblem> | Problem<CausalProblem>) {
  if (asking === 'all') return undefined;
  const { numTargets: _, ...rest } = maskOf(mask, lengths).op ?? {};
  return mask === undefined ? undefined : rest;
}

const biasOf = ({ bias, asking }: Problem<HstuProblem>): HstuProblem['bias'] => (asking === 'all' ? 'none' : bias);

function hstuArrays(problem: Problem<HstuProblem>): Arrays {
  const { lengths, seed, slack, buckets, asking } = problem;
  // A candidate stands one place further.
  const n = Math.max(1, ...lengths) + slack + 1;
  const keyTimes = eventTimes(lengths, seed);
  const asked = asking === 'candidates' ? lengths.length : total(countsOf(problem));
  const sequences =
    asking === 'candidates'
      ? lengths.map((_, b) => b)
      : countsOf(problem).flatMap((m, b) => new Array<number>(m).fill(b));
  const offsets = offsetsFor(lengths);
  const gaps = ints(seed, 6, asked, 0, 100_000);
  const latest = (b: number): number => (lengths[b] > 0 ? keyTimes[offsets[b + 1] - 1] : 0);
  return {
    ...arraysOf(problem),
    positionWeights: { shape: [2 * n - 1], values: floats(seed, 3, 2 * n - 1, 0.5) },
    timeWeights: { shape: [buckets + 1], values: floats(seed, 4, buckets + 1, 0.5) },
    queryTimes: { shape: [asked], values: Int32Array.from(sequences, (b, i) => latest(b) + gaps[i]) },
    keyTimes: { shape: [total(lengths)], values: keyTimes },
  };
}

export const hstuQueriesCase: KernelCase<Problem<HstuProblem>> = {
  name: 'hstuAttention of queries',
  kernels: ['HstuAttention', 'HstuAttentionGrad'],
  bounds: hstuCase.bounds,
  // A sum of n terms near one reaches sqrt(n) on its way and each addition rounds to 6e-8 of that; here it may be the
  // only result and cancel.
  floor: (problem, tensor) => {
    const rows = Math.sqrt(Math.max(1, ...problem.lengths));
    return (hstuCase.floor?.({ ...problem, mask: undefined }, tensor) ?? 0) * (tensor === 'output' ? rows : 1);
  },
  problem: fc.tuple(hstuCase.problem, askings).map(([problem, asking]) => ({ ...withoutTargets(problem), ...asking })),
  edges: () => askingEdges(hstuCase),
  arrays: hstuArrays,
  run: (problem, tensors) =>
    tf.tidy(() => {
      const { q, k, v, positionWeights, timeWeights, queryTimes, keyTimes } = tensors;
      const { scale, normalizer, lengths } = problem;
      const bias = biasOf(problem);
      const time = bias === 'position and time' ? { timeWeights, queryTimes, keyTimes } : undefined;
      const relative: RelativeBias | undefined = bias === 'none' ? undefined : { positionWeights, time };
      const asked = { ...queriesOf(problem, tensors), mask: opMask(problem) };
      return hstuAttention({ q, k, v, offsets: offsetsFor(lengths), normalizer, scale, bias: relative, ...asked });
    }),
  reference: (problem, arrays, dy) => {
    const { heads, queryWidth, valueWidth, scale, normalizer, lengths, asking } = problem;
    const widths = { a: heads * queryWidth, c: heads * valueWidth };
    const [biased, timed] = [biasOf(problem) !== 'none', biasOf(problem) === 'position and time'];
    const gradients = emptyGradients(arrays);
    const dPosition = new Float64Array(arrays.positionWeights.values.length);
    const dTime = new Float64Array(arrays.timeWeights.values.length);
    const output = new Float64Array(total(countsOf(problem)) * widths.c);
    const offsets = offsetsFor(lengths);
    for (const one of expand(problem)) {
      if (one.place < 0) continue;
      const asked = arrays.queryTimes.values[asking === 'candidates' ? one.sequence : one.query];
      const times = arrays.keyTimes.values.slice(offsets[one.sequence], offsets[one.sequence + 1]);
      const input: ref.HstuAttentionInput = {
        ...{ heads, queryWidth, valueWidth, scale, normalizer, bucketDivisor: BUCKET_DIVISOR },
        q: atPlace(arrays.q.values, widths.a, one),
        k: keysOf(arrays.k, arrays.selfK, one),
        v: keysOf(arrays.v, arrays.selfV, one),
        offsets: [0, one.length],
        positionWeights: biased ? arrays.positionWeights.values : [],
        timeWeights: timed ? arrays.timeWeights.values : [],
        queryTimes: new Array<number>(one.length).fill(asked),
        keyTimes: [...times, asked].slice(0, one.length),
        mask: maskFor(problem, one),
        only: one.place,
      };
      output.set(
        ref.hstuAttention(input).subarray(one.place * widths.c, (one.place + 1) * widths.c),
        one.query * widths.c,
      );
      const found = ref.hstuAttentionGrad(input, atPlace(dy, widths.c, one));
      collect(gradients, found, widths, one);
      found.dPositionWeights.forEach((x, i) => {
        dPosition[i] += x;
      });
      found.dTimeWeights.forEach((x, i) => {
        dTime[i] += x;
      });
    }
    return {
      output,
      gradients: {
        ...given(gradients, asking),
        ...(biased && { positionWeights: dPosition }),
        ...(timed && { timeWeights: dTime }),
      },
    };
  },
};

export const causalQueriesCase: KernelCase<Problem<CausalProblem>> = {
  name: 'causalAttention of queries',
  kernels: ['CausalAttention', 'CausalAttentionGrad'],
  bounds: causalCase.bounds,
  floor: causalCase.floor,
  problem: fc
    .tuple(causalCase.problem, askings)
    .map(([problem, asking]) => ({ ...withoutTargets(problem), ...asking })),
  edges: () => askingEdges(causalCase),
  arrays: arraysOf,
  run: (problem, tensors) =>
    tf.tidy(() => {
      const { queryWidth, rate, first, seed, lengths } = problem;
      const { q, k, v } = tensors;
      const dropout = rate === 0 ? undefined : { rate, stream: streamOf(seed, first) };
      const asked = { ...queriesOf(problem, tensors), mask: opMask(problem) };
      return causalAttention({ q, k, v, offsets: offsetsFor(lengths), scale: queryWidth ** -0.5, dropout, ...asked });
    }),
  reference: (problem, arrays, dy) => {
    const { heads, queryWidth, valueWidth, rate, first, seed, asking } = problem;
    const widths = { a: heads * queryWidth, c: heads * valueWidth };
    const gradients = emptyGradients(arrays);
    const output = new Float64Array(total(countsOf(problem)) * widths.c);
    const { key, step } = streamOf(seed);
    const keep = ref.attentionKeep({ ...key, step, first }, rate, heads);
    for (const one of expand(problem)) {
      if (one.place < 0) continue;
      const input: ref.CausalAttentionInput = {
        ...{ heads, queryWidth, valueWidth, scale: queryWidth ** -0.5, rate },
        q: atPlace(arrays.q.values, widths.a, one),
        k: keysOf(arrays.k, arrays.selfK, one),
        v: keysOf(arrays.v, arrays.selfV, one),
        offsets: [0, one.length],
        keep: (_, h, j) => keep(one.query, h, j),
        mask: maskFor(problem, one),
        only: one.place,
      };
      output.set(
        ref.causalAttention(input).out.subarray(one.place * widths.c, (one.place + 1) * widths.c),
        one.query * widths.c,
      );
      collect(gradients, ref.causalAttentionGrad(input, atPlace(dy, widths.c, one)), widths, one);
    }
    return { output, gradients: given(gradients, asking) };
  },
};
