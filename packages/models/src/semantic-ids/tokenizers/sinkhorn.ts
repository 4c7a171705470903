import { type Rows, squaredDistance } from '../vectors/rows.ts';

export interface SinkhornOptions {
  /** How soft the plan is, of distances in `[-1, 1]`: at least {@link LEAST_EPSILON}. */
  readonly epsilon: number;
  /** Scalings of rows and columns. */
  readonly iterations: number;
}

/** `exp(2 / epsilon)` is a float64 down to here. */
export const LEAST_EPSILON = 0.003;
/** Added to half of what lies between the extremes, so that equal distances can be divided by it. */
const AMPLITUDE_EPSILON = 1e-5;

/** `(d - (max + min) / 2) / ((max - min) / 2 + 1e-5)`: all distances between -1 and 1. */
export function centredDistances(distances: Float64Array): Float64Array {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const distance of distances) {
    least = Math.min(least, distance);
    most = Math.max(most, distance);
  }
  const middle = (most + least) / 2;
  const amplitude = most - middle + AMPLITUDE_EPSILON;
  return distances.map((distance) => (distance - middle) / amplitude);
}

/**
 * How much of each row goes to each column, `[rows, columns]`: of all plans whose columns are alike in weight nearly
 * the one of least distance. `Q = exp(-d / epsilon)`, then rows and columns are divided by their sums in turn; columns
 * sum to `rows / columns`, and rows nearly to 1.
 *
 * Source: Cuturi 2013 (arXiv:1306.0895).
 */
export function transportPlan(
  distances: Float64Array,
  columns: number,
  { epsilon, iterations }: SinkhornOptions,
): Float64Array {
  const rows = distances.length / columns;
  const plan = distances.map((distance) => Math.exp(-distance / epsilon));
  // Columns are divided when their rows are read next, so that each iteration passes the matrix once.
  let scale = new Float64Array(columns).fill(1);
  for (let iteration = 0; iteration < iterations; iteration++) {
    const sums = new Float64Array(columns);
    for (let at = 0; at < plan.length; at += columns) {
      let sum = 0;
      for (let k = 0; k < columns; k++) {
        plan[at + k] *= scale[k];
        sum += plan[at + k];
      }
      for (let k = 0; k < columns; k++) {
        plan[at + k] /= sum;
        sums[k] += plan[at + k];
      }
    }
    scale = sums.map((sum) => rows / columns / sum);
  }
  for (let e = 0; e < plan.length; e++) plan[e] *= scale[e % columns];
  return plan;
}

/**
 * The code of each row by the {@link transportPlan} of squared distances, of equal shares the lowest: no code has many
 * more rows than another. Of all rows together: a row's code depends on the others.
 *
 * Source: Wang et al. 2024 (LETTER, arXiv:2405.07314); the plan holds `rows * K` numbers.
 */
export function sinkhornCodes(rows: Rows, book: Rows, options: SinkhornOptions): Int32Array {
  const columns = book.count;
  const plan = transportPlan(centredDistances(squaredDistances(rows, book)), columns, options);
  return Int32Array.from({ length: rows.count }, (_, r) => {
    let best = 0;
    for (let k = 1; k < columns; k++) if (plan[r * columns + k] > plan[r * columns + best]) best = k;
    return best;
  });
}

/** `|x_r - E[k]|^2`, `[rows, K]`. */
export function squaredDistances(rows: Rows, book: Rows): Float64Array {
  const squares = new Float64Array(rows.count * book.count);
  for (let r = 0; r < rows.count; r++)
    for (let k = 0; k < book.count; k++) squares[r * book.count + k] = squaredDistance(rows, r, book, k);
  return squares;
}
