/** A sparse matrix, rows one after another. */
export interface Sparse {
  readonly rows: number;
  readonly columns: number;
  /** shape `[rows + 1]` */
  readonly offsets: Int32Array;
  /** Columns of the entries; shape `[entries]`. */
  readonly indices: Int32Array;
  /** shape `[entries]` */
  readonly values: Float64Array;
}

/** `A X`, `X [columns, width]` row-major; `[rows, width]`. */
export function times({ rows, offsets, indices, values }: Sparse, x: Float64Array, width: number): Float64Array {
  const y = new Float64Array(rows * width);
  for (let r = 0; r < rows; r++) {
    const to = r * width;
    for (let e = offsets[r]; e < offsets[r + 1]; e++) {
      const from = indices[e] * width;
      const value = values[e];
      for (let j = 0; j < width; j++) y[to + j] += value * x[from + j];
    }
  }
  return y;
}

/** `A^T X`, `X [rows, width]` row-major; `[columns, width]`. */
export function transposeTimes(
  { rows, columns, offsets, indices, values }: Sparse,
  x: Float64Array,
  width: number,
): Float64Array {
  const y = new Float64Array(columns * width);
  for (let r = 0; r < rows; r++) {
    const from = r * width;
    for (let e = offsets[r]; e < offsets[r + 1]; e++) {
      const to = indices[e] * width;
      const value = values[e];
      for (let j = 0; j < width; j++) y[to + j] += value * x[from + j];
    }
  }
  return y;
}
