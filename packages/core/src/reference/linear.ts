/** Float64 reference of `y = x w + b`; x `[T, D]`, w `[D, E]`, b `[E]` or empty. */
export function linear(
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  b: ArrayLike<number>,
  width: number,
  outputs: number,
): Float64Array {
  const tokens = x.length / width;
  const y = new Float64Array(tokens * outputs);
  for (let t = 0; t < tokens; t++) {
    for (let e = 0; e < outputs; e++) {
      let sum = b.length > 0 ? b[e] : 0;
      for (let d = 0; d < width; d++) sum += x[t * width + d] * w[d * outputs + e];
      y[t * outputs + e] = sum;
    }
  }
  return y;
}

/** `dx = dy w^T`, `dw = x^T dy`, `db = sum_t dy`. */
export function linearGrad(
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  dy: ArrayLike<number>,
  width: number,
  outputs: number,
): { dx: Float64Array; dw: Float64Array; db: Float64Array } {
  const tokens = x.length / width;
  const dx = new Float64Array(x.length);
  const dw = new Float64Array(w.length);
  const db = new Float64Array(outputs);
  for (let t = 0; t < tokens; t++) {
    for (let e = 0; e < outputs; e++) {
      const upstream = dy[t * outputs + e];
      db[e] += upstream;
      for (let d = 0; d < width; d++) {
        dx[t * width + d] += upstream * w[d * outputs + e];
        dw[d * outputs + e] += upstream * x[t * width + d];
      }
    }
  }
  return { dx, dw, db };
}

/** A matrix of `columns` columns, its rows as columns. */
export function transposed(w: ArrayLike<number>, columns: number): Float64Array {
  const rows = w.length / columns;
  return Float64Array.from({ length: w.length }, (_, i) => w[(i % rows) * columns + Math.floor(i / rows)]);
}
