// Products of tall float64 matrices on the host. Each sum is taken in the order of a plain loop, so that its bits are
// those of one; four terms at a time, so that it is read and written a fourth as often.

/** `X F`, `[rows, columns]`, of `X [rows, inner]` and `F [inner, columns]`, row-major. */
export function rowsTimes(
  x: Float64Array,
  f: Float64Array,
  { rows, inner, columns }: { readonly rows: number; readonly inner: number; readonly columns: number },
): Float64Array {
  const out = new Float64Array(rows * columns);
  const even = rows - (rows % 2);
  const fours = inner - (inner % 4);
  // Two rows share what is read of F.
  for (let r = 0; r < even; r += 2) {
    const [to, at] = [r * columns, r * inner];
    const [to2, at2] = [to + columns, at + inner];
    for (let i = 0; i < fours; i += 4) {
      const [a0, a1, a2, a3] = [x[at + i], x[at + i + 1], x[at + i + 2], x[at + i + 3]];
      const [b0, b1, b2, b3] = [x[at2 + i], x[at2 + i + 1], x[at2 + i + 2], x[at2 + i + 3]];
      const f0 = i * columns;
      const [f1, f2, f3] = [f0 + columns, f0 + 2 * columns, f0 + 3 * columns];
      for (let j = 0; j < columns; j++) {
        const p = f[f0 + j];
        const q = f[f1 + j];
        const s = f[f2 + j];
        const t = f[f3 + j];
        out[to + j] = out[to + j] + a0 * p + a1 * q + a2 * s + a3 * t;
        out[to2 + j] = out[to2 + j] + b0 * p + b1 * q + b2 * s + b3 * t;
      }
    }
  }
  for (let r = 0; r < rows; r++) {
    for (let i = r < even ? fours : 0; i < inner; i++) {
      const value = x[r * inner + i];
      for (let j = 0; j < columns; j++) out[r * columns + j] += value * f[i * columns + j];
    }
  }
  return out;
}

/** The upper triangle of `X^T X`, `[columns, columns]`, of `X [rows, columns]`; zeros below. */
export function upperGram(x: Float64Array, rows: number, columns: number): Float64Array {
  const sums = new Float64Array(columns * columns);
  const fours = rows - (rows % 4);
  for (let r = 0; r < fours; r += 4) {
    const r0 = r * columns;
    const [r1, r2, r3] = [r0 + columns, r0 + 2 * columns, r0 + 3 * columns];
    for (let i = 0; i < columns; i++) {
      const [a, b, c, d] = [x[r0 + i], x[r1 + i], x[r2 + i], x[r3 + i]];
      const to = i * columns;
      for (let j = i; j < columns; j++)
        sums[to + j] = sums[to + j] + a * x[r0 + j] + b * x[r1 + j] + c * x[r2 + j] + d * x[r3 + j];
    }
  }
  for (let r = fours; r < rows; r++) {
    const at = r * columns;
    for (let i = 0; i < columns; i++) for (let j = i; j < columns; j++) sums[i * columns + j] += x[at + i] * x[at + j];
  }
  return sums;
}
