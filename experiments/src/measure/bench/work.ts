import { knownHostValues } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';

type Attributes = Readonly<Record<string, unknown>>;

/** Query-key pairs that the mask allows, or causality where there is none; a candidate and itself are one. */
function visiblePairs(inputs: Readonly<Record<string, tf.TensorInfo>>, attrs: Attributes): number {
  const { offsets, visible, queryOffsets, selfK } = inputs;
  const globalKeys = (attrs.globalKeys as number | undefined) ?? 0;
  const masked = visible !== undefined && tf.util.sizeFromShape(visible.shape) > 0;
  const ranges = masked ? hostIntegers(visible) : undefined;
  const values = hostIntegers(offsets);
  const apart = queryOffsets !== undefined && tf.util.sizeFromShape(queryOffsets.shape) > 0;
  const queries = apart ? hostIntegers(queryOffsets) : values;
  const areCandidates = selfK !== undefined && selfK.shape.length > 1;
  let pairs = 0;
  for (let b = 0; b + 1 < values.length; b++) {
    const length = values[b + 1] - values[b];
    const count = queries[b + 1] - queries[b];
    for (let r = 0; r < count; r++) {
      const place = areCandidates ? length : length - count + r;
      if (ranges === undefined) pairs += Math.max(0, place + 1);
      else pairs += keysOf(ranges, queries[b] + r, place, globalKeys);
    }
  }
  return pairs;
}

/** Without a look at the device where the batch remembers them. */
function hostIntegers(x: tf.TensorInfo): Int32Array {
  return (knownHostValues(x as tf.Tensor) ?? tf.backend().readSync(x.dataId)) as Int32Array;
}

/** Keys of the query in packed row `row`, place `i` of its sequence: a range, the first `globalKeys`, and itself. */
function keysOf(ranges: Int32Array, row: number, i: number, globalKeys: number): number {
  const [low, high] = [ranges[2 * row], ranges[2 * row + 1]];
  const before = Math.min(globalKeys, low, high);
  return Math.max(0, high - low) + before + ((i >= low && i < high) || i < before ? 0 : 1);
}

/** A linear map of all rows of x by w. */
function mapWork({ x, w }: Readonly<Record<string, tf.TensorInfo>>): number {
  return 2 * x.shape[0] * tf.util.sizeFromShape(w.shape);
}

/**
 * Useful floating-point operations of a kernel call; 0 for a kernel without a formula (it moves bytes). A multiply-add
 * counts two. Attention counts the pairs that causality, or a mask, leaves: forward `2 P H (A + C)`, backward
 * `2 P H (3 A + 2 C)` with the scores made again, for `P` pairs. Gated recurrence: the products with the
 * state, `6 (T - B) E^2` each way, `6 T E^2` from given states; that of the weights is a product of its own. Sampled
 * softmax: `2 T (R + 1) D` forward, twice that backward.
 */
export function kernelWork(
  kernel: string,
  inputs: Readonly<Record<string, tf.TensorInfo>>,
  attrs: Attributes,
  outputs: readonly tf.TensorInfo[],
): number {
  switch (kernel) {
    case 'BatchMatMul':
    case '_FusedMatMul': {
      const shape = inputs.a.shape;
      const k = attrs.transposeA ? shape[shape.length - 2] : shape[shape.length - 1];
      return 2 * k * tf.util.sizeFromShape(outputs[0].shape);
    }
    case 'NormSiluSplit':
    case 'GatedNormLinear':
    case 'LinearLayer':
      return mapWork(inputs);
    case 'NormSiluSplitGrad':
    case 'GatedNormLinearGrad':
    case 'LinearLayerGrad':
      return 2 * mapWork(inputs);
    case 'HstuAttention':
    case 'CausalAttention': {
      const [, h, a] = inputs.q.shape;
      return 2 * visiblePairs(inputs, attrs) * h * (a + inputs.v.shape[2]);
    }
    case 'HstuAttentionGrad':
    case 'CausalAttentionGrad': {
      const [, h, a] = inputs.q.shape;
      return 2 * visiblePairs(inputs, attrs) * h * (3 * a + 2 * inputs.v.shape[2]);
    }
    case 'GatedRecurrence':
    case 'GatedRecurrenceGrad': {
      const [rows, width] = inputs.weight.shape;
      const tokens = (kernel === 'GatedRecurrence' ? inputs.x : inputs.states).shape[0];
      // Zeros before the first step are not multiplied.
      const begun = inputs.initial !== undefined && tf.util.sizeFromShape(inputs.initial.shape) > 0;
      return 2 * (tokens - (begun ? 0 : (attrs.sizes as readonly number[])[0])) * rows * width;
    }
    case 'SampledSoftmax':
    case 'SampledSoftmaxGrad': {
      const [t, d] = inputs.queries.shape;
      const forward = 2 * t * (inputs.negatives.shape[1] + 1) * d;
      return kernel === 'SampledSoftmax' ? forward : 2 * forward;
    }
    case 'SampledScores':
    case 'SampledScoresGrad': {
      const [p, d] = inputs.queries.shape;
      const forward = 2 * p * inputs.ids.shape[1] * d;
      return kernel === 'SampledScores' ? forward : 2 * forward;
    }
    case 'LogSumExpScores':
    case 'LogSumExpScoresGrad': {
      const [p, d] = inputs.queries.shape;
      const forward = 2 * p * inputs.items.shape[0] * d;
      return kernel === 'LogSumExpScores' ? forward : 2 * forward;
    }
    default:
      return 0;
  }
}
