import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors.ts';
import { embedding } from '../ops/embedding.ts';
import { describe } from '../shapes.ts';
import { Jagged, lengthsOf, segmentIds } from './jagged.ts';

export interface PadOptions {
  /** Padded length `N`, default the longest sequence. */
  readonly length?: number;
}

/**
 * Jagged `[T, ...]` to padded `[B, N, ...]`, zeros after the end of each sequence. float32 only; differentiable.
 *
 * @throws ShapeError when a sequence is longer than `length`.
 */
export function toPadded(jagged: Jagged, options: PadOptions = {}): tf.Tensor {
  const { values, offsets, batchSize, tokens, maxLength } = jagged;
  const length = options.length ?? maxLength;
  if (maxLength > length) {
    throw new ShapeError(
      `toPadded: expected a length of at least the longest sequence; got length=${length} for a sequence of ${maxLength}; shorten the windows or raise the length`,
    );
  }
  const cells = new Int32Array(batchSize * length).fill(tokens);
  for (let b = 0; b < batchSize; b++) {
    for (let t = offsets[b]; t < offsets[b + 1]; t++) cells[b * length + t - offsets[b]] = t;
  }
  const rowShape = values.shape.slice(1);
  const width = tf.util.sizeFromShape(rowShape);
  return tf.tidy('toPadded', () => {
    const withZeroRow = tf.concat([tf.reshape(values, [tokens, width]), tf.zeros([1, width])], 0);
    return tf.reshape(embedding(withZeroRow, tf.tensor1d(cells, 'int32')), [batchSize, length, ...rowShape]);
  });
}

/**
 * Padded `[B, N, ...]` to jagged `[T, ...]`: the first `offsets[b + 1] - offsets[b]` cells of each row. float32 only;
 * differentiable.
 *
 * @throws ShapeError when the offsets do not fit the padded tensor.
 */
export function fromPadded(padded: tf.Tensor, offsets: Int32Array): Jagged {
  const [batch, length] = padded.shape;
  const lengths = lengthsOf(offsets);
  const longest = lengths.reduce((a, b) => Math.max(a, b), 0);
  if (padded.rank < 2 || longest > length || offsets.length - 1 !== batch) {
    throw new ShapeError(
      `fromPadded: expected padded [B, N, ...] with B = ${offsets.length - 1} and N at least every length; got padded=${describe(padded)} and a sequence of ${longest}; the offsets belong to another batch`,
    );
  }
  const rows = Array.from(lengths).flatMap((count, b) => Array.from({ length: count }, (_, i) => b * length + i));
  const rowShape = padded.shape.slice(2);
  const values = tf.tidy('fromPadded', () => {
    const grid = tf.reshape(padded, [batch * length, tf.util.sizeFromShape(rowShape)]);
    return tf.reshape(embedding(grid, tf.tensor1d(Int32Array.from(rows), 'int32')), [rows.length, ...rowShape]);
  });
  return new Jagged(values, offsets);
}

/** Sum over each sequence, `[B, ...]`; an empty sequence gives zeros. Differentiable. */
export function segmentSum(jagged: Jagged): tf.Tensor {
  return tf.tidy('segmentSum', () =>
    tf.unsortedSegmentSum(jagged.values, tf.tensor1d(segmentIds(jagged.offsets), 'int32'), jagged.batchSize),
  );
}

/** Mean over each sequence, `[B, ...]`; an empty sequence gives zeros. Differentiable. */
export function segmentMean(jagged: Jagged): tf.Tensor {
  const { lengths, batchSize, values } = jagged;
  return tf.tidy('segmentMean', () => {
    const counts = tf.tensor(
      Float32Array.from(lengths, (n) => Math.max(n, 1)),
      [batchSize, ...values.shape.slice(1).map(() => 1)],
    );
    return tf.div(segmentSum(jagged), counts);
  });
}
