import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
// The stock gradient of prod calls a method of tensors.
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import * as tf from '@tensorflow/tfjs-core';

/**
 * The `cpu` backend as TensorFlow.js ships it. Import this before anything of ours, which replaces a kernel of `cpu`.
 */
export const PRISTINE = 'pristine-cpu';

/** Kernels that ran on it since the set was cleared. */
export const kernelsSeen = new Set<string>();

/** Every kernel that TensorFlow.js has on `cpu`. */
export const kernelNames: readonly string[] = tf
  .getKernelsForBackend('cpu')
  .map(({ kernelName }) => kernelName)
  .toSorted();

tf.registerBackend(PRISTINE, () => Object.assign(new MathBackendCPU(), { firstUse: false }), 0);
for (const config of tf.getKernelsForBackend('cpu')) {
  tf.registerKernel({
    ...config,
    backendName: PRISTINE,
    kernelFunc: (call) => {
      kernelsSeen.add(config.kernelName);
      return config.kernelFunc(call);
    },
  });
}
