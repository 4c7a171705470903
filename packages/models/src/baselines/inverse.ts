import { randomWords, streamKey } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { EvaluationError } from '../errors.ts';
import { yieldToEventLoop } from '../train/yield.ts';

/** Side of a block: one fits the second-level cache beside its product, and inverting one in float64 takes no time. */
const BLOCK = 512;
const PROBES = 4;

export interface InverseOptions {
  /** `N`. */
  readonly size: number;
  /** Writes columns `0..row` of a row; what lies beyond is not read. `out` is zero. */
  readonly writeRow: (row: number, out: Float32Array) => void;
  /** Side of a block, default 512; a test passes a smaller one. */
  readonly block?: number;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** Bytes that {@link inverseOfPositiveDefinite} has in use at its peak, what it returns included. */
export function inverseBytes(size: number, block = BLOCK): number {
  const side = block * Math.ceil(size / block);
  // Half the matrix in blocks, a column of blocks twice, and the whole of it as an array.
  return 4 * (side * (side + block)) * 0.5 + 4 * 3 * side * block + 4 * size * size;
}

/**
 * Inverse of a symmetric positive definite matrix `[N, N]`, in float32, as a row-major array; `N^3` operations.
 *
 * Blocks on and below the diagonal are swept one after another: with `D` the inverse of the diagonal block `k`, found
 * by Cholesky in float64, `A_ij -= A_ik D A_kj`, `A_ik := A_ik D`, `A_kk := -D`. After all sweeps `-A` is the
 * inverse. Products run on the current backend.
 *
 * Source: Goodnight 1979, "A tutorial on the SWEEP operator", with blocks in place of pivots.
 * @throws EvaluationError when the matrix is not positive definite.
 */
export async function inverseOfPositiveDefinite(options: InverseOptions): Promise<Float32Array> {
  const { size, block = BLOCK, onProgress } = options;
  const count = Math.ceil(size / block);
  const side = (i: number): number => Math.min(block, size - i * block);
  const blocks = load(options, block);
  try {
    for (let k = 0; k < count; k++) {
      const pivot = invertBlock(await blocks[k][k].data<'float32'>(), side(k), k * block);
      tf.tidy(() => sweep(blocks, k, tf.tensor2d(pivot, [side(k), side(k)])));
      onProgress?.({ done: k + 1, total: count });
      await yieldToEventLoop();
    }
    return await gather(blocks, size, block);
  } finally {
    tf.dispose(blocks);
  }
}

/**
 * Relative error of an inverse: root mean square of `A M v - v` over vectors `v` of signs, the
 * worst of four, in float64.
 *
 * @param times multiplies a vector with the matrix itself, `A`.
 */
export function inverseError(
  inverse: Float32Array,
  size: number,
  times: (vector: Float64Array) => Float64Array,
): number {
  let worst = 0;
  for (let probe = 0; probe < PROBES; probe++) {
    const words = randomWords(streamKey(0, 'inverse-probe'), probe, size);
    const signs = Float64Array.from(words, (word) => ((word & 1) === 1 ? 1 : -1));
    const product = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let j = 0; j < size; j++) sum += inverse[i * size + j] * signs[j];
      product[i] = sum;
    }
    const back = times(product);
    let squares = 0;
    for (let i = 0; i < size; i++) squares += (back[i] - signs[i]) ** 2;
    const error = Math.sqrt(squares / size);
    // Not a number is the worst of all.
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

/** Blocks `[i][j]` with `j <= i`. */
function load({ size, writeRow }: InverseOptions, block: number): tf.Tensor2D[][] {
  const blocks: tf.Tensor2D[][] = [];
  const row = new Float32Array(size);
  for (let top = 0; top < size; top += block) {
    const height = Math.min(block, size - top);
    const parts = Array.from(
      { length: top / block + 1 },
      (_, j) => new Float32Array(height * Math.min(block, size - j * block)),
    );
    for (let r = 0; r < height; r++) {
      row.fill(0);
      writeRow(top + r, row);
      for (const [j, part] of parts.entries()) {
        const width = part.length / height;
        part.set(row.subarray(j * block, j * block + width), r * width);
      }
    }
    // Above the diagonal of the diagonal block stands its mirror image.
    const own = parts[parts.length - 1];
    for (let r = 0; r < height; r++) for (let c = r + 1; c < height; c++) own[r * height + c] = own[c * height + r];
    blocks.push(parts.map((part) => tf.tensor2d(part, [height, part.length / height])));
  }
  return blocks;
}

/** One block's sweep; old blocks are disposed, new ones kept. */
function sweep(blocks: tf.Tensor2D[][], k: number, pivot: tf.Tensor2D): void {
  const count = blocks.length;
  const replace = (i: number, j: number, value: tf.Tensor2D): void => {
    blocks[i][j].dispose();
    blocks[i][j] = tf.keep(value);
  };
  /** `A_ik D`: block column `k` from below the diagonal, or from the row of the pivot, turned. */
  const scaled = Array.from({ length: count }, (_, i) =>
    i === k
      ? undefined
      : i > k
        ? tf.matMul<tf.Tensor2D>(blocks[i][k], pivot)
        : tf.matMul<tf.Tensor2D>(blocks[k][i], pivot, true),
  );
  for (let i = 0; i < count; i++) {
    const left = scaled[i];
    if (left === undefined) continue;
    for (let j = 0; j <= i; j++) {
      if (j === k) continue;
      const next = tf.tidy(() => {
        const product = j > k ? tf.matMul(left, blocks[j][k], false, true) : tf.matMul(left, blocks[k][j]);
        return tf.sub(blocks[i][j], product) as tf.Tensor2D;
      });
      replace(i, j, next);
    }
  }
  for (let i = 0; i < count; i++) {
    const left = scaled[i];
    if (left === undefined) continue;
    if (i > k) replace(i, k, tf.clone(left));
    else replace(k, i, tf.transpose<tf.Tensor2D>(left));
  }
  replace(k, k, tf.neg(pivot) as tf.Tensor2D);
}

/** The inverse as one array; blocks are given back as they are copied. */
async function gather(blocks: readonly tf.Tensor2D[][], size: number, block: number): Promise<Float32Array> {
  const out = new Float32Array(size * size);
  for (const [i, row] of blocks.entries()) {
    for (const [j, each] of row.entries()) {
      const [height, width] = each.shape;
      const values = await each.data<'float32'>();
      each.dispose();
      for (let r = 0; r < height; r++) {
        const at = (i * block + r) * size + j * block;
        for (let c = 0; c < width; c++) out[at + c] = -values[r * width + c];
        if (i === j) continue;
        for (let c = 0; c < width; c++) out[(j * block + c) * size + i * block + r] = -values[r * width + c];
      }
    }
  }
  return out;
}

/** Inverse of a small positive definite matrix by Cholesky in float64. */
function invertBlock(values: Float32Array, n: number, first: number): Float32Array {
  const a = Float64Array.from(values);
  // a := L, row by row.
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j];
      for (let t = 0; t < j; t++) sum -= a[i * n + t] * a[j * n + t];
      if (i > j) a[i * n + j] = sum / a[j * n + j];
      else if (sum > 0) a[i * n + i] = Math.sqrt(sum);
      else
        throw new EvaluationError(
          `inverse: expected a positive definite matrix; got a pivot of ${sum} in row ${first + i}; use a larger lambda`,
        );
    }
  }
  // m := L^-1 turned, so that rows are walked in what follows: m[c, i] is entry (i, c).
  const m = new Float64Array(n * n);
  for (let c = 0; c < n; c++) {
    m[c * n + c] = 1 / a[c * n + c];
    for (let i = c + 1; i < n; i++) {
      let sum = 0;
      for (let t = c; t < i; t++) sum -= a[i * n + t] * m[c * n + t];
      m[c * n + i] = sum / a[i * n + i];
    }
  }
  const out = new Float32Array(n * n);
  for (let r = 0; r < n; r++) {
    for (let c = 0; c <= r; c++) {
      let sum = 0;
      for (let t = r; t < n; t++) sum += m[r * n + t] * m[c * n + t];
      out[r * n + c] = out[c * n + r] = sum;
    }
  }
  return out;
}
