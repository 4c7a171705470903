import * as tf from '@tensorflow/tfjs-core';
import { hostValues } from './host.ts';

/** A kernel made of tfjs ops; the same function serves every backend. */
export interface ComposedKernel {
  readonly kernelName: string;
  readonly kernelFunc: tf.KernelFunc;
}

/** The tensors of a kernel's declared inputs. */
export type TensorsOf<Inputs> = { readonly [Name in keyof Inputs as string extends Name ? never : Name]: tf.Tensor };

const composedFunctions = new WeakSet<tf.KernelFunc>();

/**
 * Whether a registered function is one of ours made from tfjs ops; `copyRegisteredKernels` keeps the function itself.
 */
export function isComposed(kernelFunc: tf.KernelFunc): boolean {
  return composedFunctions.has(kernelFunc);
}

/**
 * Makes a kernel of `body`. Ops inside a kernel are not taped, so the kernel's gradient needs a kernel of its own.
 * `body` must return tensors that it created, never one of its inputs.
 */
export function composedKernel<Inputs, Attrs>(
  kernelName: string,
  body: (inputs: TensorsOf<Inputs>, attrs: Attrs) => tf.Tensor | tf.Tensor[],
): ComposedKernel {
  const kernelFunc: tf.KernelFunc = ({ inputs, attrs, backend }) =>
    tf.tidy(() => {
      const tensors: Record<string, tf.Tensor> = {};
      for (const [name, info] of Object.entries(inputs)) {
        if (info != null) tensors[name] = asTensor(info, backend as tf.KernelBackend);
      }
      return body(tensors as unknown as TensorsOf<Inputs>, attrs as unknown as Attrs);
    });
  composedFunctions.add(kernelFunc);
  return { kernelName, kernelFunc };
}

/** Marks a hand-written host kernel as ours, next to the composed ones. */
export function hostKernel(kernelName: string, kernelFunc: tf.KernelFunc): ComposedKernel {
  composedFunctions.add(kernelFunc);
  return { kernelName, kernelFunc };
}

/** tfjs passes tensors; a kernel called by another kernel gets bare infos, whose data this must not free. */
function asTensor(info: tf.TensorInfo, backend: tf.KernelBackend): tf.Tensor {
  if (info instanceof tf.Tensor) return info;
  backend.incRef(info.dataId);
  return tf.engine().makeTensorFromTensorInfo(info);
}

/** Values of an integer input on the host. */
export function readIntegers(x: tf.Tensor): Int32Array {
  return hostValues(x) as Int32Array;
}
