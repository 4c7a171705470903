import * as tf from '@tensorflow/tfjs-core';
import type { SeqrecWebgpuBackend } from '../backend.ts';
import { isWgsl, markWgsl } from './registry.ts';

export type Inputs = Record<string, tf.TensorInfo>;
export type Result = tf.TensorInfo | tf.TensorInfo[];
/** Returns undefined to hand the call to the kernel that was there before. */
export type WebgpuKernel<Attrs> = (inputs: Inputs, backend: SeqrecWebgpuBackend, attrs: Attrs) => Result | undefined;

/** Threads of the programs that work element by element. */
export const FLAT_THREADS = 256;

/** Registers a kernel of ours over the composed or stock one; returns what puts that one back. */
export function override<Attrs = object>(name: string, kernelName: string, kernel: WebgpuKernel<Attrs>): () => void {
  const before = tf.getKernel(kernelName, name) as tf.KernelConfig | undefined;
  if (before !== undefined && isWgsl(before.kernelFunc)) return () => {};
  const kernelFunc: tf.KernelFunc = (parameters) => {
    const { inputs, backend, attrs } = parameters;
    const result = kernel(inputs as Inputs, backend as SeqrecWebgpuBackend, (attrs ?? {}) as unknown as Attrs);
    if (result !== undefined) return result;
    if (before === undefined) throw new Error(`${kernelName}: no kernel for these inputs on the backend ${name}`);
    return before.kernelFunc(parameters);
  };
  markWgsl(kernelFunc);
  if (before !== undefined) tf.unregisterKernel(kernelName, name);
  tf.registerKernel({ kernelName, backendName: name, kernelFunc });
  return () => {
    tf.unregisterKernel(kernelName, name);
    if (before !== undefined) tf.registerKernel(before);
  };
}

export function sizeOf(x: tf.TensorInfo): number {
  return tf.util.sizeFromShape(x.shape);
}

/** Splits a shape at its last axis: `[rows, width]`. */
export function rowsAndWidth(shape: readonly number[]): [number, number] {
  const width = shape.length === 0 ? 1 : shape[shape.length - 1];
  return [shape.slice(0, -1).reduce((product, n) => product * n, 1), width];
}

export function flatGroups(elements: number): number {
  return Math.ceil(elements / FLAT_THREADS);
}
