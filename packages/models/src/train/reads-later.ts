import * as tf from '@tensorflow/tfjs-core';

/** Whether values come back from the active backend after work that was handed over later. */
export function readsLater(): boolean {
  return tf.getBackend() === 'webgpu';
}
