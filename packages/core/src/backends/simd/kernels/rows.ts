import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { ShapeError } from '../../../errors.ts';
import { float } from '../arguments.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import { allFloat, override, rowsPerTask, sizeOf } from './support.ts';

/** Rows of a table by id; ids outside the table are an error, never a read outside. */
export function gatherRows(backend: SimdBackend, table: TensorInfo, ids: TensorInfo): TensorInfo {
  const rows = sizeOf(ids);
  const inner = table.shape.slice(1).reduce((s, d) => s * d, 1);
  checkIds(backend, 'gather', table, ids);
  const [from, at] = [backend.address(table), backend.address(ids)];
  const y = backend.output([...ids.shape, ...table.shape.slice(1)], table.dtype === 'int32' ? 'int32' : 'float32');
  if (rows * inner === 0) return y.info;
  const perTask = rowsPerTask(inner);
  const values = { TABLE: from, IDS: at, OUT: y.address, ROWS: rows, BYTES: inner * 4, PER_TASK: perTask };
  backend.pool.run(KERNEL.gather, Math.ceil(rows / perTask), values);
  return y.info;
}

/** @throws ShapeError for an id that is no row of the table. */
export function checkIds(backend: SimdBackend, op: string, table: TensorInfo, ids: TensorInfo): void {
  const rows = sizeOf(ids);
  const values = backend.view(ids);
  for (let i = 0; i < rows; i++) {
    if (values[i] < 0 || values[i] >= table.shape[0]) {
      throw new ShapeError(
        `${op}: expected ids from 0 to ${table.shape[0] - 1}; got ${values[i]} at position ${i} of ${rows}, table [${table.shape}]`,
      );
    }
  }
}

/**
 * Entries sorted by segment: the address of the row and (where given) the weight of each, and
 * where each segment begins.
 */
interface SegmentOrder {
  readonly rows: number;
  readonly weights: number;
  readonly offsets: number;
}

/** Ids that one task counts and places, about. */
const IDS_PER_TASK = 262_144;

/** What is sorted: `n` ids, `group` of them a row of x (`stride` bytes apart), each with a weight or none (0). */
export interface SegmentIds {
  readonly ids: number;
  readonly n: number;
  readonly group: number;
  readonly weights: number;
  readonly x: number;
  readonly stride: number;
}

/** Counting sort of ids: stable, so the order of a sum depends on the data alone. Calls `use` and frees the order. */
function withSegmentOrder(
  backend: SimdBackend,
  { ids, n, group, weights, x, stride }: SegmentIds,
  segments: number,
  use: (order: SegmentOrder) => void,
): void {
  const chunk = Math.max(1, Math.floor(IDS_PER_TASK / group)) * group;
  const chunks = Math.max(1, Math.ceil(n / chunk));
  const sizes = [n * 4, weights ? n * 4 : 0, (segments + 1) * 4, chunks * segments * 4];
  backend.withTemporaries(sizes, 'the order of a segment sum', (rows, sorted, offsets, counts) => {
    const entries = { IDS: ids, N: n, CHUNK: chunk, SEGMENTS: segments };
    backend.pool.run(KERNEL.countSegments, chunks, { ...entries, COUNTS: counts });
    const places = { COUNTS: counts, CHUNKS: chunks, SEGMENTS: segments, OFFSETS: offsets };
    backend.pool.run(KERNEL.placeSegments, 1, places);
    backend.pool.run(KERNEL.scatterSegments, chunks, {
      ...entries,
      PLACES: counts,
      ADDRESSES: rows,
      GROUP: group,
      WEIGHTS: weights,
      SORTED_WEIGHTS: sorted,
      X: x,
      X_ROW_BYTES: stride,
    });
    use({ rows, weights: weights ? sorted : 0, offsets });
  });
}

/** Segments that one task sums: fixed by the shapes, small enough that popular segments spread over the threads. */
function segmentsPerTask(segments: number): number {
  return Math.max(1, Math.min(64, Math.ceil(segments / 64)));
}

/** Where sums by segment go: `[segments, d]` at an address, times `scale`. */
export interface SegmentSums {
  readonly segments: number;
  readonly d: number;
  readonly to: number;
  /** Default 1. */
  readonly scale?: number;
}

/** The sum of the rows of each segment's entries, times their weights where they have some. */
export function sumBySegment(
  backend: SimdBackend,
  entries: SegmentIds,
  { segments, d, to, scale = 1 }: SegmentSums,
): void {
  withSegmentOrder(backend, entries, segments, ({ rows, weights, offsets }) => {
    const perTask = segmentsPerTask(segments);
    backend.pool.run(KERNEL.sumSegments, Math.ceil(segments / perTask), {
      ADDRESSES: rows,
      OFFSETS: offsets,
      OUT: to,
      SEGMENTS: segments,
      D: d,
      PER_TASK: perTask,
      SORTED_WEIGHTS: weights,
      ROW_BYTES: entries.stride,
      SCALE: float(scale),
    });
  });
}

/** `rows` rows of `d` floats, copied to rows of `width`, zeros past `d`. */
export function copyPadded(
  backend: SimdBackend,
  { from, to, d, width, rows }: Readonly<Record<'from' | 'to' | 'd' | 'width' | 'rows', number>>,
): void {
  const perTask = rowsPerTask(width);
  const values = { X: from, Y: to, D: d, WIDTH: width, ROWS: rows, PER_TASK: perTask };
  backend.pool.run(KERNEL.padRows, Math.ceil(rows / perTask), values);
}

/** `out[s] = sum of scale x[i] over ids[i] = s`; ids outside `0 .. segments - 1` are left out, as in TensorFlow. */
export function segmentSum(
  backend: SimdBackend,
  x: TensorInfo,
  ids: TensorInfo,
  segments: number,
  scale = 1,
): TensorInfo {
  const n = sizeOf(ids);
  const inner = x.shape.slice(ids.shape.length).reduce((s, d) => s * d, 1);
  const [from, at] = [backend.address(x), backend.address(ids)];
  const y = backend.output([segments, ...x.shape.slice(ids.shape.length)]);
  if (segments * inner === 0) return y.info;
  const entries = { ids: at, n, group: 1, weights: 0, x: from, stride: inner * 4 };
  sumBySegment(backend, entries, { segments, d: inner, to: y.address, scale });
  return y.info;
}

export function registerRows(name: string): void {
  override(name, 'GatherV2', ({ x, indices }, backend, attrs) => {
    const axis = util.parseAxisParam(attrs.axis as number, x.shape)[0];
    const plain = axis === 0 && !attrs.batchDims && indices.dtype === 'int32';
    return plain && (x.dtype === 'float32' || x.dtype === 'int32') ? gatherRows(backend, x, indices) : undefined;
  });
  override(name, 'UnsortedSegmentSum', ({ x, segmentIds }, backend, attrs) =>
    allFloat(x) && segmentIds.dtype === 'int32'
      ? segmentSum(backend, x, segmentIds, Number(attrs.numSegments))
      : undefined,
  );
}
