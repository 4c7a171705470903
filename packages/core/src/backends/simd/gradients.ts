import * as tf from '@tensorflow/tfjs-core';

/** Gradient of `tile`: the sum over the copies, one axis after the other. */
function tileGradient(dy: tf.Tensor, shape: readonly number[], reps: readonly number[]): tf.Tensor {
  let sum = dy;
  let before = 1;
  for (const [axis, size] of shape.entries()) {
    if (reps[axis] > 1) {
      const rest = sum.size / (before * reps[axis]);
      sum = tf.sum(tf.reshape(sum, [before, reps[axis], rest]), 1);
    }
    before *= size;
  }
  return tf.reshape(sum, [...shape]);
}

/**
 * The stock gradient of `tile` slices each copy out of dy and adds it: thousands of kernels for a layer
 * normalisation. On this backend it is a few sums; other backends keep theirs. Without registered gradients
 * there is nothing to replace.
 */
export function registerSimdGradients(backendName: string): void {
  const stock = tf.getGradient('Tile');
  if (stock === undefined || replaced.has(stock)) return;
  const ours: typeof stock = {
    ...stock,
    gradFunc: (dy, saved, attrs) => {
      if (tf.getBackend() !== backendName || (dy as tf.Tensor).size === 0) return stock.gradFunc(dy, saved, attrs);
      return { x: () => tileGradient(dy as tf.Tensor, saved[0].shape, attrs.reps as number[]) };
    },
  };
  replaced.add(ours);
  tf.unregisterGradient('Tile');
  tf.registerGradient(ours);
}

const replaced = new WeakSet<object>();
