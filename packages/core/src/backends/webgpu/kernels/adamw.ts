import type { TensorInfo } from '@tensorflow/tfjs-core';
import { AdamWStep, type AdamWStepAttrs } from '../../kernel-names.ts';
import type { SeqrecWebgpuBackend } from '../backend.ts';
import { bind, type Program, uniforms } from '../program.ts';
import { FLAT_THREADS, flatGroups, override, sizeOf } from './support.ts';

const step: Program = {
  op: AdamWStep,
  key: '',
  bindings: bind('param!', 'm!', 'v!', 'grad'),
  uniforms: uniforms(
    'count',
    'decay: f32',
    'beta1: f32',
    'rest1: f32',
    'beta2: f32',
    'rest2: f32',
    'rate: f32',
    'rootScale: f32',
    'epsilon: f32',
  ),
  threads: FLAT_THREADS,
  body: `
  let i = group * ${FLAT_THREADS}u + lane;
  if (i >= u.count) { return; }
  let g = grad[i];
  let first = u.beta1 * m[i] + u.rest1 * g;
  let second = u.beta2 * v[i] + u.rest2 * g * g;
  m[i] = first;
  v[i] = second;
  let w = param[i];
  param[i] = w - w * u.decay - u.rate * first / (sqrt(second) * u.rootScale + u.epsilon);`,
};

/**
 * The tensor to write: the input's own buffer, unless something else holds it too (a clone of the variable must not
 * change with the step).
 */
function writable(backend: SeqrecWebgpuBackend, x: TensorInfo): TensorInfo {
  if (backend.refCount(x.dataId) <= 1) {
    backend.incRef(x.dataId);
    backend.bufferOf(x);
    backend.written(x);
    return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  }
  const copy = backend.output(x.shape);
  backend.copy(x, copy);
  return copy;
}

export function registerAdamW(name: string): void {
  override<AdamWStepAttrs>(name, AdamWStep, ({ param, m, v, grad }, backend, attrs) => {
    const { learningRate, beta1, beta2, epsilon, weightDecay } = attrs;
    const outputs = [param, m, v].map((x) => writable(backend, x));
    const count = sizeOf(param);
    backend.dispatch(step, {
      tensors: [...outputs, grad],
      uniforms: {
        count,
        decay: learningRate * weightDecay,
        beta1,
        rest1: 1 - beta1,
        beta2,
        rest2: 1 - beta2,
        rate: learningRate / (1 - beta1 ** attrs.step),
        rootScale: 1 / Math.sqrt(1 - beta2 ** attrs.step),
        epsilon,
      },
      groups: flatGroups(count),
    });
    return outputs;
  });
}
