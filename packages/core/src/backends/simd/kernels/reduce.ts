import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import { unary } from './elementwise.ts';
import { alias, allFloat, override, rowsAndInner, rowsPerTask, sizeOf } from './support.ts';
import type { Attributes } from './types.ts';

const SUM = 0;
const MAX = 1;
const SCALE = 14;
/** Rows of one slice of a reduction over a leading axis; slices are added in order. */
const SLICE = 1024;

interface Reduced {
  readonly info: TensorInfo;
  readonly count: number;
}

/** Reduces any axes, neighbours together, the last first; undefined for an empty tensor or one without axes. */
function reduce(backend: SimdBackend, op: number, x: TensorInfo, attrs: Attributes): Reduced | undefined {
  const axes = util
    .parseAxisParam((attrs.axis ?? attrs.reductionIndices) as number | number[], x.shape)
    .sort((p, q) => p - q);
  if (!allFloat(x) || axes.length === 0 || sizeOf(x) === 0) return undefined;
  const kept = x.shape.map((d, i) => (axes.includes(i) ? 1 : d));
  const shape = attrs.keepDims ? kept : x.shape.filter((_, i) => !axes.includes(i));
  let info = x;
  let end = axes.length;
  while (end > 0) {
    let start = end - 1;
    while (start > 0 && axes[start - 1] === axes[start] - 1) start--;
    const left = info.shape.map((d, i) => (i >= axes[start] && i <= axes[end - 1] ? 1 : d));
    const next = reduceRange(backend, op, info, axes[start], axes[end - 1] + 1, start === 0 ? shape : left);
    if (info !== x) backend.disposeIntermediateTensorInfo(info);
    info = next;
    end = start;
  }
  return { info, count: sizeOf(x) / util.sizeFromShape(kept) };
}

/** Reduces the axes `first .. last - 1`. */
function reduceRange(
  backend: SimdBackend,
  op: number,
  x: TensorInfo,
  first: number,
  last: number,
  shape: number[],
): TensorInfo {
  const product = (dims: readonly number[]): number => dims.reduce((s, d) => s * d, 1);
  const batch = product(x.shape.slice(0, first));
  const rows = product(x.shape.slice(first, last));
  const inner = product(x.shape.slice(last));
  const from = backend.address(x);
  const y = backend.output(shape);
  if (inner === 1) {
    const perTask = rowsPerTask(rows);
    const values = { OP: op, X: from, Y: y.address, ROWS: batch, INNER: rows, PER_TASK: perTask };
    backend.pool.run(KERNEL.reduceLast, Math.ceil(batch / perTask), values);
    return y.info;
  }
  const slices = Math.min(16, Math.ceil(rows / SLICE));
  const perSlice = Math.ceil(rows / slices);
  /** A slice of `perSlice` of `count` rows a task. */
  const run = (source: number, to: number, count: number, perSlice: number, slices: number): void => {
    backend.pool.run(KERNEL.reduceFirst, batch * slices, {
      OP: op,
      X: source,
      Y: to,
      ROWS: count,
      INNER: inner,
      SLICE_ROWS: perSlice,
      SLICES: slices,
      BATCH_BYTES: count * inner * 4,
    });
  };
  if (slices === 1) {
    run(from, y.address, rows, rows, 1);
  } else {
    backend.withTemporaries([batch * slices * inner * 4], 'partial sums', (partial) => {
      run(from, partial, rows, perSlice, slices);
      run(partial, y.address, slices, slices, 1);
    });
  }
  return y.info;
}

function softmax(backend: SimdBackend, op: number, x: TensorInfo): TensorInfo {
  const [rows, inner] = rowsAndInner(x.shape);
  const from = backend.address(x);
  const y = backend.output(x.shape);
  if (rows * inner === 0) return y.info;
  const perTask = rowsPerTask(inner);
  const values = { OP: op, X: from, Y: y.address, ROWS: rows, INNER: inner, PER_TASK: perTask };
  backend.pool.run(KERNEL.softmaxRows, Math.ceil(rows / perTask), values);
  return y.info;
}

export function registerReductions(name: string): void {
  override(name, 'Sum', ({ x }, backend, attrs) => reduce(backend, SUM, x, attrs)?.info);
  override(name, 'Max', ({ x }, backend, attrs) => reduce(backend, MAX, x, attrs)?.info);
  override(name, 'Mean', ({ x }, backend, attrs) => {
    const total = reduce(backend, SUM, x, attrs);
    if (!total) return undefined;
    const y = unary(backend, SCALE, total.info, 1 / total.count);
    backend.disposeIntermediateTensorInfo(total.info);
    return y;
  });
  override(name, 'Softmax', ({ logits }, backend, attrs) => {
    const last = logits.shape.length - 1;
    const dim = Number(attrs.dim ?? -1);
    return allFloat(logits) && last >= 0 && (dim === -1 || dim === last) ? softmax(backend, 0, logits) : undefined;
  });
  override(name, 'LogSoftmax', ({ logits }, backend, attrs) => {
    const last = logits.shape.length - 1;
    const axis = Number(attrs.axis ?? -1);
    return allFloat(logits) && (axis === -1 || axis === last) ? softmax(backend, 1, logits) : undefined;
  });
  override(name, 'Identity', ({ x }, backend) => (x.dtype === 'complex64' ? undefined : alias(backend, x, x.shape)));
}
