import type { TensorInfo } from '@tensorflow/tfjs-core';
import { checkSegments } from '../../composed/segment-sum.ts';
import type { SeqrecWebgpuBackend } from '../backend.ts';
import { bind, type Program, uniforms } from '../program.ts';
import { withSorted } from './sort.ts';
import { FLAT_THREADS, flatGroups, override, sizeOf } from './support.ts';

/** Entries of the sorted order that one thread adds up, for one column. */
const CHUNK = 64;

/** Ids to sort keys: what names no segment goes behind all of them. */
const toKeys: Program = {
  op: 'SegmentKeys',
  key: '',
  bindings: bind('ids: i32', 'keys!: u32'),
  uniforms: uniforms('count', 'segments'),
  threads: FLAT_THREADS,
  body: `
  let i = group * ${FLAT_THREADS}u + lane;
  if (i < u.count) { keys[i] = select(u.segments, u32(ids[i]), ids[i] >= 0 && u32(ids[i]) < u.segments); }`,
};

/**
 * Runs inside a chunk are finished here; of a run that crosses an edge, the part in this chunk goes to `edges`: slot 0
 * when it began before the chunk, slot 1 when it begins here.
 */
function chunkSums(weighted: boolean): Program {
  const value = 'x[(entry / u.group) * u.width + column]';
  return {
    op: 'SegmentSum',
    key: weighted ? 'weighted' : 'plain',
    bindings: bind('x', 'keys: u32', 'indices: u32', 'out!', 'edges!', ...(weighted ? ['weights'] : [])),
    uniforms: uniforms('count', 'segments', 'width', 'group', 'chunks'),
    threads: FLAT_THREADS,
    body: `
  let i = group * ${FLAT_THREADS}u + lane;
  let chunk = i / u.width;
  let column = i % u.width;
  if (chunk >= u.chunks) { return; }
  let start = chunk * ${CHUNK}u;
  let to = min(start + ${CHUNK}u, u.count);
  var key = keys[start];
  var begins = start == 0u || keys[max(start, 1u) - 1u] != key;
  var sum = 0.0;
  for (var e = start; e < to; e++) {
    let here = keys[e];
    if (here != key) {
      if (begins) { out[key * u.width + column] = sum; } else { edges[chunk * 2u * u.width + column] = sum; }
      key = here;
      begins = true;
      sum = 0.0;
    }
    if (key >= u.segments) { return; }
    let entry = indices[e];
    sum += ${weighted ? `weights[entry] * ${value}` : value};
  }
  let ends = to == u.count || keys[min(to, u.count - 1u)] != key;
  if (begins && ends) { out[key * u.width + column] = sum; }
  else { edges[(chunk * 2u + select(0u, 1u, begins)) * u.width + column] = sum; }`,
  };
}

/** Adds up the parts of runs that cross chunks, in order, and zeros the segments without entries. */
const join: Program = {
  op: 'SegmentJoin',
  key: '',
  bindings: bind('keys: u32', 'edges', 'out!'),
  uniforms: uniforms('count', 'segments', 'width'),
  threads: FLAT_THREADS,
  globals: `
fn lowerBound(key: u32) -> u32 {
  var low = 0u;
  var high = u.count;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (keys[middle] < key) { low = middle + 1u; } else { high = middle; }
  }
  return low;
}`,
  body: `
  let i = group * ${FLAT_THREADS}u + lane;
  let segment = i / u.width;
  let column = i % u.width;
  if (segment >= u.segments) { return; }
  let start = lowerBound(segment);
  let to = lowerBound(segment + 1u);
  if (start == to) { out[i] = 0.0; return; }
  let first = start / ${CHUNK}u;
  let last = (to - 1u) / ${CHUNK}u;
  if (first == last) { return; }
  var sum = edges[(first * 2u + 1u) * u.width + column];
  for (var chunk = first + 1u; chunk <= last; chunk++) { sum += edges[chunk * 2u * u.width + column]; }
  out[i] = sum;`,
};

export interface SegmentSum {
  /** float32, rows of `width`. */
  readonly x: TensorInfo;
  readonly width: number;
  /** int32 `[n]`; entry `e` adds row `floor(e / group)` to segment `ids[e]`; ids out of range are dropped. */
  readonly ids: TensorInfo;
  readonly group?: number;
  /** float32 `[n]`, multiplies the entries. */
  readonly weights?: TensorInfo;
  readonly segments: number;
}

/** Segment sum over sorted runs: no float atomics, so the same bits in every run. Zero segments are written too. */
export function segmentSum(backend: SeqrecWebgpuBackend, out: TensorInfo, problem: SegmentSum): void {
  const { x, width, ids, group = 1, weights, segments } = problem;
  const count = sizeOf(ids);
  if (segments * width === 0) return;
  if (count === 0) {
    backend.clear(out);
    return;
  }
  const chunks = Math.ceil(count / CHUNK);
  backend.withScratch([count, chunks * 2 * width], (keys, edges) => {
    backend.dispatch(toKeys, { tensors: [ids, keys], uniforms: { count, segments }, groups: flatGroups(count) });
    withSorted(backend, keys, segments, (sorted, indices) => {
      backend.dispatch(chunkSums(weights !== undefined), {
        tensors: [x, sorted, indices, out, edges, ...(weights === undefined ? [] : [weights])],
        uniforms: { count, segments, width, group, chunks },
        groups: flatGroups(chunks * width),
      });
      backend.dispatch(join, {
        tensors: [sorted, edges, out],
        uniforms: { count, segments, width },
        groups: flatGroups(segments * width),
      });
    });
  });
}

export function registerSegmentSum(name: string): void {
  override<{ numSegments: number }>(name, 'UnsortedSegmentSum', ({ x, segmentIds }, backend, { numSegments }) => {
    checkSegments(x, segmentIds);
    if (x.dtype !== 'float32') return undefined;
    const rowShape = x.shape.slice(segmentIds.shape.length);
    const width = rowShape.reduce((product, n) => product * n, 1);
    const out = backend.output([numSegments, ...rowShape]);
    segmentSum(backend, out, { x, width, ids: segmentIds, segments: numSegments });
    return out;
  });
}
