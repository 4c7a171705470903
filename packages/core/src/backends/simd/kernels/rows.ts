import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { ShapeError } from '../../../errors.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import { allFloat, override, rowsPerTask, sizeOf } from './support.ts';

/** Rows of a table by id; ids outside the table are an error, never a read outside. */
export function gatherRows(backend: SimdBackend, table: TensorInfo, ids: TensorInfo): TensorInfo {
  const rows = sizeOf(ids);
  const inner = table.shape.slice(1).reduce((s, d) => s * d, 1);
  const values = backend.view(ids);
  for (let i = 0; i < rows; i++) {
    if (values[i] < 0 || values[i] >= table.shape[0]) {
      throw new ShapeError(
        `gather: expected ids from 0 to ${table.shape[0] - 1}; got ${values[i]} at position ${i} of ${rows}, table [${table.shape}]`,
      );
    }
  }
  const [from, at] = [backend.address(table), backend.address(ids)];
  const y = backend.output([...ids.shape, ...table.shape.slice(1)], table.dtype === 'int32' ? 'int32' : 'float32');
  if (rows * inner === 0) return y.info;
  const perTask = rowsPerTask(inner);
  backend.pool.run(KERNEL.gather, Math.ceil(rows / perTask), [from, at, y.address, rows, inner * 4, perTask]);
  return y.info;
}

/** What `segmentOrder` leaves: positions sorted by segment, and where each segment begins. */
export interface SegmentOrder {
  readonly order: number;
  readonly offsets: number;
}

/** Ids that one task counts and places. */
const IDS_PER_TASK = 262_144;

/** Counting sort of `n` ids: stable, so the order of a sum depends on the data alone. Calls `use` and frees the order. */
export function withSegmentOrder(
  backend: SimdBackend,
  ids: number,
  n: number,
  segments: number,
  use: (order: SegmentOrder) => void,
): void {
  const chunks = Math.max(1, Math.ceil(n / IDS_PER_TASK));
  backend.withTemporaries(
    [n * 4, (segments + 1) * 4, chunks * segments * 4],
    'the order of a segment sum',
    (order, offsets, counts) => {
      backend.pool.run(KERNEL.countSegments, chunks, [ids, n, IDS_PER_TASK, segments, counts]);
      backend.pool.run(KERNEL.placeSegments, 1, [counts, chunks, segments, offsets]);
      backend.pool.run(KERNEL.scatterSegments, chunks, [ids, n, IDS_PER_TASK, segments, counts, order]);
      use({ order, offsets });
    },
  );
}

/** Segments that one task sums: fixed by the shapes, small enough that popular segments spread over the threads. */
export function segmentsPerTask(segments: number): number {
  return Math.max(1, Math.min(64, Math.ceil(segments / 64)));
}

/** `out[s] = sum of x[i] over ids[i] = s`; ids outside `0 .. segments - 1` are left out, as in TensorFlow. */
export function segmentSum(backend: SimdBackend, x: TensorInfo, ids: TensorInfo, segments: number): TensorInfo {
  const n = sizeOf(ids);
  const inner = x.shape.slice(ids.shape.length).reduce((s, d) => s * d, 1);
  const [from, at] = [backend.address(x), backend.address(ids)];
  const y = backend.output([segments, ...x.shape.slice(ids.shape.length)]);
  if (segments * inner === 0) return y.info;
  withSegmentOrder(backend, at, n, segments, ({ order, offsets }) => {
    const perTask = segmentsPerTask(segments);
    backend.pool.run(KERNEL.sumSegments, Math.ceil(segments / perTask), [
      from,
      order,
      offsets,
      y.address,
      segments,
      inner,
      perTask,
      0,
      1,
    ]);
  });
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
