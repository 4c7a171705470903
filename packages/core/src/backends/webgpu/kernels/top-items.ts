import * as tf from '@tensorflow/tfjs-core';
import { hostKernel } from '../../composed/kernel.ts';
import { TopItems } from '../../kernel-names.ts';
import type { SeqrecWebgpuBackend } from '../backend.ts';
import { padRows } from './padded-rows.ts';

/** The best items run composed, on padded vectors; always in float32: lists are exact. */
export function registerTopItems(name: string): void {
  const before = tf.getKernel(TopItems, name);
  if (before === undefined || wrapped.has(before.kernelFunc)) return;
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
  tf.unregisterKernel(TopItems, name);
  tf.registerKernel({ ...hostKernel(TopItems, kernelFunc), backendName: name });
}

const wrapped = new WeakSet<tf.KernelFunc>();
