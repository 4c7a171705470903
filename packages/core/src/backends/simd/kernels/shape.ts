import { backend_util, slice_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { float } from '../arguments.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import { stridedCopy, stridesOf } from './strided.ts';
import { alias, allFloat, CHUNK, override, rowsPerTask, sizeOf } from './support.ts';

function fill(backend: SimdBackend, shape: number[], value: number): TensorInfo {
  const y = backend.output(shape);
  const n = util.sizeFromShape(shape);
  const values = { Y: y.address, N: n, PER_TASK: CHUNK, VALUE: float(value) };
  backend.pool.run(KERNEL.fill, Math.ceil(n / CHUNK), values);
  return y.info;
}

/** Copies `x` into columns of a wider row-major block, or out of it: the body of concat and split. */
function copyColumns(
  backend: SimdBackend,
  from: number,
  fromWidth: number,
  to: number,
  toWidth: number,
  width: number,
  rows: number,
): void {
  const perTask = rowsPerTask(width);
  backend.pool.run(
    KERNEL.copyRows,
    Math.ceil(rows / perTask),
    {
      FROM: from,
      FROM_ROW_BYTES: fromWidth * 4,
      TO: to,
      TO_ROW_BYTES: toWidth * 4,
      BYTES: width * 4,
      ROWS: rows,
      PER_TASK: perTask,
    },
    width * rows <= 2 * CHUNK,
  );
}

function product(shape: readonly number[]): number {
  return shape.reduce((s, d) => s * d, 1);
}

function concat(backend: SimdBackend, inputs: readonly TensorInfo[], axis: number): TensorInfo {
  const shape = backend_util.computeOutShape(
    inputs.map((x) => x.shape),
    axis,
  );
  const rows = product(shape.slice(0, axis));
  const wide = product(shape.slice(axis));
  const addresses = inputs.map((x) => backend.address(x));
  const y = backend.output(shape);
  let at = 0;
  inputs.forEach((x, i) => {
    const width = product(x.shape.slice(axis));
    if (width * rows > 0) copyColumns(backend, addresses[i], width, y.address + at * 4, wide, width, rows);
    at += width;
  });
  return y.info;
}

function split(backend: SimdBackend, x: TensorInfo, sizes: readonly number[], axis: number): TensorInfo[] {
  const rows = product(x.shape.slice(0, axis));
  const inner = product(x.shape.slice(axis + 1));
  const wide = product(x.shape.slice(axis));
  const from = backend.address(x);
  let at = 0;
  return sizes.map((size) => {
    const y = backend.output(x.shape.map((d, i) => (i === axis ? size : d)));
    const width = size * inner;
    if (width * rows > 0) copyColumns(backend, from + at * 4, wide, y.address, width, width, rows);
    at += width;
    return y.info;
  });
}

/** `x` along one axis between `before` and `after` constants: all of them first, then `x` in its columns. */
function pad(
  backend: SimdBackend,
  x: TensorInfo,
  axis: number,
  [before, after]: readonly [number, number],
  value: number,
): TensorInfo {
  const from = backend.address(x);
  const shape = x.shape.with(axis, before + x.shape[axis] + after);
  const y = fill(backend, shape, value);
  const inner = product(x.shape.slice(axis + 1));
  const [width, wide] = [x.shape[axis] * inner, shape[axis] * inner];
  const to = backend.address(y) + before * inner * 4;
  if (sizeOf(x) > 0) copyColumns(backend, from, width, to, wide, width, product(x.shape.slice(0, axis)));
  return y;
}

export function registerShapeKernels(name: string): void {
  override(name, 'Fill', (_, backend, attrs) => {
    const dtype = attrs.dtype ?? util.inferDtype(attrs.value as number);
    return dtype === 'float32' ? fill(backend, attrs.shape as number[], attrs.value as number) : undefined;
  });
  override(name, 'ZerosLike', ({ x }, backend) => (allFloat(x) ? fill(backend, x.shape, 0) : undefined));
  override(name, 'OnesLike', ({ x }, backend) => (allFloat(x) ? fill(backend, x.shape, 1) : undefined));
  override(name, 'Concat', (inputs, backend, attrs) => {
    const all = Object.values(inputs);
    const axis = util.parseAxisParam(attrs.axis as number, all[0].shape)[0];
    const present = all.filter((x) => sizeOf(x) > 0);
    if (!allFloat(...all) || present.length === 0) return undefined;
    return present.length === 1 ? alias(backend, present[0], present[0].shape) : concat(backend, present, axis);
  });
  override(name, 'SplitV', ({ x }, backend, attrs) => {
    if (!allFloat(x)) return undefined;
    const axis = util.parseAxisParam(attrs.axis as number, x.shape)[0];
    return split(backend, x, backend_util.prepareSplitSize(x as never, attrs.numOrSizeSplits as number[], axis), axis);
  });
  override(name, 'Unpack', ({ value }, backend, attrs) => {
    if (!allFloat(value)) return undefined;
    const axis = util.parseAxisParam(attrs.axis as number, value.shape)[0];
    const parts = split(backend, value, new Array<number>(value.shape[axis]).fill(1), axis);
    const shape = value.shape.toSpliced(axis, 1);
    return parts.map(({ dataId, dtype }) => ({ dataId, dtype, shape }));
  });
  override(name, 'Pack', (inputs, backend, attrs) => {
    const all = Object.values(inputs);
    if (!allFloat(...all) || all.length === 1 || sizeOf(all[0]) === 0) return undefined;
    const axis = util.parseAxisParam(attrs.axis as number, [...all[0].shape, 1])[0];
    const wide = all.map((x) => ({ ...x, shape: x.shape.toSpliced(axis, 0, 1) }));
    return concat(backend, wide, axis);
  });
  override(name, 'Tile', ({ x }, backend, attrs) => {
    const reps = attrs.reps as number[];
    const shape = x.shape.map((d, i) => d * reps[i]);
    util.assertNonNegativeIntegerDimensions(shape);
    if ((x.dtype !== 'float32' && x.dtype !== 'int32') || util.sizeFromShape(shape) === 0) return undefined;
    // Each axis becomes two: the copies, which stand still in x, and the axis itself.
    const strides = stridesOf(x.shape);
    const axes = x.shape.flatMap((d, i) => [
      { size: reps[i], stride: 0 },
      { size: d, stride: strides[i] },
    ]);
    const pairs = axes.filter(({ size }) => size > 1);
    if (pairs.length > 5) return undefined;
    const y = stridedCopy(
      backend,
      x,
      pairs.map(({ size }) => size),
      pairs.map(({ stride }) => stride),
      0,
    );
    return { ...y, shape };
  });
  override(name, 'PadV2', ({ x }, backend, attrs) => {
    const paddings = attrs.paddings as readonly (readonly [number, number])[];
    if (!allFloat(x) || !paddings.flat().every((n) => Number.isInteger(n) && n >= 0)) return undefined;
    const value = attrs.constantValue as number;
    const padded = paddings.flatMap(([before, after], axis) => (before + after > 0 ? [axis] : []));
    if (padded.length === 0) return alias(backend, x, x.shape);
    return padded.reduce<TensorInfo>((from, axis) => {
      const y = pad(backend, from, axis, paddings[axis], value);
      if (from !== x) backend.disposeIntermediateTensorInfo(from);
      return y;
    }, x);
  });
  override(name, 'Slice', ({ x }, backend, attrs) => {
    if (!allFloat(x) || x.shape.length > 5) return undefined;
    const [begin, size] = slice_util.parseSliceParams(x as never, attrs.begin as number[], attrs.size as number[]);
    slice_util.assertParamsValid(x as never, begin, size);
    util.assertNonNegativeIntegerDimensions(size);
    if (size.every((d, i) => d === x.shape[i])) return alias(backend, x, x.shape);
    const strides = stridesOf(x.shape);
    return stridedCopy(
      backend,
      x,
      size,
      strides,
      begin.reduce((s, b, i) => s + b * strides[i], 0),
    );
  });
  override(name, 'Transpose', ({ x }, backend, attrs) => {
    if (!allFloat(x) || x.shape.length > 5) return undefined;
    const perm = attrs.perm as number[];
    const strides = stridesOf(x.shape);
    return stridedCopy(
      backend,
      x,
      perm.map((p) => x.shape[p]),
      perm.map((p) => strides[p]),
      0,
    );
  });
}
