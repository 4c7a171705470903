import * as tf from '@tensorflow/tfjs-core';

/** Gives the tensor, which then outlives the tape: it is the caller's, unless the gradients fail. */
export type Keep = <T extends tf.Tensor>(tensor: T) => T;

/**
 * A loss and its gradients, as `tf.variableGrads` gives them. When the way there or back throws, for instance for want
 * of memory, nothing of it stays: TensorFlow.js frees what a tape has saved only at the end of the way back. What
 * a `customGrad` has saved before it throws is on no tape yet: each saves when its value is made.
 */
export function tapedGradients(
  loss: (keep: Keep) => tf.Scalar,
  variables: readonly tf.Variable[],
): { readonly value: tf.Scalar; readonly grads: tf.NamedTensorMap } {
  const { state } = tf.engine();
  // Within gradients of gradients the tape is that of the outer ones, who free it.
  const ownsTape = state.gradientDepth === 0;
  const kept: tf.Tensor[] = [];
  const keep: Keep = (tensor) => {
    kept.push(tf.keep(tensor));
    return tensor;
  };
  try {
    return tf.tidy(() => tf.variableGrads(() => loss(keep), [...variables]));
  } catch (error) {
    tf.dispose(kept);
    if (ownsTape) freeTape(state);
    throw error;
  }
}

function freeTape(state: ReturnType<typeof tf.engine>['state']): void {
  for (const { saved } of state.activeTape ?? []) tf.dispose(saved ?? []);
  // As TensorFlow.js leaves it after the way back.
  Object.assign(state, { activeTape: null });
}
