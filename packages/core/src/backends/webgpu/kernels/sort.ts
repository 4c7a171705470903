import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { SeqrecWebgpuBackend } from '../backend.ts';
import { bind, type Program, uniforms } from '../program.ts';

/**
 * Stable radix sort of (key, index) pairs, four bits a pass: count the digits of each block, scan the counts, scatter.
 * Counts are integers, so the order is the same in every run.
 */
const THREADS = 256;
const PER_THREAD = 16;
const BLOCK = THREADS * PER_THREAD;
const DIGITS = 16;

const count: Program = {
  op: 'SortCount',
  key: '',
  bindings: bind('keys: u32', 'counts!: u32'),
  uniforms: uniforms('count', 'shift', 'blocks'),
  threads: THREADS,
  globals: `var<workgroup> bins: array<atomic<u32>, ${DIGITS}>;`,
  body: `
  if (lane < ${DIGITS}u) { atomicStore(&bins[lane], 0u); }
  workgroupBarrier();
  for (var e = 0u; e < ${PER_THREAD}u; e++) {
    let i = group * ${BLOCK}u + e * ${THREADS}u + lane;
    if (i < u.count) { atomicAdd(&bins[(keys[i] >> u.shift) & ${DIGITS - 1}u], 1u); }
  }
  workgroupBarrier();
  if (lane < ${DIGITS}u && group < u.blocks) { counts[lane * u.blocks + group] = atomicLoad(&bins[lane]); }`,
};

/** Exclusive scan of all counts, digit by digit, block by block, in one workgroup. */
const scan: Program = {
  op: 'SortScan',
  key: '',
  bindings: bind('counts!: u32'),
  uniforms: uniforms('count'),
  threads: THREADS,
  globals: `var<workgroup> sums: array<u32, ${THREADS}>;`,
  body: `
  let each = (u.count + ${THREADS - 1}u) / ${THREADS}u;
  let start = min(lane * each, u.count);
  let to = min(start + each, u.count);
  var sum = 0u;
  for (var i = start; i < to; i++) { sum += counts[i]; }
  sums[lane] = sum;
  workgroupBarrier();
  for (var distance = 1u; distance < ${THREADS}u; distance *= 2u) {
    let other = select(0u, sums[max(lane, distance) - distance], lane >= distance);
    workgroupBarrier();
    sums[lane] += other;
    workgroupBarrier();
  }
  var running = sums[lane] - sum;
  for (var i = start; i < to; i++) {
    let here = counts[i];
    counts[i] = running;
    running += here;
  }`,
};

/** A thread owns a few neighbours and moves them in order; its places follow from a scan over the threads. */
const scatter: Program = {
  op: 'SortScatter',
  key: '',
  bindings: bind('keys: u32', 'indices: u32', 'counts: u32', 'keysOut!: u32', 'indicesOut!: u32'),
  uniforms: uniforms('count', 'shift', 'blocks', 'first'),
  threads: THREADS,
  // Two 16-bit counts a word, digits 2w and 2w + 1 in word w: a block has fewer than 2^16 elements.
  globals: `
var<workgroup> low: array<vec4<u32>, ${THREADS}>;
var<workgroup> high: array<vec4<u32>, ${THREADS}>;`,
  body: `
  let begin = group * ${BLOCK}u + lane * ${PER_THREAD}u;
  let end = min(begin + ${PER_THREAD}u, u.count);
  var mine: array<u32, ${DIGITS}>;
  for (var i = begin; i < end; i++) { mine[(keys[i] >> u.shift) & ${DIGITS - 1}u]++; }
  var sumLow = vec4<u32>(mine[0], mine[2], mine[4], mine[6]) + (vec4<u32>(mine[1], mine[3], mine[5], mine[7]) << vec4<u32>(16u));
  var sumHigh = vec4<u32>(mine[8], mine[10], mine[12], mine[14]) + (vec4<u32>(mine[9], mine[11], mine[13], mine[15]) << vec4<u32>(16u));
  low[lane] = sumLow;
  high[lane] = sumHigh;
  workgroupBarrier();
  for (var distance = 1u; distance < ${THREADS}u; distance *= 2u) {
    let other = max(lane, distance) - distance;
    let otherLow = low[other];
    let otherHigh = high[other];
    workgroupBarrier();
    if (lane >= distance) {
      sumLow += otherLow;
      sumHigh += otherHigh;
      low[lane] = sumLow;
      high[lane] = sumHigh;
    }
    workgroupBarrier();
  }
  var next: array<u32, ${DIGITS}>;
  for (var d = 0u; d < ${DIGITS}u; d++) {
    let word = select(sumHigh, sumLow, d < 8u)[(d >> 1u) & 3u];
    let before = ((word >> ((d & 1u) * 16u)) & 0xffffu) - mine[d];
    if (group < u.blocks) { next[d] = counts[d * u.blocks + group] + before; }
  }
  for (var i = begin; i < end; i++) {
    let key = keys[i];
    let digit = (key >> u.shift) & ${DIGITS - 1}u;
    let place = next[digit];
    next[digit] = place + 1u;
    keysOut[place] = key;
    // In the first pass the index of an element is its place.
    if (u.first == 1u) { indicesOut[place] = i; } else { indicesOut[place] = indices[i]; }
  }`,
};

/**
 * Sorts `keys` (int32 `[n]`, non-negative, at most `largest`) stably and gives both results to `use`: the sorted keys
 * and the index that each had. `keys` itself is overwritten.
 */
export function withSorted<T>(
  backend: SeqrecWebgpuBackend,
  keys: TensorInfo,
  largest: number,
  use: (sorted: TensorInfo, indices: TensorInfo) => T,
): T {
  const n = keys.shape[0];
  const blocks = Math.ceil(n / BLOCK);
  // At least one pass, which writes the indices.
  const passes = Math.max(1, Math.ceil(Math.log2(largest + 1) / 4));
  return backend.withScratch([n, n, n, blocks * DIGITS], (otherKeys, indices, otherIndices, counts) => {
    let from = { keys, indices };
    let to = { keys: otherKeys, indices: otherIndices };
    for (let pass = 0; pass < passes; pass++) {
      const scalars = { count: n, shift: pass * 4, blocks, first: pass === 0 ? 1 : 0 };
      backend.dispatch(count, { tensors: [from.keys, counts], uniforms: scalars, groups: blocks });
      backend.dispatch(scan, { tensors: [counts], uniforms: { count: blocks * DIGITS }, groups: 1 });
      const tensors = [from.keys, from.indices, counts, to.keys, to.indices];
      backend.dispatch(scatter, { tensors, uniforms: scalars, groups: blocks });
      [from, to] = [to, from];
    }
    return use(from.keys, from.indices);
  });
}
