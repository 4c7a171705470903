import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import { rowsPerTask } from './support.ts';

/**
 * A new tensor of `shape` whose element at an index is `x` at `start + sum(index * strides)`: the common form of
 * transposes, slices and broadcasts. Axes that walk together are merged first; more than five left
 * is refused by the caller.
 */
export function stridedCopy(
  backend: SimdBackend,
  x: TensorInfo,
  shape: readonly number[],
  strides: readonly number[],
  start: number,
): TensorInfo {
  const from = backend.address(x);
  const y = backend.output([...shape], x.dtype === 'int32' ? 'int32' : 'float32');
  const axes: { size: number; stride: number }[] = [];
  for (let i = 0; i < shape.length; i++) {
    if (shape[i] === 1) continue;
    const last = axes.at(-1);
    if (last && last.stride === strides[i] * shape[i])
      axes[axes.length - 1] = { size: last.size * shape[i], stride: strides[i] };
    else axes.push({ size: shape[i], stride: strides[i] });
  }
  if (axes.length > 5)
    throw new RangeError(
      `stridedCopy: expected at most 5 separate axes; got shape [${shape}] with strides [${strides}]`,
    );
  while (axes.length < 5) axes.unshift({ size: 1, stride: 0 });
  const inner = axes[4];
  const rows = axes[0].size * axes[1].size * axes[2].size * axes[3].size;
  if (rows * inner.size === 0) return y.info;
  const perTask = rowsPerTask(inner.size);
  backend.pool.run(KERNEL.stridedCopy, Math.ceil(rows / perTask), {
    X: from + start * 4,
    Y: y.address,
    INNER: inner.size,
    INNER_STRIDE: inner.stride,
    D1: axes[1].size,
    D2: axes[2].size,
    D3: axes[3].size,
    S0: axes[0].stride,
    S1: axes[1].stride,
    S2: axes[2].stride,
    S3: axes[3].stride,
    ROWS: rows,
    PER_TASK: perTask,
  });
  return y.info;
}

/** Row-major strides in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}
