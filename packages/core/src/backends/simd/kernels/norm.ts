import type { TensorInfo } from '@tensorflow/tfjs-core';
import { L2Normalize, L2NormalizeGrad, LayerNorm, LayerNormGrad } from '../../kernel-names.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL, type KernelId } from '../kernels.ts';
import { override, rowsAndInner, rowsPerTask } from './support.ts';

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

export function registerNorms(name: string): void {
  override(name, LayerNorm, ({ x }, backend, attrs) =>
    rowKernel(backend, KERNEL.layerNorm, [x], Number(attrs.epsilon)),
  );
  override(name, LayerNormGrad, ({ x, dy }, backend, attrs) =>
    rowKernel(backend, KERNEL.layerNormGrad, [x, dy], Number(attrs.epsilon)),
  );
  override(name, L2Normalize, ({ x }, backend, attrs) =>
    rowKernel(backend, KERNEL.l2Normalize, [x], Number(attrs.epsilon)),
  );
  override(name, L2NormalizeGrad, ({ x, dy }, backend, attrs) =>
    rowKernel(backend, KERNEL.l2NormalizeGrad, [x, dy], Number(attrs.epsilon)),
  );
}
