/** Dense rows, row-major, in float64: arithmetic in JavaScript alone, so that they are the same on every machine. */
export interface Rows {
  readonly count: number;
  readonly width: number;
  /** shape `[count, width]` */
  readonly values: Float64Array;
}

/** Every row of length 1; rows of zeros, and those that have it but for roundings of float64, stay bit for bit. */
export function unitRows({ count, width, values }: Rows): Rows {
  const unit = values.slice();
  for (let r = 0; r < count; r++) {
    const row = unit.subarray(r * width, (r + 1) * width);
    const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
    if (length > 0 && Math.abs(length - 1) > 1e-12) for (let j = 0; j < width; j++) row[j] /= length;
  }
  return { count, width, values: unit };
}

/**
 * A column that deviates from its mean by less than this part of its root mean square is constant. Files have float32,
 * whose rounding is `2^-24` of a value: what a column of one value deviates by after sums or scaling is some of that,
 * and would be a column like any other if its variance were made 1.
 */
const ROUNDING = 2 ** -20;

/** Mean of each column, and what makes its variance 1 (of a constant one: 1); `[2, width]`. */
export function columnMoments({ count, width, values }: Rows): Rows {
  const moments = new Float64Array(2 * width);
  for (let j = 0; j < width; j++) {
    let mean = 0;
    for (let r = 0; r < count; r++) mean += values[r * width + j] / count;
    let variance = 0;
    for (let r = 0; r < count; r++) variance += (values[r * width + j] - mean) ** 2 / count;
    moments[j] = mean;
    const isConstant = variance <= ROUNDING ** 2 * (variance + mean ** 2);
    moments[width + j] = isConstant ? 1 : 1 / Math.sqrt(variance);
  }
  return { count: 2, width, values: moments };
}

/** Columns by their {@link columnMoments}. */
export function standardColumns({ count, width, values }: Rows, { values: moments }: Rows): Rows {
  const standard = values.map((value, e) => (value - moments[e % width]) * moments[width + (e % width)]);
  return { count, width, values: standard };
}

/** Rows of both, side by side. */
export function beside(a: Rows, b: Rows): Rows {
  const width = a.width + b.width;
  const values = new Float64Array(a.count * width);
  for (let r = 0; r < a.count; r++) {
    values.set(a.values.subarray(r * a.width, (r + 1) * a.width), r * width);
    values.set(b.values.subarray(r * b.width, (r + 1) * b.width), r * width + a.width);
  }
  return { count: a.count, width, values };
}

/** Columns `from .. past - 1`. */
export function columnsOf({ count, width, values }: Rows, from: number, past: number): Rows {
  const own = new Float64Array(count * (past - from));
  for (let r = 0; r < count; r++) own.set(values.subarray(r * width + from, r * width + past), r * (past - from));
  return { count, width: past - from, values: own };
}

/** Rows at some places. */
export function rowsAt({ width, values }: Rows, places: ArrayLike<number>): Rows {
  const own = new Float64Array(places.length * width);
  for (let i = 0; i < places.length; i++)
    own.set(values.subarray(places[i] * width, (places[i] + 1) * width), i * width);
  return { count: places.length, width, values: own };
}

/** Every number as a file has it, a float32: what was fitted and what is read back are the same. */
export function asStored({ values, ...rows }: Rows): Rows {
  return { ...rows, values: Float64Array.from(values, Math.fround) };
}

/** `|a_row - b_other|^2`. */
export function squaredDistance(a: Rows, row: number, b: Rows, other: number): number {
  const { width } = a;
  let sum = 0;
  for (let j = 0, p = row * width, q = other * width; j < width; j++) sum += (a.values[p + j] - b.values[q + j]) ** 2;
  return sum;
}

/** `|x|^2` of each row. */
export function squaredLengths({ count, width, values }: Rows): Float64Array {
  return Float64Array.from({ length: count }, (_, r) => {
    let sum = 0;
    for (let j = r * width; j < (r + 1) * width; j++) sum += values[j] ** 2;
    return sum;
  });
}
