import fc from 'fast-check';
import {
  type AttentionMask,
  causalAttention,
  hstuAttention,
  type RandomStream,
  type RelativeBias,
} from '../../src/index.ts';
import * as ref from '../../src/reference/index.ts';
import { type AttentionSizes, attentionSizes, floats, ints, offsetsFor, scattered, total } from './arbitraries.ts';
import type { Arrays, KernelCase, Tensors } from './compare.ts';
import { around, edgesOf, firstRowEdges, HISTOGRAM_BUCKETS, KEYS, PANEL, QUERIES } from './edges.ts';

/** Parts of a mask; undefined: causal alone. Targets are `targetShare` of each sequence. */
export interface MaskProblem {
  readonly maxAttentionLength: number;
  readonly contextualLength: number;
  readonly minFullAttentionLength: number;
  readonly globalAttentionLength: number;
  readonly targetShare: number;
  readonly bidirectional?: boolean;
}

const masks: fc.Arbitrary<MaskProblem | undefined> = fc.option(
  fc.record({
    maxAttentionLength: fc.constantFrom(0, 0, 1, 5, 16, 60),
    contextualLength: fc.constantFrom(0, 0, 1, 3, 17),
    minFullAttentionLength: fc.constantFrom(0, 0, 4, 20),
    globalAttentionLength: fc.constantFrom(0, 0, 1, 7, 50, 130),
    targetShare: fc.constantFrom(0, 0, 0.2, 0.5, 1),
    bidirectional: fc.constantFrom(false, false, false, true),
  }),
  { nil: undefined, freq: 2 },
);

/** The mask as the reference and the op take it: 0 and absent mean the same. */
export function maskOf(mask: MaskProblem | undefined, lengths: readonly number[]) {
  if (mask === undefined) return { reference: undefined, op: undefined };
  const { targetShare, ...rest } = mask;
  // Without a window everything is seen already, and the op refuses it.
  const parts = rest.maxAttentionLength > 0 ? rest : { ...rest, globalAttentionLength: 0 };
  const numTargets = lengths.map((n) => Math.floor(n * targetShare));
  const given = Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== 0));
  return { reference: { ...parts, numTargets }, op: { ...given, numTargets } satisfies AttentionMask };
}

const none = {
  maxAttentionLength: 0,
  contextualLength: 0,
  minFullAttentionLength: 0,
  globalAttentionLength: 0,
  targetShare: 0,
};
/** Ranges that say what causality says, and one of each part around a panel and a block. */
const maskEdges: readonly (MaskProblem | undefined)[] = [
  undefined,
  none,
  { ...none, maxAttentionLength: 1 },
  { ...none, maxAttentionLength: PANEL + 1, globalAttentionLength: 1 },
  { ...none, maxAttentionLength: 5, globalAttentionLength: KEYS + 1, targetShare: 0.2 },
  { ...none, contextualLength: PANEL + 1 },
  { ...none, maxAttentionLength: 60, minFullAttentionLength: 20, targetShare: 0.5 },
  { ...none, maxAttentionLength: PANEL + 1, bidirectional: true, targetShare: 0.2 },
  { ...none, bidirectional: true },
];

const lengthEdges: readonly number[] = [
  1,
  ...around(PANEL),
  2 * PANEL + 1,
  ...[QUERIES, QUERIES + 1],
  ...around(KEYS),
  // The queries of a forward task, in `attention-plan.ts`.
  ...around(256).slice(1),
];
/** A sequence alone; after an empty and a short one; more of them than groups of the backward pass. */
const batches = (length: number, batch: string): number[] => {
  if (batch === 'alone') return [length];
  return batch === 'beside' ? [0, 3, length, 1] : [...new Array<number>(33).fill(Math.min(length, 18)), length];
};
const headWidths: readonly number[] = [1, 2, 4, 5, 6, 8, 9, 10, 16, 17, 50];

/** Lengths and batches, heads and widths; `rest` are the dimensions of one attention. */
function attentionEdges<P extends AttentionSizes>(
  rest: { readonly [K in Exclude<keyof P, keyof AttentionSizes>]-?: readonly P[K][] },
  limits: readonly Omit<P, 'seed'>[],
): P[] {
  type Paired = Omit<P, 'lengths'> & { readonly length: number; readonly batch: string; readonly seed: number };
  const pairs = edgesOf<Paired>({
    ...{ length: lengthEdges, batch: ['alone', 'beside', 'many'], heads: [1, 2, 3] },
    ...{ queryWidth: headWidths, valueWidth: headWidths, ...rest },
  } as never);
  const problems = pairs.map(({ length, batch, ...others }) => ({ ...others, lengths: batches(length, batch) }));
  return [...problems, ...limits.map((limit, i) => ({ ...limit, seed: 1 + i }))] as unknown as P[];
}

