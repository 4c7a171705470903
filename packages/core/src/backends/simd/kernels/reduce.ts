import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import { unary } from './elementwise.ts';
import { type Attributes, alias, allFloat, override, rowsAndInner, rowsPerTask } from './support.ts';

const SUM = 0;
const MAX = 1;
const SCALE = 14;
/** Rows of one slice of a reduction over a leading axis; slices are added in order. */
const SLICE = 1024;

/** Reduces a contiguous range of axes; undefined when the axes are scattered or nothing is left to reduce. */
function reduce(
  backend: SimdBackend,
  op: number,
  x: TensorInfo,
  attrs: Attributes,
): { info: TensorInfo; count: number } | undefined {
  const axes = util
    .parseAxisParam((attrs.axis ?? attrs.reductionIndices) as number | number[], x.shape)
    .sort((p, q) => p - q);
  const contiguous = axes.every((axis, i) => axis === axes[0] + i);
  if (!allFloat(x) || axes.length === 0 || !contiguous) return undefined;
  const product = (shape: readonly number[]): number => shape.reduce((s, d) => s * d, 1);
  const batch = product(x.shape.slice(0, axes[0]));
  const rows = product(x.shape.slice(axes[0], axes[0] + axes.length));
  const inner = product(x.shape.slice(axes[0] + axes.length));
  if (batch * rows * inner === 0) return undefined;
  const kept = x.shape.map((d, i) => (axes.includes(i) ? 1 : d));
  const shape = attrs.keepDims ? kept : x.shape.filter((_, i) => !axes.includes(i));
  const from = backend.address(x);
  const y = backend.output(shape);
  if (inner === 1) {
    const perTask = rowsPerTask(rows);
    backend.pool.run(KERNEL.reduceLast, Math.ceil(batch / perTask), [op, from, y.address, batch, rows, perTask]);
    return { info: y.info, count: rows };
  }
  const slices = Math.min(16, Math.ceil(rows / SLICE));
  const perSlice = Math.ceil(rows / slices);
  if (slices === 1) {
    backend.pool.run(KERNEL.reduceFirst, batch, [op, from, y.address, rows, inner, rows, 1, rows * inner * 4]);
  } else {
    backend.withTemporaries([batch * slices * inner * 4], 'partial sums', (partial) => {
      backend.pool.run(KERNEL.reduceFirst, batch * slices, [
        op,
        from,
        partial,
        rows,
        inner,
        perSlice,
        slices,
        rows * inner * 4,
      ]);
      backend.pool.run(KERNEL.reduceFirst, batch, [
        op,
        partial,
        y.address,
        slices,
        inner,
        slices,
        1,
        slices * inner * 4,
      ]);
    });
  }
  return { info: y.info, count: rows };
}

function softmax(backend: SimdBackend, op: number, x: TensorInfo): TensorInfo {
  const [rows, inner] = rowsAndInner(x.shape);
  const from = backend.address(x);
  const y = backend.output(x.shape);
  if (rows * inner === 0) return y.info;
  const perTask = rowsPerTask(inner);
  backend.pool.run(KERNEL.softmaxRows, Math.ceil(rows / perTask), [op, from, y.address, rows, inner, perTask]);
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
    return allFloat(logits) && (dim === -1 || dim === last) ? softmax(backend, 0, logits) : undefined;
  });
  override(name, 'LogSoftmax', ({ logits }, backend, attrs) => {
    const last = logits.shape.length - 1;
    const axis = Number(attrs.axis ?? -1);
    return allFloat(logits) && (axis === -1 || axis === last) ? softmax(backend, 1, logits) : undefined;
  });
  override(name, 'Identity', ({ x }, backend) => (x.dtype === 'complex64' ? undefined : alias(backend, x, x.shape)));
}
