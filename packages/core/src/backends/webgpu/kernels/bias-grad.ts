import type { TensorInfo } from '@tensorflow/tfjs-core';
import { HstuAttentionGrad } from '../../kernel-names.ts';
import type { SeqrecWebgpuBackend } from '../backend.ts';
import { bind, type Program, uniforms } from '../program.ts';
import { TILE, weightAt } from './attention-tiles.ts';
import type { BiasKind } from './relative-bias.ts';

/**
 * Gradients of the bias tables without atomics: each (work, head) adds its part to a row of partial sums of its own, one
 * thread an entry, and the rows are added up in order. A row holds a sum for each distance `i - j`, then a histogram over
 * the buckets for each of the 32 queries of the tile.
 */
export function partialStride(maxLength: number, buckets: number): number {
  return maxLength + TILE * buckets;
}

export const BIAS_GRAD_GLOBALS = `
var<workgroup> carry: array<f32, 32>;
`;

/** A dispatch covers works `workBase .. workEnd - 1`; the first block of columns does the sums. */
export const BIAS_GRAD_PROLOGUE = `
  if (work >= u.workEnd) { return; }
  let slot = ((work - u.workBase) * u.heads + head) * u.stride;
  var runBucket = 0u;
  var runSum = 0.0;
  if (lane < 32u) { carry[lane] = 0.0; }`;

/**
 * After `weights` holds dS of one tile. Diagonal `lane` of the 63 of a tile is distance `own - key + 31 - lane`; the lower
 * half is complete with this tile, the upper half goes on in the next, where it is the lower half.
 */
export function biasGradTile(kind: BiasKind): string {
  const time = `
    if (block == 0u && lane < ${TILE}u && own + lane < length) {
      // Neighbouring keys share a bucket as a rule: a run of them is one addition to memory.
      let last = min(key + ${TILE}u, own + lane + 1u);
      for (var j = key; j < last; j++) {
        let bucket = bucketAt(begin, own + lane, j);
        if (bucket != runBucket) {
          partials[slot + u.maxLength + lane * u.buckets + runBucket] += runSum;
          runBucket = bucket;
          runSum = 0.0;
        }
        runSum += ${weightAt('lane', 'j - key')};
      }
    }`;
  return `
    workgroupBarrier();
    var diagonal = 0.0;
    if (block == 0u) {
      let rows = min(${TILE}u, length - own);
      for (var r = 0u; r < rows; r++) {
        let c = lane + r - 31u;
        if (lane + r >= 31u && c < ${TILE}u) { diagonal += ${weightAt('r', 'c')}; }
      }
    }
    if (lane < 32u) {
      let distance = own - key + 31u - lane;
      if (block == 0u && distance < u.maxLength) { partials[slot + distance] += carry[lane] + diagonal; }
    }
    workgroupBarrier();
    if (lane >= 32u) { carry[lane - 32u] = diagonal; }${kind === 'position and time' ? time : ''}`;
}

/** Ends the last run. */
export function biasGradEnd(kind: BiasKind): string {
  if (kind !== 'position and time') return '';
  return `
  if (block == 0u && lane < ${TILE}u) { partials[slot + u.maxLength + lane * u.buckets + runBucket] += runSum; }`;
}

const REDUCE_THREADS = 64;

/** A workgroup adds up one entry of a table over all rows of partial sums; threads take every 64th term, then join. */
const reduce: Program = {
  op: HstuAttentionGrad,
  key: 'bias',
  bindings: bind('partials', 'gradient!'),
  uniforms: uniforms('entries', 'first', 'rows', 'stride', 'inner', 'innerStride', 'used', 'reversed', 'inverse: f32'),
  threads: REDUCE_THREADS,
  globals: `var<workgroup> sums: array<f32, ${REDUCE_THREADS}>;`,
  body: `
  if (group >= u.entries) { return; }
  // Position weights run from the longest distance to none; entries for the future stay zero.
  let entry = select(group, u.used - 1u - group, u.reversed == 1u);
  let present = group < u.used;
  var sum = 0.0;
  if (present) {
    for (var term = lane; term < u.rows * u.inner; term += ${REDUCE_THREADS}u) {
      sum += partials[(term / u.inner) * u.stride + u.first + (term % u.inner) * u.innerStride + entry];
    }
  }
  sums[lane] = sum;
  workgroupBarrier();
  for (var width = ${REDUCE_THREADS / 2}u; width > 0u; width /= 2u) {
    if (lane < width) { sums[lane] += sums[lane + width]; }
    workgroupBarrier();
  }
  if (lane == 0u) { gradient[group] = sums[0] * u.inverse; }`,
};

export interface PartialLayout {
  readonly rows: number;
  readonly stride: number;
  readonly maxLength: number;
  readonly buckets: number;
}

export function reduceBias(
  backend: SeqrecWebgpuBackend,
  partials: TensorInfo,
  { rows, stride, maxLength, buckets }: PartialLayout,
  inverse: number,
  [dPosition, dTime]: readonly TensorInfo[],
): void {
  const common = { rows, stride, inverse };
  const entries = dPosition.shape[0];
  backend.dispatch(reduce, {
    tensors: [partials, dPosition],
    uniforms: { ...common, entries, first: 0, inner: 1, innerStride: 0, used: maxLength, reversed: 1 },
    groups: entries,
  });
  if (buckets === 0) return;
  backend.dispatch(reduce, {
    tensors: [partials, dTime],
    uniforms: {
      ...common,
      entries: buckets,
      first: maxLength,
      inner: TILE,
      innerStride: buckets,
      used: buckets,
      reversed: 0,
    },
    groups: buckets,
  });
}
