import * as tf from '@tensorflow/tfjs-core';
import { GatedRecurrence, type GatedRecurrenceAttrs, GatedRecurrenceGrad } from '../backends/kernel-names.ts';
import { ShapeError, UnsupportedError } from '../errors.ts';
import { assertDType, assertShapes } from '../shapes.ts';
import { absent, runKernel } from './run-kernel.ts';

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
 * h' = (1 - z) n + z h                                    h = 0 before the first step, or `initial`
 * ```
 *
 * The gradient of the weights is one product over all steps. Kept for the backward pass: `5 T E` floats.
 *
 * With `initial` sequences go on from states of before: those of a call in which they ended. On `simd` the states have
 * the bits of one call over the whole sequences, wherever they are cut and whatever they lie with; elsewhere they agree
 * within 5e-6. Such a call is for inference and has no gradient.
 *
 * @param x float32 `[T, 3 E]`, the input half `x W_x^T + b_x` of the gates
 * @param sizes sequences alive at each step, positive, never rising, with the sum `T`
 * @param initial float32 `[sizes[0], E]` (`[0, E]` without steps): the state before the first step, row `i` that of its
 *   row `i`. Default: zeros.
 * @returns float32 `[T, E]`: the states `h'`, in the order of `x`.
 * @throws ShapeError, DTypeError; UnsupportedError when a gradient is asked for with `initial`.
 *
 * Source: Cho et al. 2014 (arXiv:1406.1078), in the form of cuDNN and PyTorch, where the reset
 * gate acts after the product.
 */
export function gatedRecurrence(
  x: tf.Tensor,
  weights: RecurrentWeights,
  sizes: ArrayLike<number>,
  initial?: tf.Tensor,
): tf.Tensor2D {
  const op = 'gatedRecurrence';
  const { weight, bias } = weights;
  const inputs = { x, weight, bias, ...(initial && { initial }) };
  for (const [name, tensor] of Object.entries(inputs)) assertDType(tensor, 'float32', { op, name });
  assertShapes(op, [
    ['x', x, 'T 3E'],
    ['weight', weight, '3E E'],
    ['bias', bias, '3E'],
    ...(initial ? [['initial', initial, 'B E'] as const] : []),
  ]);
  const [tokens, width] = [x.shape[0], weight.shape[1] as number];
  if (weight.shape[0] !== 3 * width) {
    throw new ShapeError(`${op}: expected weight [3 E, E]; got weight=float32[${weight.shape}]; three gates of E rows`);
  }
  const attrs: GatedRecurrenceAttrs = { sizes: checkedSizes(op, sizes, tokens) };
  const begun = attrs.sizes.at(0) ?? 0;
  if (initial !== undefined && initial.shape[0] !== begun) {
    throw new ShapeError(
      `${op}: expected initial [sizes[0], E]; got initial=float32[${initial.shape}], sizes[0]=${begun}; one state for each row of the first step`,
    );
  }
  const given = initial === undefined ? [x, weight, bias] : [x, weight, bias, initial];
  const run = tf.customGrad((...args) => {
    const [input, w, b, before = absent()] = args.slice(0, given.length) as unknown as tf.Tensor[];
    const save = args[given.length] as unknown as tf.GradSaveFunc;
    const [states, gates] =
      tokens === 0
        ? [tf.zeros([0, width]), tf.zeros([0, 4 * width])]
        : runKernel<tf.Tensor[]>(GatedRecurrence, { x: input, weight: w, bias: b, initial: before }, attrs);
    save([w, states, gates]);
    return {
      value: states,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        if (initial === undefined) return gradients(dy, saved, attrs);
        throw new UnsupportedError(
          `${op}: expected no gradient with initial; got one asked for; train on whole sequences, without initial`,
        );
      },
    };
  });
  return run(...given) as tf.Tensor2D;
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
