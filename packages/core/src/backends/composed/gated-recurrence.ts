import * as tf from '@tensorflow/tfjs-core';
import {
  GatedRecurrence,
  type GatedRecurrenceAttrs,
  GatedRecurrenceGrad,
  type GatedRecurrenceGradInputs,
  type GatedRecurrenceInputs,
} from '../kernel-names.ts';
import { composedKernel } from './kernel.ts';

/** One matrix product a step, over the sequences that are still alive. */
export const gatedRecurrence = composedKernel<GatedRecurrenceInputs, GatedRecurrenceAttrs>(
  GatedRecurrence,
  ({ x, weight, bias, initial }, { sizes }) => {
    const width = weight.shape[1] as number;
    const parts = { states: [] as tf.Tensor[], gates: [] as tf.Tensor[] };
    let h = initial.size > 0 ? (initial as tf.Tensor2D) : tf.zeros<tf.Rank.R2>([sizes[0], width]);
    let at = 0;
    for (const size of sizes) {
      const before = rows(h, 0, size);
      const a = tf.add(tf.matMul(before, weight as tf.Tensor2D, false, true), bias);
      const [aReset, aUpdate, inner] = tf.split(a, 3, 1);
      const [xReset, xUpdate, xCandidate] = tf.split(rows(x, at, size), 3, 1);
      const [reset, update] = [tf.sigmoid(tf.add(xReset, aReset)), tf.sigmoid(tf.add(xUpdate, aUpdate))];
      const candidate = tf.tanh(tf.add(xCandidate, tf.mul(reset, inner)));
      h = tf.add(candidate, tf.mul(update, tf.sub(before, candidate)));
      parts.states.push(h);
      parts.gates.push(tf.concat([reset, update, candidate, inner], 1));
      at += size;
    }
    return [tf.concat(parts.states, 0), tf.concat(parts.gates, 0)];
  },
);

/** Steps from the last to the first; how the gates answer to a change of the state is known for all at once. */
export const gatedRecurrenceGrad = composedKernel<GatedRecurrenceGradInputs, GatedRecurrenceAttrs>(
  GatedRecurrenceGrad,
  ({ weight, states, gates, dy }, { sizes }) => {
    const width = weight.shape[1] as number;
    const [reset, update, candidate, inner] = tf.split(gates, 4, 1);
    const previous = tf.concat([tf.zeros([sizes[0], width]), ...previousStates(states, sizes)], 0);
    const toCandidate = tf.mul(tf.sub(1, update), tf.sub(1, tf.square(candidate)));
    const toUpdate = tf.mul(tf.sub(previous, candidate), tf.mul(update, tf.sub(1, update)));
    const toReset = tf.mul(tf.mul(toCandidate, inner), tf.mul(reset, tf.sub(1, reset)));
    const recurrent = tf.concat([toReset, toUpdate, tf.mul(toCandidate, reset)], 1);
    const changes: tf.Tensor[] = [];
    let carry: tf.Tensor2D | undefined;
    let at = dy.shape[0] as number;
    for (let s = sizes.length - 1; s >= 0; s--) {
      at -= sizes[s];
      const change = plusPrefix(rows(dy, at, sizes[s]), carry);
      changes.push(change);
      const dInner = tf.mul(tf.tile(change, [1, 3]), rows(recurrent, at, sizes[s])) as tf.Tensor2D;
      const kept = tf.mul(change, rows(update, at, sizes[s]));
      carry = tf.add(kept, tf.matMul(dInner, weight as tf.Tensor2D)) as tf.Tensor2D;
    }
    const dh = tf.concat(changes.reverse(), 0);
    const thrice = tf.tile(dh, [1, 3]);
    return [tf.mul(thrice, tf.concat([toReset, toUpdate, toCandidate], 1)), tf.mul(thrice, recurrent)];
  },
);

function previousStates(states: tf.Tensor, sizes: readonly number[]): tf.Tensor[] {
  let at = 0;
  return sizes.slice(1).map((size, s) => {
    const part = rows(states, at, size);
    at += sizes[s];
    return part;
  });
}

/** `x` with `prefix` added to its first rows. */
function plusPrefix(x: tf.Tensor2D, prefix: tf.Tensor2D | undefined): tf.Tensor2D {
  if (prefix === undefined) return x;
  return tf.add(
    x,
    tf.pad(prefix, [
      [0, x.shape[0] - prefix.shape[0]],
      [0, 0],
    ]),
  );
}

function rows(x: tf.Tensor, from: number, count: number): tf.Tensor2D {
  return tf.slice(x as tf.Tensor2D, [from, 0], [count, x.shape[1] as number]);
}
