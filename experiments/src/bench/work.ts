import * as tf from '@tensorflow/tfjs-core';

/** Query-key pairs that causality allows, from the offsets of a packed batch. */
function causalPairs(offsets: tf.TensorInfo): number {
  const values = tf.backend().readSync(offsets.dataId) as Int32Array;
  let pairs = 0;
  for (let b = 0; b + 1 < values.length; b++) {
    const length = values[b + 1] - values[b];
    pairs += (length * (length + 1)) / 2;
  }
  return pairs;
}

/**
 * Useful floating-point operations of a kernel call; 0 for a kernel without a formula (it moves bytes). A multiply-add
 * counts two. Attention counts the causal half only: forward `2 P H (A + C)`, backward `2 P H (3 A + 2 C)` with the scores
 * made again, for `P` pairs. Sampled softmax: `2 T (R + 1) D` forward, twice that backward.
 */
export function kernelWork(
  kernel: string,
  inputs: Readonly<Record<string, tf.TensorInfo>>,
  attrs: Readonly<Record<string, unknown>>,
  outputs: readonly tf.TensorInfo[],
): number {
  switch (kernel) {
    case 'BatchMatMul':
    case '_FusedMatMul': {
      const shape = inputs.a.shape;
      const k = attrs.transposeA ? shape[shape.length - 2] : shape[shape.length - 1];
      return 2 * k * tf.util.sizeFromShape(outputs[0].shape);
    }
    case 'HstuAttention':
    case 'CausalAttention': {
      const [, h, a] = inputs.q.shape;
      return 2 * causalPairs(inputs.offsets) * h * (a + inputs.v.shape[2]);
    }
    case 'HstuAttentionGrad':
    case 'CausalAttentionGrad': {
      const [, h, a] = inputs.q.shape;
      return 2 * causalPairs(inputs.offsets) * h * (3 * a + 2 * inputs.v.shape[2]);
    }
    case 'SampledSoftmax':
    case 'SampledSoftmaxGrad': {
      const [t, d] = inputs.queries.shape;
      const forward = 2 * t * (inputs.negatives.shape[1] + 1) * d;
      return kernel === 'SampledSoftmax' ? forward : 2 * forward;
    }
    default:
      return 0;
  }
}
