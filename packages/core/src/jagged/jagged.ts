import type * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors.ts';
import { checkOffsets } from '../ops/offsets.ts';
import { describe } from '../shapes.ts';

/**
 * A batch of sequences of different lengths without padding: `values` `[T, ...]` holds all tokens, sequence `b` is rows
 * `offsets[b] .. offsets[b + 1] - 1`. Offsets are a host array, so their content is checked and
 * never read from a device.
 */
export class Jagged<V extends tf.Tensor = tf.Tensor> {
  readonly values: V;
  readonly offsets: Int32Array;

  /** @throws ShapeError when the offsets do not start at 0, fall, or do not end at `T`. */
  constructor(values: V, offsets: Int32Array) {
    if (values.shape.length === 0) {
      throw new ShapeError(`Jagged: expected values [T, ...]; got values=${describe(values)}; a scalar has no tokens`);
    }
    checkOffsets('Jagged', offsets, values.shape[0]);
    this.values = values;
    this.offsets = offsets;
  }

  /** Number of sequences `B`. */
  get batchSize(): number {
    return this.offsets.length - 1;
  }

  /** Number of packed tokens `T`. */
  get tokens(): number {
    return this.offsets[this.offsets.length - 1];
  }

  /** Length of each sequence, `[B]`. */
  get lengths(): Int32Array {
    return lengthsOf(this.offsets);
  }

  /** Length of the longest sequence, 0 for an empty batch. */
  get maxLength(): number {
    return this.lengths.reduce((a, b) => Math.max(a, b), 0);
  }

  /** The same layout around other values, for example the output of a layer. */
  with<W extends tf.Tensor>(values: W): Jagged<W> {
    return new Jagged(values, this.offsets);
  }
}

/** Lengths `[B]` of offsets `[B + 1]`. */
export function lengthsOf(offsets: Int32Array): Int32Array {
  return Int32Array.from({ length: Math.max(offsets.length - 1, 0) }, (_, b) => offsets[b + 1] - offsets[b]);
}

/** Offsets `[B + 1]` of lengths `[B]`. */
export function offsetsOf(lengths: ArrayLike<number>): Int32Array {
  const offsets = new Int32Array(lengths.length + 1);
  for (let b = 0; b < lengths.length; b++) offsets[b + 1] = offsets[b] + lengths[b];
  return offsets;
}

/** Sequence of each token, `[T]`: `0 0 0 1 1 3 ...`. */
export function segmentIds(offsets: Int32Array): Int32Array {
  const ids = new Int32Array(offsets[offsets.length - 1]);
  for (let b = 0; b + 1 < offsets.length; b++) ids.fill(b, offsets[b], offsets[b + 1]);
  return ids;
}

/** Position of each token inside its sequence, `[T]`: `0 1 2 0 1 0 ...`. */
export function positionIds(offsets: Int32Array): Int32Array {
  const ids = new Int32Array(offsets[offsets.length - 1]);
  for (let b = 0; b + 1 < offsets.length; b++) {
    for (let t = offsets[b]; t < offsets[b + 1]; t++) ids[t] = t - offsets[b];
  }
  return ids;
}
