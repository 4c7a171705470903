import * as tf from '@tensorflow/tfjs-core';
import type { SeqrecWebgpuBackend } from '../backend.ts';
import { bind, type Program, uniforms } from '../program.ts';
import { padRows } from './padded-rows.ts';
import { FLAT_THREADS, flatGroups, type Inputs, sizeOf } from './support.ts';

/** Scores held at a time: 32 MiB. */
const BLOCK_SCORES = 1 << 23;

/** Sets the bit of every excluded pair whose query is in the block; a pair may come twice. */
const mark: Program = {
  op: 'MarkExcluded',
  key: '',
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

/** `queries items^T` in float32, whatever the setting: ranks are exact. */
function scoresOf(backend: SeqrecWebgpuBackend, name: string, [a, b]: readonly tf.TensorInfo[]): tf.TensorInfo {
  const { kernelFunc } = tf.getKernel(tf.BatchMatMul, name);
  const attrs = { transposeA: false, transposeB: true };
  return backend.inFloat32(() => kernelFunc({ inputs: { a, b }, backend, attrs })) as tf.TensorInfo;
}

export interface ScoreBlock {
  readonly rows: number;
  /** float32 `[rows, I]`. */
  readonly scores: tf.TensorInfo;
  /** A bit each pair: `[rows, words]`, set where the item is excluded. */
  readonly bits: tf.TensorInfo;
  /** Uniforms of {@link BLOCK_UNIFORMS}. */
  readonly scalars: Readonly<Record<string, number>>;
}

/**
 * `limited`: whether `last` holds the last candidate of each query; `first`: the first query of the block, of `count`.
 */
export const BLOCK_UNIFORMS = ['items', 'firstItem', 'limited', 'first', 'count', 'words'];

/**
 * WGSL: `end`, one past the last candidate, and which candidates are excluded; `group` is the query within the block.
 */
export const CANDIDATES = `
  if (group >= u.count) { return; }
  let query = u.first + group;
  var end = u.items;
  if (u.limited == 1u) { end = u32(last[query]) + 1u; }`;
export const EXCLUDED = '((bits[group * u.words + id / 32u] >> (id % 32u)) & 1u) == 1u';

/** Scores a block of queries at a time by the stock product and marks on the device what is excluded. */
export function forScoreBlocks(
  backend: SeqrecWebgpuBackend,
  name: string,
  { inputs, firstItem }: { readonly inputs: Inputs; readonly firstItem: number },
  use: (block: ScoreBlock) => void,
): void {
  const { queries, items, excludedOffsets, excludedIds, last } = inputs;
  const [numQueries, numItems] = [queries.shape[0], items.shape[0]];
  if (numQueries === 0) return;
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
      const scalars = { ...shared, items: numItems, firstItem, limited: sizeOf(last) > 0 ? 1 : 0 };
      use({ rows, scores, bits, scalars });
      for (const { dataId } of [block, scores]) backend.disposeData(dataId);
    }
  });
  backend.disposeData(table.dataId);
}
