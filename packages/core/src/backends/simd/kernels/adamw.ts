import type { TensorInfo } from '@tensorflow/tfjs-core';
import {
  AdamWStep,
  type AdamWStepAttrs,
  AssignRows,
  type AssignRowsAttrs,
  RowwiseAdamWStep,
  type RowwiseAdamWStepAttrs,
} from '../../kernel-names.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import { alias, CHUNK, override, rowsPerTask, sizeOf } from './support.ts';

/**
 * The tensor to write: the input's own values, in place, unless something else holds them too (a clone of the variable
 * must not change with the step).
 */
function writable(backend: SimdBackend, x: TensorInfo): TensorInfo {
  if (backend.refCount(x.dataId) <= 1) {
    backend.overwritten(x);
    return alias(backend, x, x.shape);
  }
  const from = backend.address(x);
  const copy = backend.output(x.shape);
  backend.pool.run(KERNEL.copyBytes, 1, [from, copy.address, sizeOf(x) * 4]);
  return copy.info;
}

export function registerAdamW(name: string): void {
  override(name, AdamWStep, ({ param, m, v, grad }, backend, attrs) => {
    const { learningRate, beta1, beta2, epsilon, weightDecay, step } = attrs as unknown as AdamWStepAttrs;
    const n = sizeOf(param);
    const outputs = [param, m, v].map((x) => writable(backend, x));
    const addresses = [...outputs, grad].map((x) => backend.address(x));
    backend.pool.run(KERNEL.adamw, Math.ceil(n / CHUNK), [...addresses, n, CHUNK], {
      6: learningRate * weightDecay,
      7: beta1,
      8: 1 - beta1,
      9: beta2,
      10: 1 - beta2,
      11: learningRate / (1 - beta1 ** step),
      12: 1 / Math.sqrt(1 - beta2 ** step),
      13: epsilon,
    });
    return outputs;
  });

  override(name, RowwiseAdamWStep, ({ param, ids, m, v, grad, rates, corrections }, backend, attrs) => {
    const { beta1, beta2, epsilon, decay, whole } = attrs as unknown as RowwiseAdamWStepAttrs;
    const [rows, d] = grad.shape;
    const outputs = [param, m, v].map((x) => writable(backend, x));
    const [pw, pm, pv] = outputs.map((x) => backend.address(x));
    const [pi, pg, pr, pc] = [ids, grad, rates, corrections].map((x) => backend.address(x));
    const perTask = rowsPerTask(d);
    const ints = [pw, pi, pm, pv, pg, pr, pc, rows, d, perTask, 0, 0, 0, 0, 0, 0, whole ? 1 : 0];
    const floats = { 10: beta1, 11: 1 - beta1, 12: beta2, 13: (1 - beta2) / d, 14: epsilon, 15: decay };
    backend.pool.run(KERNEL.rowwiseAdamw, Math.ceil(rows / perTask), ints, floats);
    return outputs;
  });

  override(name, AssignRows, ({ x, rows }, backend, attrs) => {
    const { begin } = attrs as unknown as AssignRowsAttrs;
    const output = writable(backend, x);
    const [to, from] = [output, rows].map((info) => backend.address(info));
    backend.pool.run(KERNEL.copyBytes, 1, [from, to + begin * x.shape[1] * 4, sizeOf(rows) * 4]);
    return output;
  });
}
