import type { KernelFunc } from '@tensorflow/tfjs-core';

const ours = new WeakSet<KernelFunc>();

/** Notes that a kernel function runs a program of ours. */
export function markWgsl(kernelFunc: KernelFunc): void {
  ours.add(kernelFunc);
}

/** Whether a registered function runs a program of ours. Its own module: the kernel table needs no GPU. */
export function isWgsl(kernelFunc: KernelFunc): boolean {
  return ours.has(kernelFunc);
}