/** The widest heads; the longest sequence whose sums of dQ fit scratch memory, and one panel more (`SCRATCH_DQ`). */
const wideHeads = [7, 8].map((panels) => ({
  ...{ lengths: [panels * PANEL], heads: 2, queryWidth: 512, valueWidth: 512 },
}));

export type BiasKind = 'none' | 'position' | 'position and time';

export interface HstuProblem extends AttentionSizes {
  readonly bias: BiasKind;
  readonly scale: number;
  readonly normalizer: number;
  /** Extra length of the position table beyond the longest sequence. */
  readonly slack: number;
  readonly buckets: number;
  readonly mask?: MaskProblem;
}

const hstuProblems: fc.Arbitrary<HstuProblem> = fc
  .tuple(
    attentionSizes,
    fc.record({
      bias: fc.constantFrom<BiasKind>('none', 'position', 'position and time'),
      scale: fc.constantFrom(1, 0.25),
      normalizer: fc.constantFrom(1, 70, 211),
      slack: fc.integer({ min: 0, max: 5 }),
      buckets: fc.constantFrom(0, 12, 128),
      mask: masks,
    }),
  )
  .map(([sizes, rest]) => ({ ...sizes, ...rest }));

export const BUCKET_DIVISOR = 0.301;

/** q, k, v `[T, H, .]`, of a size that keeps the scores within a few units. */
export function qkv({ lengths, heads, queryWidth, valueWidth, seed }: AttentionSizes): Arrays {
  const tokens = total(lengths);
  const queries = { shape: [tokens, heads, queryWidth] };
  const scale = queryWidth ** -0.25;
  return {
    q: { ...queries, values: floats(seed, 0, tokens * heads * queryWidth, scale) },
    k: { ...queries, values: floats(seed, 1, tokens * heads * queryWidth, scale) },
    v: { shape: [tokens, heads, valueWidth], values: floats(seed, 2, tokens * heads * valueWidth) },
  };
}

/** Pairs of a query and a key that it sees. */
function pairs(lengths: readonly number[]): number {
  return lengths.reduce((sum, n) => sum + (n * (n + 1)) / 2, 0);
}

/** Seconds since the first event of each sequence; steps from 0 seconds to months, repeats included. */
export function eventTimes(lengths: readonly number[], seed: number): Int32Array {
  const steps = ints(seed, 5, total(lengths), 0, 15);
  const times: number[] = [];
  for (const length of lengths) {
    let now = 0;
    for (let i = 0; i < length; i++) {
      times.push(now);
      now += Math.floor(3 ** steps[times.length - 1]) - 1;
    }
  }
  return Int32Array.from(times);
}

export function hstuArrays(problem: HstuProblem): Arrays {
  const { lengths, seed, slack, buckets } = problem;
  const tokens = total(lengths);
  const n = Math.max(1, ...lengths) + slack;
  const keyTimes = eventTimes(lengths, seed);
  // The next event's time; what follows the last one is drawn.
  const gaps = ints(seed, 6, tokens, 0, 100_000);
  const queryTimes = keyTimes.map((t, i) => (keyTimes[i + 1] > t ? keyTimes[i + 1] : t + gaps[i]));
  return {
    ...qkv(problem),
    positionWeights: { shape: [2 * n - 1], values: floats(seed, 3, 2 * n - 1, 0.5) },
    timeWeights: { shape: [buckets + 1], values: floats(seed, 4, buckets + 1, 0.5) },
    queryTimes: { shape: [tokens], values: queryTimes },
    keyTimes: { shape: [tokens], values: keyTimes },
  };
}

export function runHstu(problem: HstuProblem, tensors: Tensors, offsets = offsetsFor(problem.lengths)) {
  const { q, k, v, positionWeights, timeWeights, queryTimes, keyTimes } = tensors;
  const { scale, normalizer, bias } = problem;
  const time = bias === 'position and time' ? { timeWeights, queryTimes, keyTimes } : undefined;
  const relative: RelativeBias | undefined = bias === 'none' ? undefined : { positionWeights, time };
  const mask = maskOf(problem.mask, problem.lengths).op;
  return hstuAttention({ q, k, v, offsets, normalizer, scale, bias: relative, mask });
}

