import * as tf from '@tensorflow/tfjs-core';
import { hostKernel } from '../../composed/kernel.ts';
import { RankCounts, TopItems } from '../../kernel-names.ts';
import type { SeqrecWebgpuBackend } from '../backend.ts';
import { bind, type Program, uniforms } from '../program.ts';
import { FLAT_THREADS, flatGroups } from './support.ts';

/** Columns that the stock product reads at a time. */
const STEP = 32;

const padColumns: Program = {
  op: 'PadColumns',
  key: '',
  bindings: bind('x', 'y!'),
  uniforms: uniforms('count', 'width', 'padded'),
  threads: FLAT_THREADS,
  body: `
  let i = group * ${FLAT_THREADS}u + lane;
  if (i >= u.count) { return; }
  let column = i % u.padded;
  y[i] = 0.0;
  if (column < u.width) { y[i] = x[(i / u.padded) * u.width + column]; }`,
};

/**
 * Ranking runs composed, on vectors padded to a multiple of what the stock product reads at a time: with other widths it
 * multiplies the rows that follow by zero, so that a NaN in one item would reach its neighbours. Always in float32: ranks are
 * exact, and goals are spread over the items by a product.
 */
export function registerRanking(name: string): void {
  for (const kernelName of [RankCounts, TopItems]) {
    const before = tf.getKernel(kernelName, name);
    if (before === undefined || wrapped.has(before.kernelFunc)) continue;
    const kernelFunc: tf.KernelFunc = ({ inputs, backend, attrs }) => {
      const gpu = backend as SeqrecWebgpuBackend;
      const { queries, items } = inputs as Record<string, tf.TensorInfo>;
      const padded = [queries, items].map((x) => padRows(gpu, x));
      try {
        const vectors = { ...inputs, queries: padded[0], items: padded[1] };
        return gpu.inFloat32(() => before.kernelFunc({ inputs: vectors, backend, attrs }));
      } finally {
        for (const { dataId } of padded) gpu.disposeData(dataId);
      }
    };
    wrapped.add(kernelFunc);
    tf.unregisterKernel(kernelName, name);
    tf.registerKernel({ ...hostKernel(kernelName, kernelFunc), backendName: name });
  }
}

const wrapped = new WeakSet<tf.KernelFunc>();

function padRows(backend: SeqrecWebgpuBackend, x: tf.TensorInfo): tf.TensorInfo {
  const [rows, width] = x.shape;
  const padded = Math.max(STEP, Math.ceil(width / STEP) * STEP);
  const y = backend.output([rows, padded]);
  const count = rows * padded;
  backend.dispatch(padColumns, { tensors: [x, y], uniforms: { count, width, padded }, groups: flatGroups(count) });
  return y;
}
