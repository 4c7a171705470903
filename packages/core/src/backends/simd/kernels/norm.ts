import type { TensorInfo } from '@tensorflow/tfjs-core';
import { L2Normalize, L2NormalizeGrad, LayerNorm, LayerNormGrad, RmsNorm, RmsNormGrad } from '../../kernel-names.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL, type KernelId } from '../kernels.ts';
import { allFloat, override, rowsAndInner, rowsPerTask, sizeOf } from './support.ts';
import type { Inputs } from './types.ts';

function rowKernel(backend: SimdBackend, kernel: KernelId, inputs: readonly TensorInfo[], epsilon: number): TensorInfo {
  const [rows, inner] = rowsAndInner(inputs[0].shape);
  const addresses = inputs.map((x) => backend.address(x));
  const y = backend.output(inputs[0].shape);
  if (rows * inner === 0) return y.info;
  const perTask = rowsPerTask(inner);
  const slot = addresses.length + 4;
  backend.pool.run(kernel, Math.ceil(rows / perTask), [...addresses, y.address, rows, inner, perTask, 0], {
    [slot]: epsilon,
  });
  return y.info;
}

/** Statistics of one value a channel, or of the shape of x (as layerNormalization of tfjs-layers has them). */
function batchNorm(backend: SimdBackend, inputs: Inputs, epsilon: number): TensorInfo | undefined {
  const { x, mean, variance, offset, scale } = inputs;
  const statistics = [mean, variance, ...[offset, scale].filter((s) => s !== undefined && s !== null)];
  const [rows, inner] = rowsAndInner(x.shape);
  const n = rows * inner;
  if (!allFloat(x, ...statistics) || statistics.some((s) => sizeOf(s) !== inner && sizeOf(s) !== n)) return undefined;
  const at = (s: TensorInfo | undefined | null): number => (s ? backend.address(s) : 0);
  const stride = (s: TensorInfo | undefined | null): number => (s && sizeOf(s) !== inner ? inner * 4 : 0);
  const addresses = [x, mean, variance, offset, scale].map(at);
  const strides = [mean, variance, offset, scale].map(stride);
  const y = backend.output(x.shape);
  if (n === 0) return y.info;
  const perTask = rowsPerTask(inner);
  const ints = [...addresses, y.address, rows, inner, perTask, ...strides, 0];
  backend.pool.run(KERNEL.batchNorm, Math.ceil(rows / perTask), ints, { 13: epsilon });
  return y.info;
}

export function registerNorms(name: string): void {
  override(name, LayerNorm, ({ x }, backend, attrs) =>
    rowKernel(backend, KERNEL.layerNorm, [x], Number(attrs.epsilon)),
  );
  override(name, LayerNormGrad, ({ x, dy }, backend, attrs) =>
    rowKernel(backend, KERNEL.layerNormGrad, [x, dy], Number(attrs.epsilon)),
  );
  override(name, 'FusedBatchNorm', (inputs, backend, attrs) =>
    batchNorm(backend, inputs, Number(attrs.varianceEpsilon ?? 0.001)),
  );
  override(name, L2Normalize, ({ x }, backend, attrs) =>
    rowKernel(backend, KERNEL.l2Normalize, [x], Number(attrs.epsilon)),
  );
  override(name, L2NormalizeGrad, ({ x, dy }, backend, attrs) =>
    rowKernel(backend, KERNEL.l2NormalizeGrad, [x, dy], Number(attrs.epsilon)),
  );
  override(name, RmsNorm, ({ x }, backend, attrs) => rowKernel(backend, KERNEL.rmsNorm, [x], Number(attrs.epsilon)));
  override(name, RmsNormGrad, ({ x, dy }, backend, attrs) =>
    rowKernel(backend, KERNEL.rmsNormGrad, [x, dy], Number(attrs.epsilon)),
  );
}
