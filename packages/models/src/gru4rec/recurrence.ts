import * as tf from '@tensorflow/tfjs-core';

/** Weights of the recurrent half of a gated recurrent unit, in PyTorch's layout: rows of the gates r, z, n. */
export interface RecurrentWeights {
  /** `[3 E, E]` */
  readonly weight: tf.Tensor2D;
  /** `[3 E]` */
  readonly bias: tf.Tensor1D;
}

/**
 * Gated recurrent unit over tokens in time-major order:
 *
 * ```
 * a_r, a_z, a_n = h W^T + b
 * r = sigmoid(x_r + a_r),  z = sigmoid(x_z + a_z),  n = tanh(x_n + r a_n)
 * h' = (1 - z) n + z h                                    h = 0 before the first step
 * ```
 *
 * One matrix product a step, over the sequences that are still alive; the gradient of the weights is one product over all
 * steps. Forward and backward are written out instead of recorded op by op: the tape of 200 steps would cost more than
 * the arithmetic. Saved for the backward pass: `6 T E` floats.
 *
 * @param x the input half `x W_x^T + b_x` of the gates, `[T, 3 E]`, step `s` being the next `sizes[s]` rows
 * @param sizes sequences alive at each step, never rising
 * @returns the states `h'`, `[T, E]`, in the order of `x`
 *
 * Source: Cho et al. 2014 (arXiv:1406.1078), in the form of cuDNN and PyTorch, where the reset gate acts after the product.
 */
export function gatedRecurrence(x: tf.Tensor2D, weights: RecurrentWeights, sizes: Int32Array): tf.Tensor2D {
  const width = weights.weight.shape[1];
  const run = tf.customGrad((...args) => {
    const [input, weight, bias] = args as unknown as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
    const save = args[3] as unknown as tf.GradSaveFunc;
    const forward = runForward(input, weight, bias, sizes);
    save([weight, forward.previous, forward.reset, forward.update, forward.candidate, forward.inner]);
    return {
      value: forward.states,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => runBackward(dy as tf.Tensor2D, saved, sizes),
    };
  });
  if (x.shape[0] === 0) return tf.zeros([0, width]);
  return run(x, weights.weight, weights.bias) as tf.Tensor2D;
}

function runForward(
  x: tf.Tensor2D,
  weight: tf.Tensor2D,
  bias: tf.Tensor1D,
  sizes: Int32Array,
): Record<Part, tf.Tensor> {
  const width = weight.shape[1];
  const [xGates, xCandidate] = tf.split(x, [2 * width, width], 1);
  const parts: Record<Part, tf.Tensor[]> = {
    states: [],
    previous: [],
    reset: [],
    update: [],
    candidate: [],
    inner: [],
  };
  let h: tf.Tensor2D = tf.zeros([sizes[0], width]);
  let at = 0;
  for (const size of sizes) {
    const before = rows(h, 0, size);
    const a = tf.add(tf.matMul(before, weight, false, true), bias);
    const [aGates, inner] = tf.split(a, [2 * width, width], 1);
    const gates = tf.sigmoid(tf.add(rows(xGates, at, size), aGates));
    const [reset, update] = tf.split(gates, 2, 1);
    const candidate = tf.tanh(tf.add(rows(xCandidate, at, size), tf.mul(reset, inner)));
    h = tf.add(candidate, tf.mul(update, tf.sub(before, candidate)));
    const made = { states: h, previous: before, reset, update, candidate, inner };
    for (const part of Object.keys(made) as Part[]) parts[part].push(made[part]);
    at += size;
  }
  return Object.fromEntries(Object.entries(parts).map(([part, steps]) => [part, joined(steps)])) as Record<
    Part,
    tf.Tensor
  >;
}

type Part = 'states' | 'previous' | 'reset' | 'update' | 'candidate' | 'inner';

/** Gradients of `x`, `weight` and `bias`; steps run from the last to the first. */
function runBackward(dy: tf.Tensor2D, saved: tf.Tensor[], sizes: Int32Array): tf.Tensor[] {
  const [weight, previous, reset, update, candidate, inner] = saved as tf.Tensor2D[];
  return tf.tidy(() => {
    // How the gates answer to a change of the state, for all steps at once: dx_r = dh * toReset, and so on.
    const toCandidate = tf.mul(tf.sub(1, update), tf.sub(1, tf.square(candidate)));
    const toUpdate = tf.mul(tf.sub(previous, candidate), tf.mul(update, tf.sub(1, update)));
    const toReset = tf.mul(tf.mul(toCandidate, inner), tf.mul(reset, tf.sub(1, reset)));
    const toInner = tf.mul(toCandidate, reset);
    const recurrent = tf.concat([toReset, toUpdate, toInner], 1);
    const changes: tf.Tensor2D[] = [];
    let carry: tf.Tensor2D | undefined;
    let at = dy.shape[0];
    for (let s = sizes.length - 1; s >= 0; s--) {
      const size = sizes[s];
      at -= size;
      const change = plusPrefix(rows(dy, at, size), carry);
      changes.push(change);
      if (s === 0) break;
      const gates = tf.mul(tf.concat([change, change, change], 1), rows(recurrent, at, size)) as tf.Tensor2D;
      carry = tf.add(tf.mul(change, rows(update, at, size)), tf.matMul(gates, weight)) as tf.Tensor2D;
    }
    const dh = joined(changes.reverse());
    const [dReset, dUpdate] = [tf.mul(dh, toReset), tf.mul(dh, toUpdate)];
    const dx = tf.concat([dReset, dUpdate, tf.mul(dh, toCandidate)], 1);
    const dGates = tf.concat([dReset, dUpdate, tf.mul(dh, toInner)], 1) as tf.Tensor2D;
    return [dx, tf.matMul(dGates, previous, true, false), tf.sum(dGates, 0)];
  });
}

/** `x` with `prefix` added to its first rows. */
function plusPrefix(x: tf.Tensor2D, prefix: tf.Tensor2D | undefined): tf.Tensor2D {
  if (prefix === undefined) return x;
  const count = prefix.shape[0];
  if (count === x.shape[0]) return tf.add(x, prefix);
  const changed = tf.add(rows(x, 0, count), prefix) as tf.Tensor2D;
  return tf.concat([changed, rows(x, count, x.shape[0] - count)], 0);
}

function rows(x: tf.Tensor, from: number, count: number): tf.Tensor2D {
  if (from === 0 && count === x.shape[0]) return x as tf.Tensor2D;
  return tf.slice(x as tf.Tensor2D, [from, 0], [count, x.shape[1] as number]);
}

function joined(steps: tf.Tensor[]): tf.Tensor {
  return steps.length === 1 ? steps[0] : tf.concat(steps, 0);
}
