import * as tf from '@tensorflow/tfjs-core';

/** Where packed tokens live in a padded `[B, N]` grid. Index arrays are made on the host. */
export interface PaddedLayout {
  readonly batch: number;
  /** Longest sequence `N`, at least 1. */
  readonly length: number;
  readonly tokens: number;
  /** int32 `[B * N]`: packed row of each cell, or `T` (a row of zeros) for padding. */
  readonly cells: tf.Tensor1D;
  /** int32 `[T]`: cell of each packed row. */
  readonly rows: tf.Tensor1D;
}

export function paddedLayout(offsets: Int32Array): PaddedLayout {
  const batch = offsets.length - 1;
  const tokens = offsets[batch];
  let length = 1;
  for (let b = 0; b < batch; b++) length = Math.max(length, offsets[b + 1] - offsets[b]);
  const cells = new Int32Array(batch * length).fill(tokens);
  const rows = new Int32Array(tokens);
  for (let b = 0; b < batch; b++) {
    for (let t = offsets[b]; t < offsets[b + 1]; t++) {
      rows[t] = b * length + t - offsets[b];
      cells[rows[t]] = t;
    }
  }
  return { batch, length, tokens, cells: tf.tensor1d(cells, 'int32'), rows: tf.tensor1d(rows, 'int32') };
}

/** `[T, H, W]` -> `[B, H, N, W]`, zeros in the padding. */
export function padHeads(x: tf.Tensor, layout: PaddedLayout): tf.Tensor4D {
  const [, heads, width] = x.shape as [number, number, number];
  const withZeroRow = tf.concat([tf.reshape(x, [layout.tokens, heads * width]), tf.zeros([1, heads * width])], 0);
  const grid = tf.reshape(tf.gather(withZeroRow, layout.cells), [layout.batch, layout.length, heads, width]);
  return tf.transpose(grid, [0, 2, 1, 3]) as tf.Tensor4D;
}

/** `[B, H, N, W]` -> `[T, H, W]`. */
export function unpadHeads(x: tf.Tensor, layout: PaddedLayout): tf.Tensor3D {
  const [, heads, , width] = x.shape as [number, number, number, number];
  const grid = tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [layout.batch * layout.length, heads * width]);
  return tf.reshape(tf.gather(grid, layout.rows), [layout.tokens, heads, width]);
}

/**
 * Float32 `[B or 1, 1, N, N]`: 1 where the query at row `i` sees the key at column `j`; causal without `visible`.
 * With it the keys of a range, the first `globalKeys` before its end, and itself.
 */
export function visibilityMask(
  { batch, length }: PaddedLayout,
  offsets: Int32Array,
  visible: Int32Array,
  globalKeys = 0,
): tf.Tensor4D {
  const count = visible.length > 0 ? batch : 1;
  const mask = new Float32Array(count * length * length);
  if (visible.length === 0) {
    for (let i = 0; i < length; i++) mask.fill(1, i * length, i * length + i + 1);
  }
  for (let b = 0; visible.length > 0 && b < batch; b++) {
    for (let i = 0; i < offsets[b + 1] - offsets[b]; i++) {
      const row = (b * length + i) * length;
      const at = 2 * (offsets[b] + i);
      mask[row + i] = 1;
      mask.fill(1, row + visible[at], row + visible[at + 1]);
      mask.fill(1, row, row + Math.min(globalKeys, visible[at + 1]));
    }
  }
  return tf.tensor4d(mask, [count, 1, length, length]);
}
