import type { TensorInfo } from '@tensorflow/tfjs-core';
import {
  AdamWStep,
  type AdamWStepAttrs,
  AssignRows,
  type AssignRowsAttrs,
  RowwiseAdamWStep,
  type RowwiseAdamWStepAttrs,
} from '../../kernel-names.ts';
import type { SeqrecWebgpuBackend } from '../backend.ts';
import { bind, type Program, uniforms } from '../program.ts';
import { FLAT_THREADS, flatGroups, override, sizeOf } from './support.ts';
import { rowSum } from './wgsl.ts';

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

/** Threads of a row of the table. */
const ROW_THREADS = 64;

const rowwiseStep: Program = {
  op: RowwiseAdamWStep,
  key: '',
  bindings: bind('param!', 'm!', 'v!', 'ids: i32', 'grad', 'rates', 'corrections'),
  uniforms: uniforms(
    'rows',
    'width',
    'whole',
    'beta1: f32',
    'rest1: f32',
    'beta2: f32',
    'rest2: f32',
    'decay: f32',
    'epsilon: f32',
  ),
  threads: ROW_THREADS,
  globals: rowSum(ROW_THREADS, ROW_THREADS),
  body: `
  if (group >= u.rows) { return; }
  let row = u32(ids[group]);
  let state = select(group, row, u.whole != 0u);
  let old = v[state];
  var squares = 0.0;
  for (var d = lane; d < u.width; d += ${ROW_THREADS}u) {
    let g = grad[group * u.width + d];
    squares += g * g;
  }
  let second = u.beta2 * old + u.rest2 * rowSum(squares, lane);
  if (lane == 0u) { v[state] = second; }
  let size = rates[group] / (sqrt(second) * corrections[group] + u.epsilon);
  for (var d = lane; d < u.width; d += ${ROW_THREADS}u) {
    let first = u.beta1 * m[state * u.width + d] + u.rest1 * grad[group * u.width + d];
    m[state * u.width + d] = first;
    let w = param[row * u.width + d];
    param[row * u.width + d] = w - w * u.decay - size * first;
  }`,
};

/**
 * The tensor to write: the input's own buffer, unless something else holds it too (a clone of the variable must not
 * change with the step).
 */
function writable(backend: SeqrecWebgpuBackend, x: TensorInfo): TensorInfo {
  if (backend.refCount(x.dataId) <= 1) {
    backend.incRef(x.dataId);
    // Nothing is written to an empty tensor, and its values stay on the host.
    if (sizeOf(x) > 0) {
      backend.bufferOf(x);
      backend.written(x);
    }
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

  override<RowwiseAdamWStepAttrs>(
    name,
    RowwiseAdamWStep,
    ({ param, ids, m, v, grad, rates, corrections }, backend, attrs) => {
      const { beta1, beta2, epsilon, decay, whole } = attrs;
      const [rows, width] = grad.shape;
      const outputs = [param, m, v].map((x) => writable(backend, x));
      backend.dispatch(rowwiseStep, {
        tensors: [...outputs, ids, grad, rates, corrections],
        uniforms: {
          rows,
          width,
          whole: whole ? 1 : 0,
          beta1,
          rest1: 1 - beta1,
          beta2,
          rest2: (1 - beta2) / width,
          decay,
          epsilon,
        },
        groups: rows,
      });
      return outputs;
    },
  );

  override<AssignRowsAttrs>(name, AssignRows, ({ x, rows }, backend, { at }) => {
    if (typeof at !== 'number') return undefined;
    const output = writable(backend, x);
    backend.copy(rows, output, at * x.shape[1]);
    return output;
  });
}
