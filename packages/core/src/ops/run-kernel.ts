import * as tf from '@tensorflow/tfjs-core';

/** Runs a kernel of ours on the active backend. tfjs types its inputs and attributes more loosely than the contract. */
export function runKernel<Result extends tf.Tensor | tf.Tensor[]>(
  kernelName: string,
  inputs: Readonly<Record<string, tf.Tensor>>,
  attrs: object = {},
): Result {
  return tf.engine().runKernel(kernelName, { ...inputs }, { ...attrs } as tf.NamedAttrMap) as Result;
}

/** An optional input that is absent. */
export function absent(dtype: 'float32' | 'int32' = 'float32'): tf.Tensor1D {
  return tf.tensor1d([], dtype);
}

/** Registers the gradient of `kernelName` once, however often the module is loaded. */
export function registerGradientOnce(config: tf.GradConfig): void {
  if (tf.getGradient(config.kernelName) === undefined) tf.registerGradient(config);
}
