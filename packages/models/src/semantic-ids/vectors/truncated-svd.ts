import { normals, streamKey } from '@seqrec/core';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { rowsTimes, upperGram } from './products.ts';
import type { Rows } from './rows.ts';
import { type Sparse, times, transposeTimes } from './sparse.ts';

export interface TruncatedSvdOptions {
  /** Singular vectors that are wanted; at most as many as the matrix has rows or columns. */
  readonly columns: number;
  readonly seed?: number;
  /** Random directions beyond them; default 20. */
  readonly oversampling?: number;
  /** Products with `A A^T` that make large singular values stand out; default 4. */
  readonly powerIterations?: number;
}

export interface TruncatedSvd {
  /** Descending; fewer than were asked for where the rank of the matrix is lower. */
  readonly singularValues: Float64Array;
  /** `U S`, `[rows, singular values]`; of each column the entry of largest magnitude is positive. */
  readonly us: Rows;
  /** `V`, `[columns, singular values]`: `A V` is `U S`, and a new row times `V` its place beside them. */
  readonly directions: Rows;
}

/** Directions whose share of the largest is below this are rounding. */
const RANK_TOLERANCE = 1e-14;

/**
 * The largest singular values of a sparse matrix and its rows in their directions, in float64 on the host: the same on
 * every machine.
 *
 * Source: Halko, Martinsson and Tropp 2011 (arXiv:0909.4061), algorithm 4.4, with bases from the eigenvectors of
 * `Y^T Y` (Stathopoulos and Wu 2002), which leave out what depends on the rest.
 */
export function truncatedSvd(a: Sparse, options: TruncatedSvdOptions): TruncatedSvd {
  const { seed = 0, oversampling = 20, powerIterations = 4 } = options;
  const columns = Math.min(options.columns, a.rows, a.columns);
  const drawn = Math.min(columns + oversampling, a.rows, a.columns);
  const words = normals(streamKey(seed, 'truncated-svd'), 0, a.columns * drawn);
  let basis = orthonormal({ count: a.rows, width: drawn, values: times(a, Float64Array.from(words), drawn) });
  for (let i = 0; i < powerIterations; i++) {
    const back = transposeTimes(a, basis.values, basis.width);
    basis = orthonormal({ ...basis, values: times(a, back, basis.width) });
  }
  // A = Q (A^T Q)^T; singular values and left vectors of it from the eigenvectors of (A^T Q)^T (A^T Q).
  const projected = { count: a.columns, width: basis.width, values: transposeTimes(a, basis.values, basis.width) };
  const { values, vectors } = eigen(gram(projected));
  const kept = values.slice(0, columns).filter((value) => value > RANK_TOLERANCE * values[0]);
  const singularValues = Float64Array.from(kept, Math.sqrt);
  const us = product(basis, vectors, singularValues.length);
  const directions = product(projected, vectors, singularValues.length);
  for (let j = 0; j < us.width; j++) {
    scaleColumn(us, j, singularValues[j]);
    scaleColumn(directions, j, 1 / singularValues[j]);
    if (isPositive(us, j)) continue;
    scaleColumn(us, j, -1);
    scaleColumn(directions, j, -1);
  }
  return { singularValues, us, directions };
}

/** An orthonormal basis of the columns; twice, as the first one loses digits. */
function orthonormal(y: Rows): Rows {
  return onePass(onePass(y));
}

function onePass(y: Rows): Rows {
  const { values, vectors } = eigen(gram(y));
  const kept = values.filter((value) => value > RANK_TOLERANCE * values[0]).length;
  const basis = product(y, vectors, kept);
  for (let r = 0; r < basis.count; r++)
    for (let j = 0; j < kept; j++) basis.values[r * kept + j] /= Math.sqrt(values[j]);
  return basis;
}

/** `X^T X`, row-major. */
function gram({ count, width, values }: Rows): Matrix {
  const sums = upperGram(values, count, width);
  return new Matrix(
    Array.from({ length: width }, (_, i) =>
      Array.from({ length: width }, (_, j) => (j < i ? sums[j * width + i] : sums[i * width + j])),
    ),
  );
}

/** Eigenvalues, descending, and the eigenvectors as columns in that order. */
function eigen(symmetric: Matrix): { readonly values: number[]; readonly vectors: Matrix } {
  if (symmetric.rows === 0) return { values: [], vectors: symmetric };
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(symmetric, { assumeSymmetric: true });
  const order = realEigenvalues.map((_, i) => i).sort((i, j) => realEigenvalues[j] - realEigenvalues[i]);
  return {
    values: order.map((i) => realEigenvalues[i]),
    vectors: eigenvectorMatrix.subMatrixColumn(order),
  };
}

/** `X` times the first `columns` columns of a matrix. */
function product({ count, width, values }: Rows, matrix: Matrix, columns: number): Rows {
  const flat = Float64Array.from({ length: width * columns }, (_, e) =>
    matrix.get(Math.floor(e / columns), e % columns),
  );
  return { count, width: columns, values: rowsTimes(values, flat, { rows: count, inner: width, columns }) };
}

function scaleColumn({ count, width, values }: Rows, j: number, by: number): void {
  for (let r = 0; r < count; r++) values[r * width + j] *= by;
}

/** Whether the entry of largest magnitude of a column, the first of several, is positive. */
function isPositive({ count, width, values }: Rows, j: number): boolean {
  let largest = 0;
  for (let r = 0; r < count; r++)
    if (Math.abs(values[r * width + j]) > Math.abs(values[largest * width + j])) largest = r;
  return values[largest * width + j] > 0;
}