export const hstuCase: KernelCase<HstuProblem> = {
  name: 'hstuAttention',
  kernels: ['HstuAttention', 'HstuAttentionGrad'],
  bounds: { output: 2e-6, gradients: 4e-6 },
  floor: ({ normalizer, lengths, heads, queryWidth, valueWidth, scale }, tensor) => {
    // dP = dO . v is a sum of C terms near one; a table entry sums it over up to all pairs.
    const dP = Math.sqrt(valueWidth) / normalizer;
    if (tensor === 'positionWeights' || tensor === 'timeWeights') return dP * Math.sqrt(pairs(lengths) * heads);
    if (tensor === 'q' || tensor === 'k') return dP * scale * queryWidth ** -0.25;
    return 1 / normalizer;
  },
  problem: hstuProblems,
  edges: () =>
    attentionEdges<HstuProblem>(
      {
        ...{ bias: ['none', 'position', 'position and time'], scale: [1, 0.25], normalizer: [70], slack: [0, 3] },
        // Buckets of one byte and two, sums by bucket in scratch memory or not.
        ...{ buckets: [0, 12, 128, 254, 255, 256, HISTOGRAM_BUCKETS - 1, HISTOGRAM_BUCKETS], mask: maskEdges },
      },
      wideHeads.map((sizes) => ({ ...sizes, bias: 'position', scale: 1, normalizer: 70, slack: 0, buckets: 0 })),
    ),
  arrays: hstuArrays,
  run: (problem, tensors) => runHstu(problem, tensors),
  reference: (problem, arrays, dy) => {
    const biased = problem.bias !== 'none';
    const timed = problem.bias === 'position and time';
    const input = {
      q: arrays.q.values,
      k: arrays.k.values,
      v: arrays.v.values,
      offsets: offsetsFor(problem.lengths),
      heads: problem.heads,
      queryWidth: problem.queryWidth,
      valueWidth: problem.valueWidth,
      scale: problem.scale,
      normalizer: problem.normalizer,
      positionWeights: biased ? arrays.positionWeights.values : [],
      timeWeights: timed ? arrays.timeWeights.values : [],
      queryTimes: arrays.queryTimes.values,
      keyTimes: arrays.keyTimes.values,
      bucketDivisor: BUCKET_DIVISOR,
      mask: maskOf(problem.mask, problem.lengths).reference,
    };
    const { dq, dk, dv, dPositionWeights, dTimeWeights } = ref.hstuAttentionGrad(input, dy);
    const gradients: Record<string, ArrayLike<number>> = { q: dq, k: dk, v: dv };
    if (biased) gradients.positionWeights = dPositionWeights;
    if (timed) gradients.timeWeights = dTimeWeights;
    return { output: ref.hstuAttention(input), gradients };
  },
};

export interface CausalProblem extends AttentionSizes {
  readonly rate: number;
  /** Number of row 0 and head 0 in the stream. */
  readonly first: number;
  readonly mask?: MaskProblem;
}

/** Attention counts rows and heads in one word. */
export const firstRows = fc.oneof(
  fc.constantFrom(0, 0, 1, 2, 3, 4, 5),
  fc.integer({ min: 0, max: 100_000 }),
  fc.integer({ min: 2 ** 31 - 100, max: 2 ** 32 - 100_000 }),
);

const causalProblems: fc.Arbitrary<CausalProblem> = fc
  .tuple(attentionSizes, fc.constantFrom(0, 0, 0.2, 0.5), firstRows, masks)
  .map(([sizes, rate, first, mask]) => ({ ...sizes, rate, first, mask }));

/** The random stream of a problem, for the op. */
export const streamOf = (seed: number, first = 0): RandomStream => ({
  key: { k0: seed, k1: 0x51a9 },
  step: scattered(seed),
  first,
});

export function runCausal(
  { queryWidth, rate, first, seed, mask, lengths }: CausalProblem,
  { q, k, v }: Tensors,
  offsets: Int32Array,
) {
  const dropout = rate === 0 ? undefined : { rate, stream: streamOf(seed, first) };
  return causalAttention({ q, k, v, offsets, scale: queryWidth ** -0.5, dropout, mask: maskOf(mask, lengths).op });
}

export const causalCase: KernelCase<CausalProblem> = {
  name: 'causalAttention',
  kernels: ['CausalAttention', 'CausalAttentionGrad'],
  bounds: { output: 2e-6, gradients: 4e-6 },
  // dS = P (dP - delta) cancels exactly for the first token, so errors there are those of dP.
  floor: ({ queryWidth, valueWidth }, tensor) =>
    tensor === 'q' || tensor === 'k' ? Math.sqrt(valueWidth) * queryWidth ** -0.75 : 1,
  problem: causalProblems,
  edges: () =>
    attentionEdges<CausalProblem>(
      { rate: [0, 0.2], first: firstRowEdges, mask: maskEdges },
      wideHeads.map((sizes) => ({ ...sizes, rate: 0.2, first: 7 })),
    ),
  arrays: qkv,
  run: (problem, tensors) => runCausal(problem, tensors, offsetsFor(problem.lengths)),
  reference: ({ lengths, heads, queryWidth, valueWidth, rate, first, seed, mask }, { q, k, v }, dy) => {
    const { key, step } = streamOf(seed);
    const input = {
      q: q.values,
      k: k.values,
      v: v.values,
      offsets: offsetsFor(lengths),
      heads,
      queryWidth,
      valueWidth,
      scale: queryWidth ** -0.5,
      rate,
      keep: ref.attentionKeep({ ...key, step, first }, rate, heads),
      mask: maskOf(mask, lengths).reference,
    };
    const { dq, dk, dv } = ref.causalAttentionGrad(input, dy);
    return { output: ref.causalAttention(input).out, gradients: { q: dq, k: dk, v: dv } };
  },
};
