import * as tf from '@tensorflow/tfjs-core';
import { knownHostValues, rememberHostValues } from '../backends/composed/host.ts';
import { ShapeError } from '../errors.ts';
import { assertDType } from '../shapes.ts';

/** Offsets of a jagged batch `[B + 1]`: a host array, which is also checked, or an int32 tensor, which is not read. */
export type Offsets = Int32Array | tf.Tensor;

/**
 * Checks that offsets start at 0, never fall and end at `tokens`.
 * @throws ShapeError naming the first position that breaks the rule.
 */
export function checkOffsets(op: string, offsets: Int32Array, tokens: number): void {
  const fail = (problem: string): never => {
    throw new ShapeError(
      `${op}: expected offsets [B+1] that start at 0, never fall and end at the number of tokens; got int32[${offsets.length}] for ${tokens} tokens; ${problem}`,
    );
  };
  if (offsets.length === 0) fail('an empty batch is offsets [0]');
  if (offsets[0] !== 0) fail(`offsets[0] is ${offsets[0]}`);
  for (let b = 1; b < offsets.length; b++) {
    if (offsets[b] < offsets[b - 1]) fail(`offsets[${b}] is ${offsets[b]} after ${offsets[b - 1]}`);
  }
  if (offsets[offsets.length - 1] !== tokens) fail(`the last offset is ${offsets[offsets.length - 1]}`);
}

/** Longest sequence when the values of `offsets` are known on the host. */
export function knownMaxLength(offsets: tf.Tensor): number | undefined {
  const values = knownHostValues(offsets);
  if (values === undefined) return undefined;
  let longest = 0;
  for (let b = 1; b < values.length; b++) longest = Math.max(longest, values[b] - values[b - 1]);
  return longest;
}

/** Offsets as an int32 tensor; host arrays are checked against `tokens` and uploaded. */
export function offsetsTensor(op: string, offsets: Offsets, tokens: number): tf.Tensor {
  if (offsets instanceof Int32Array) {
    checkOffsets(op, offsets, tokens);
    return rememberHostValues(tf.tensor1d(offsets, 'int32'), offsets);
  }
  assertDType(offsets, 'int32', { op, name: 'offsets' });
  return offsets;
}
