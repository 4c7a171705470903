import type { TensorInfo } from '@tensorflow/tfjs-core';
import { HstuAttentionGrad } from '../../kernel-names.ts';
import type { SeqrecWebgpuBackend } from '../backend.ts';
import { bind, type Program, uniforms } from '../program.ts';
import { TILE, weightAt } from './attention-tiles.ts';
import type { BiasKind } from './relative-bias.ts';

/**
 * Gradients of the bias tables without atomics: each (work, head) adds its part to a row of partial sums of its own,
 * one thread an entry, and the rows are added up in order. A row holds an entry for each entry of the position table,
 * then a histogram over the buckets for each of the 32 queries of the tile.
 */
export function partialStride(positions: number, buckets: number): number {
  return positions + TILE * buckets;
}

/** A dispatch covers works `workBase .. workEnd - 1`; the first block of columns does the sums. */
export const BIAS_GRAD_PROLOGUE = `
  if (work >= u.workEnd) { return; }
  let slot = ((work - u.workBase) * u.heads + head) * u.stride;
  let positions = 2u * u.maxLength - 1u;
  var runBucket = 0u;
  var runSum = 0.0;`;

/**
 * After `weights` holds dS of one tile. Thread `lane` has one of its 63 diagonals; the next tile shares half of them.
 */
export function biasGradTile(kind: BiasKind): string {
  const time = `
    if (block == 0u && lane < ${TILE}u && own + lane < length) {
      // Neighbouring keys share a bucket as a rule: a run of them is one addition to memory.
      let last = min(key + ${TILE}u, length);
      for (var j = key; j < last; j++) {
        let part = ${weightAt('lane', 'j - key')};
        if (part == 0.0) { continue; }
        let bucket = bucketAt(begin + own + lane, begin + j);
        if (bucket != runBucket) {
          partials[slot + positions + lane * u.buckets + runBucket] += runSum;
          runBucket = bucket;
          runSum = 0.0;
        }
        runSum += part;
      }
    }`;
  return `
    workgroupBarrier();
    if (block == 0u) {
      var diagonal = 0.0;
      let rows = min(${TILE}u, length - own);
      for (var r = 0u; r < rows; r++) {
        let c = lane + r - 31u;
        if (lane + r >= 31u && c < ${TILE}u) { diagonal += ${weightAt('r', 'c')}; }
      }
      let entry = key + lane + u.maxLength - 32u - own;
      if (entry < positions) { partials[slot + entry] += diagonal; }
    }${kind === 'position and time' ? time : ''}
    storageBarrier();`;
}

/** Ends the last run. */
export function biasGradEnd(kind: BiasKind): string {
  if (kind !== 'position and time') return '';
  return `
  if (block == 0u && lane < ${TILE}u) { partials[slot + positions + lane * u.buckets + runBucket] += runSum; }`;
}

const REDUCE_THREADS = 64;

/** A workgroup adds up one entry of a table over all rows of partial sums; threads take every 64th term, then join. */
const reduce: Program = {
  op: HstuAttentionGrad,
  key: 'bias',
  bindings: bind('partials', 'gradient!'),
  uniforms: uniforms('entries', 'first', 'rows', 'stride', 'inner', 'innerStride', 'inverse: f32'),
  threads: REDUCE_THREADS,
  globals: `var<workgroup> sums: array<f32, ${REDUCE_THREADS}>;`,
  body: `
  if (group >= u.entries) { return; }
  var sum = 0.0;
  for (var term = lane; term < u.rows * u.inner; term += ${REDUCE_THREADS}u) {
    sum += partials[(term / u.inner) * u.stride + u.first + (term % u.inner) * u.innerStride + group];
  }
  sums[lane] = sum;
  workgroupBarrier();
  for (var width = ${REDUCE_THREADS / 2}u; width > 0u; width /= 2u) {
    if (lane < width) { sums[lane] += sums[lane + width]; }
    workgroupBarrier();
  }
  if (lane == 0u) { gradient[group] = sums[0] * u.inverse; }`,
};

/** Adds up `rows` rows of partial sums, `stride` floats each. */
export function reduceBias(
  backend: SeqrecWebgpuBackend,
  partials: TensorInfo,
  { rows, stride, inverse }: { rows: number; stride: number; inverse: number },
  [dPosition, dTime]: readonly TensorInfo[],
): void {
  const common = { rows, stride, inverse };
  const [positions] = dPosition.shape;
  const [buckets] = dTime.shape;
  backend.dispatch(reduce, {
    tensors: [partials, dPosition],
    uniforms: { ...common, entries: positions, first: 0, inner: 1, innerStride: 0 },
    groups: positions,
  });
  if (buckets === 0) return;
  backend.dispatch(reduce, {
    tensors: [partials, dTime],
    uniforms: { ...common, entries: buckets, first: positions, inner: TILE, innerStride: buckets },
    groups: buckets,
  });
}
