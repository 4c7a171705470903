/** Rows of a table in a byte a number: of row `i` the numbers `scales[i] q`, `q` whole in -127..127. */
export interface Int8Rows {
  /** `[n, D]`. */
  readonly values: Int8Array;
  /** `[n]`. */
  readonly scales: Float32Array;
}

/** The largest magnitude of a byte; -128 is not used, so that a row and its negative are alike. */
const MOST = 127;

/**
 * Rounds rows to bytes: `scale = max |x| / 127`, `q = round(x / scale)`. A number is off by half a scale at most, and
 * what rounding to float32 adds; a row of zeros has the scale 0.
 *
 * @param rows `[n, width]`, finite.
 */
export function toInt8Rows(rows: Float32Array, width: number): Int8Rows {
  const count = rows.length / width;
  const values = new Int8Array(rows.length);
  const scales = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    let largest = 0;
    for (let d = i * width; d < (i + 1) * width; d++) largest = Math.max(largest, Math.abs(rows[d]));
    scales[i] = largest / MOST;
    if (scales[i] === 0) continue;
    for (let d = i * width; d < (i + 1) * width; d++) {
      values[d] = Math.max(-MOST, Math.min(MOST, Math.round(rows[d] / scales[i])));
    }
  }
  return { values, scales };
}

/** The rows that a consumer makes of bytes: products rounded to float32, equal bits everywhere. */
export function fromInt8Rows({ values, scales }: Int8Rows, width: number): Float32Array {
  const rows = new Float32Array(values.length);
  for (let d = 0; d < rows.length; d++) rows[d] = values[d] * scales[Math.floor(d / width)];
  return rows;
}
