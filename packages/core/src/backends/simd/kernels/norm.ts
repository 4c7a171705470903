import type { TensorInfo } from '@tensorflow/tfjs-core';
import { L2Normalize, L2NormalizeGrad, LayerNorm, LayerNormGrad, RmsNorm, RmsNormGrad } from '../../kernel-names.ts';
import { float } from '../arguments.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import { allFloat, override, rowsAndInner, rowsPerTask, sizeOf } from './support.ts';
import type { Inputs } from './types.ts';

type Norm = typeof KERNEL.layerNorm | typeof KERNEL.l2Normalize | typeof KERNEL.rmsNorm;
type NormGrad = typeof KERNEL.layerNormGrad | typeof KERNEL.l2NormalizeGrad | typeof KERNEL.rmsNormGrad;

function norm(backend: SimdBackend, kernel: Norm, x: TensorInfo, epsilon: number): TensorInfo {
  const [rows, inner] = rowsAndInner(x.shape);
  const from = backend.address(x);
  const y = backend.output(x.shape);
  if (rows * inner === 0) return y.info;
  const perTask = rowsPerTask(inner);
  const values = { X: from, Y: y.address, ROWS: rows, INNER: inner, PER_TASK: perTask, EPSILON: float(epsilon) };
  backend.pool.run(kernel, Math.ceil(rows / perTask), values);
  return y.info;
}

function normGrad(backend: SimdBackend, kernel: NormGrad, { x, dy }: Inputs, epsilon: number): TensorInfo {
  const [rows, inner] = rowsAndInner(x.shape);
  const [px, pd] = [x, dy].map((info) => backend.address(info));
  const dx = backend.output(x.shape);
  if (rows * inner === 0) return dx.info;
  const perTask = rowsPerTask(inner);
  backend.pool.run(kernel, Math.ceil(rows / perTask), {
    X: px,
    DY: pd,
    DX: dx.address,
    ROWS: rows,
    INNER: inner,
    PER_TASK: perTask,
    EPSILON: float(epsilon),
  });
  return dx.info;
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
  const addresses = { X: at(x), MEAN: at(mean), VARIANCE: at(variance), OFFSETS: at(offset), SCALES: at(scale) };
  const y = backend.output(x.shape);
  if (n === 0) return y.info;
  const perTask = rowsPerTask(inner);
  backend.pool.run(KERNEL.batchNorm, Math.ceil(rows / perTask), {
    ...addresses,
    Y: y.address,
    ROWS: rows,
    INNER: inner,
    PER_TASK: perTask,
    MEAN_ROW_BYTES: stride(mean),
    VARIANCE_ROW_BYTES: stride(variance),
    OFFSETS_ROW_BYTES: stride(offset),
    SCALES_ROW_BYTES: stride(scale),
    EPSILON: float(epsilon),
  });
  return y.info;
}

export function registerNorms(name: string): void {
  override(name, LayerNorm, ({ x }, backend, attrs) => norm(backend, KERNEL.layerNorm, x, Number(attrs.epsilon)));
  override(name, LayerNormGrad, (inputs, backend, attrs) =>
    normGrad(backend, KERNEL.layerNormGrad, inputs, Number(attrs.epsilon)),
  );
  override(name, 'FusedBatchNorm', (inputs, backend, attrs) =>
    batchNorm(backend, inputs, Number(attrs.varianceEpsilon ?? 0.001)),
  );
  override(name, L2Normalize, ({ x }, backend, attrs) => norm(backend, KERNEL.l2Normalize, x, Number(attrs.epsilon)));
  override(name, L2NormalizeGrad, (inputs, backend, attrs) =>
    normGrad(backend, KERNEL.l2NormalizeGrad, inputs, Number(attrs.epsilon)),
  );
  override(name, RmsNorm, ({ x }, backend, attrs) => norm(backend, KERNEL.rmsNorm, x, Number(attrs.epsilon)));
  override(name, RmsNormGrad, (inputs, backend, attrs) =>
    normGrad(backend, KERNEL.rmsNormGrad, inputs, Number(attrs.epsilon)),
  );
}
