import * as tf from '@tensorflow/tfjs-core';
import { recordKernels } from '../measure/bench/recorder.ts';

/** Work that the kernels of the current backend count in a step, which a closed form is compared with. */
export async function countedWork(step: () => unknown): Promise<number> {
  const recorder = recordKernels(tf.getBackend());
  try {
    await step();
  } finally {
    recorder.stop();
  }
  return recorder.result().kernels.reduce((sum, kernel) => sum + kernel.flops, 0);
}
