import * as tf from '@tensorflow/tfjs-core';
import { type CandidateAttrs, RankCounts } from '../../kernel-names.ts';
import type { SeqrecWebgpuBackend } from '../backend.ts';
import { bind, type Program, uniforms } from '../program.ts';
import { padRows } from './padded-rows.ts';
import { FLAT_THREADS, flatGroups, override, sizeOf } from './support.ts';

/** Scores held at a time: 32 MiB. */
const BLOCK_SCORES = 1 << 23;

/** Sets the bit of every excluded pair whose query is in the block; a pair may come twice. */
const mark: Program = {
  op: RankCounts,
  key: 'mark',
  bindings: bind('offsets: i32', 'ids: i32', 'bits!: atomic<u32>'),
  uniforms: uniforms('excluded', 'queries', 'first', 'count', 'words'),
  threads: FLAT_THREADS,
  body: `
  let s = group * ${FLAT_THREADS}u + lane;
  if (s >= u.excluded) { return; }
  // The last query that begins at or before s.
  var low = 0u;
  var high = u.queries;
  while (high - low > 1u) {
    let middle = (low + high) / 2u;
    if (u32(offsets[middle]) <= s) { low = middle; } else { high = middle; }
  }
  if (low < u.first || low >= u.first + u.count) { return; }
  let id = u32(ids[s]);
  atomicOr(&bits[(low - u.first) * u.words + id / 32u], 1u << (id % 32u));`,
};

/** A workgroup a query. What is not finite is told by its bits: compilers may take for granted that no number is. */
const count: Program = {
  op: RankCounts,
  key: 'count',
  bindings: bind('scores', 'bits: u32', 'targets: i32', 'last: i32', 'counts!: u32'),
  uniforms: uniforms('items', 'firstItem', 'limited', 'first', 'count', 'words'),
  threads: FLAT_THREADS,
  globals: `
var<workgroup> sums: array<atomic<u32>, 4>;
fn magnitude(x: f32) -> u32 { return bitcast<u32>(x) & 0x7fffffffu; }`,
  body: `
  if (group >= u.count) { return; }
  let query = u.first + group;
  let target_ = u32(targets[query]);
  let goal = scores[group * u.items + target_];
  var end = u.items;
  if (u.limited == 1u) { end = u32(last[query]) + 1u; }
  var higher = 0u;
  var before = 0u;
  var after = 0u;
  var undefined_ = 0u;
  for (var id = u.firstItem + lane; id < end; id += ${FLAT_THREADS}u) {
    let excluded = ((bits[group * u.words + id / 32u] >> (id % 32u)) & 1u) == 1u;
    if (excluded || id == target_) { continue; }
    let score = scores[group * u.items + id];
    if (magnitude(score) > 0x7f800000u) { undefined_++; continue; }
    if (magnitude(goal) > 0x7f800000u) { continue; }
    if (score > goal) { higher++; }
    if (score == goal) {
      if (id < target_) { before++; } else { after++; }
    }
  }
  if (lane == 0u && magnitude(goal) >= 0x7f800000u) { undefined_++; }
  atomicAdd(&sums[0], higher);
  atomicAdd(&sums[1], before);
  atomicAdd(&sums[2], after);
  atomicAdd(&sums[3], undefined_);
  workgroupBarrier();
  if (lane < 4u) { counts[query * 4u + lane] = atomicLoad(&sums[lane]); }`,
};

/** `queries items^T` in float32, whatever the setting: ranks are exact. */
function scoresOf(backend: SeqrecWebgpuBackend, name: string, [a, b]: readonly tf.TensorInfo[]): tf.TensorInfo {
  const { kernelFunc } = tf.getKernel(tf.BatchMatMul, name);
  const attrs = { transposeA: false, transposeB: true };
  return backend.inFloat32(() => kernelFunc({ inputs: { a, b }, backend, attrs })) as tf.TensorInfo;
}

/** Scores of a block of queries by the stock product; what is excluded is a bit each, marked and counted on the device. */
export function registerRankCounts(name: string): void {
  override<CandidateAttrs>(name, RankCounts, (inputs, backend, { firstItem }) => {
    const { queries, items, targets, excludedOffsets, excludedIds, last } = inputs;
    const [numQueries, numItems] = [queries.shape[0], items.shape[0]];
    const counts = backend.output([numQueries, 4], 'int32');
    if (numQueries === 0) return counts;
    const [excluded, words] = [sizeOf(excludedIds), Math.ceil(numItems / 32)];
    const size = Math.min(numQueries, Math.max(1, Math.floor(BLOCK_SCORES / numItems)));
    const table = padRows(backend, items);
    backend.withScratch([size * words], (bits) => {
      for (let first = 0; first < numQueries; first += size) {
        const rows = Math.min(size, numQueries - first);
        const block = padRows(backend, queries, { first, rows });
        const scores = scoresOf(backend, name, [block, table]);
        backend.clear(bits);
        const shared = { first, count: rows, words };
        backend.dispatch(mark, {
          tensors: [excludedOffsets, excludedIds, bits],
          uniforms: { ...shared, excluded, queries: numQueries },
          groups: flatGroups(excluded),
        });
        backend.dispatch(count, {
          tensors: [scores, bits, targets, last, counts],
          uniforms: { ...shared, items: numItems, firstItem, limited: sizeOf(last) > 0 ? 1 : 0 },
          groups: rows,
        });
        for (const { dataId } of [block, scores]) backend.disposeData(dataId);
      }
    });
    backend.disposeData(table.dataId);
    return counts;
  });
}
