import * as tf from '@tensorflow/tfjs-core';
import { GatedRecurrence, type GatedRecurrenceAttrs, GatedRecurrenceGrad } from '../backends/kernel-names.ts';
import { ShapeError } from '../errors.ts';
import { assertDType, assertShapes } from '../shapes.ts';
import { runKernel } from './run-kernel.ts';

/** Weights of the recurrent half of a gated recurrent unit, in PyTorch's layout: rows of the gates r, z, n. */
export interface RecurrentWeights {
  /** float32 `[3 E, E]` */
  readonly weight: tf.Tensor;
  /** float32 `[3 E]` */
  readonly bias: tf.Tensor;
}

/**
 * Gated recurrent unit over tokens in time-major order: step `s` is the next `sizes[s]` rows, its row `i` continues
 * row `i` of the step before:
 *
 * ```
 * a_r, a_z, a_n = h W^T + b
 * r = sigmoid(x_r + a_r),  z = sigmoid(x_z + a_z),  n = tanh(x_n + r a_n)
 * h' = (1 - z) n + z h                                    h = 0 before the first step
 * ```
 *
 * The gradient of the weights is one product over all steps. Kept for the backward pass: `5 T E` floats.
 *
 * @param x float32 `[T, 3 E]`, the input half `x W_x^T + b_x` of the gates
 * @param sizes sequences alive at each step, positive, never rising, with the sum `T`
 * @returns float32 `[T, E]`: the states `h'`, in the order of `x`.
 * @throws ShapeError, DTypeError.
 *
 * Source: Cho et al. 2014 (arXiv:1406.1078), in the form of cuDNN and PyTorch, where the reset
 * gate acts after the product.
 */
export function gatedRecurrence(x: tf.Tensor, weights: RecurrentWeights, sizes: ArrayLike<number>): tf.Tensor2D {
  const op = 'gatedRecurrence';
  const { weight, bias } = weights;
  const inputs = { x, weight, bias };
  for (const [name, tensor] of Object.entries(inputs)) assertDType(tensor, 'float32', { op, name });
  assertShapes(op, [
    ['x', x, 'T 3E'],
    ['weight', weight, '3E E'],
    ['bias', bias, '3E'],
  ]);
  const [tokens, width] = [x.shape[0], weight.shape[1] as number];
  if (weight.shape[0] !== 3 * width) {
    throw new ShapeError(`${op}: expected weight [3 E, E]; got weight=float32[${weight.shape}]; three gates of E rows`);
  }
  const attrs: GatedRecurrenceAttrs = { sizes: checkedSizes(op, sizes, tokens) };
  const run = tf.customGrad((...args) => {
    const [input, w, b] = args as unknown as tf.Tensor[];
    const save = args[3] as unknown as tf.GradSaveFunc;
    const [states, gates] =
      tokens === 0
        ? [tf.zeros([0, width]), tf.zeros([0, 4 * width])]
        : runKernel<tf.Tensor[]>(GatedRecurrence, { x: input, weight: w, bias: b }, attrs);
    save([w, states, gates]);
    return {
      value: states,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => gradients(dy, saved, attrs),
    };
  });
  return run(x, weight, bias) as tf.Tensor2D;
}

/** Of x, weight and bias. */
function gradients(dy: tf.Tensor, saved: tf.Tensor[], attrs: GatedRecurrenceAttrs): tf.Tensor[] {
  const [weight, states, gates] = saved;
  const { sizes } = attrs;
  const width = weight.shape[1] as number;
  if (sizes.length === 0) return [tf.zeros([0, 3 * width]), tf.zerosLike(weight), tf.zeros([3 * width])];
  return tf.tidy(() => {
    const [dx, dInner] = runKernel<tf.Tensor[]>(GatedRecurrenceGrad, { weight, states, gates, dy }, attrs);
    const first = sizes[0];
    const later = (states.shape[0] as number) - first;
    // The state before the first step is zero.
    const before = tf.gather(states, tf.tensor1d(previousRows(sizes, later), 'int32')) as tf.Tensor2D;
    const rest = tf.slice(dInner as tf.Tensor2D, [first, 0], [later, -1]);
    return [dx, tf.matMul(rest, before, true, false), tf.sum(dInner, 0)];
  });
}

/** For each row after the first step, the row of the step before that it continues. */
function previousRows(sizes: readonly number[], count: number): Int32Array {
  const out = new Int32Array(count);
  let [place, begin] = [0, 0];
  for (let s = 1; s < sizes.length; s++) {
    for (let i = 0; i < sizes[s]; i++) out[place++] = begin + i;
    begin += sizes[s - 1];
  }
  return out;
}

function checkedSizes(op: string, sizes: ArrayLike<number>, tokens: number): number[] {
  const list = Array.from(sizes);
  const whole = list.every((size, s) => Number.isInteger(size) && size > 0 && (s === 0 || size <= list[s - 1]));
  const sum = list.reduce((total, size) => total + size, 0);
  if (whole && sum === tokens) return list;
  const problem = whole ? `their sum is ${sum}` : 'a sequence that has ended does not go on';
  throw new ShapeError(
    `${op}: expected sizes of positive integers that never rise, with the sum T = ${tokens}; got [${list.slice(0, 8).join(', ')}${list.length > 8 ? ', ...' : ''}]; ${problem}`,
  );
}
