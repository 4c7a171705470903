import { integers, streamKey } from '@seqrec/core';
import { mean, quantileSeq } from 'mathjs';

/** A measured value at a positive `x`; points of one group are not independent (one training passed through them). */
export interface Sample {
  readonly x: number;
  readonly y: number;
  readonly group: string;
}

/** `log`: `y = a + b ln x`. `power`: `y = a + b x^-c`, `c > 0`. */
export type Law = 'log' | 'power';

export interface Coefficients {
  readonly a: number;
  readonly b: number;
  /** Only of the power law. */
  readonly c?: number;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Fit extends Coefficients {
  readonly law: Law;
  /** 95 % bootstrap percentile intervals; absent where too few resamples determine the law. */
  readonly intervals?: Readonly<Record<'a' | 'b' | 'c', Interval | undefined>>;
  /** Share of the variance explained. */
  readonly r2: number;
  /** Root mean square of the residuals. */
  readonly rmse: number;
  /** `y` minus the law, sample by sample. */
  readonly residuals: readonly number[];
}

/** Exponents tried; a finer search follows around the best. */
const C_RANGE = [0.01, 4] as const;
const GRID = 60;

/** Whether an exponent lies within a step of the grid of an end of the range: then it is not told from beyond it. */
export function isAtEnd(c: number): boolean {
  const step = (C_RANGE[1] / C_RANGE[0]) ** (1 / GRID);
  return c <= C_RANGE[0] * step || c >= C_RANGE[1] / step;
}

/** The value of a law at `x`. */
export function valueAt({ a, b, c }: Coefficients, x: number): number {
  return a + b * (c === undefined ? Math.log(x) : x ** -c);
}

/** Distinct values of `x` that a law needs: one more than its coefficients, for a residual to mean anything. */
export function pointsNeeded(law: Law): number {
  return law === 'log' ? 3 : 4;
}

/**
 * Least squares. For a given `c` the power law is linear in `a` and `b`, so only `c` is searched (variable projection):
 * a logarithmic grid, then golden sections around its best point.
 *
 * `undefined` for fewer than {@link pointsNeeded} distinct `x`.
 */
export function fitLaw(law: Law, samples: readonly Sample[]): Omit<Fit, 'intervals'> | undefined {
  if (new Set(samples.map(({ x }) => x)).size < pointsNeeded(law)) return undefined;
  const coefficients = law === 'log' ? linear(samples, Math.log) : power(samples);
  const residuals = samples.map(({ x, y }) => y - valueAt(coefficients, x));
  const center = mean(samples.map(({ y }) => y)) as number;
  const unexplained = sumOfSquares(residuals);
  const total = sumOfSquares(samples.map(({ y }) => y - center));
  // Equal values differ from their mean by what it is rounded.
  const isConstant = total <= samples.length * (4 * Number.EPSILON * center) ** 2;
  return {
    law,
    ...coefficients,
    r2: isConstant ? 1 : 1 - unexplained / total,
    rmse: Math.sqrt(unexplained / samples.length),
    residuals,
  };
}

/**
 * A fit with bootstrap intervals: groups, not points, are drawn with replacement, since the points of a group stand and
 * fall together. `select` chooses what a resample is fitted to, for example its frontier.
 */
export function fitWithIntervals<S extends Sample>(
  law: Law,
  samples: readonly S[],
  options: {
    readonly select?: (samples: readonly S[]) => readonly Sample[];
    readonly resamples?: number;
    readonly seed?: number;
  } = {},
): Fit | undefined {
  const { select = (all) => all, resamples = 1000, seed = 0 } = options;
  const fit = fitLaw(law, select(samples));
  if (fit === undefined) return undefined;
  const groups = [...Map.groupBy(samples, ({ group }) => group).values()];
  const key = streamKey(seed, 'bootstrap');
  const drawn: Coefficients[] = [];
  for (let i = 0; i < resamples; i++) {
    const picks = integers(key, i, groups.length, 0, groups.length);
    const again = fitLaw(law, select([...picks].flatMap((pick) => groups[pick])));
    if (again !== undefined) drawn.push(again);
  }
  // One group, or resamples that mostly leave too little to fit, say nothing about the spread.
  if (groups.length < 3 || drawn.length < resamples / 2) return fit;
  const interval = (key: 'a' | 'b' | 'c'): Interval | undefined => {
    const values = drawn.flatMap((each) => each[key] ?? []);
    if (values.length === 0) return undefined;
    // Sorted here: mathjs would select around random pivots, and differ in the last digit from run to run.
    values.sort((x, y) => x - y);
    const [low, high] = quantileSeq(values, [0.025, 0.975], true) as number[];
    return { low, high };
  };
  return { ...fit, intervals: { a: interval('a'), b: interval('b'), c: interval('c') } };
}

/** Least squares of `y = a + b f(x)` with `f` centred. */
function linear(samples: readonly Sample[], f: (x: number) => number): Coefficients {
  const values = samples.map(({ x }) => f(x));
  const center = mean(values) as number;
  const n = samples.length;
  const squares = sumOfSquares(values.map((value) => value - center));
  const products = samples.reduce((sum, { y }, i) => sum + (values[i] - center) * y, 0);
  const total = samples.reduce((sum, { y }) => sum + y, 0);
  const b = products / squares;
  return { a: total / n - b * center, b };
}

function power(samples: readonly Sample[]): Coefficients {
  // In units of the smallest x: x^-c of 1e12 would lose every digit of b.
  const unit = Math.min(...samples.map(({ x }) => x));
  const at = (logC: number): Coefficients & { readonly error: number } => {
    const c = Math.exp(logC);
    const { a, b } = linear(samples, (x) => (x / unit) ** -c);
    const error = sumOfSquares(samples.map(({ x, y }) => y - a - b * (x / unit) ** -c));
    return { a, b, c, error };
  };
  const [low, high] = C_RANGE.map(Math.log);
  const step = (high - low) / GRID;
  const grid = Array.from({ length: GRID + 1 }, (_, i) => low + i * step);
  const best = grid.reduce((least, each) => (at(each).error < at(least).error ? each : least));
  const {
    a,
    b,
    c = 1,
  } = at(goldenSection((logC) => at(logC).error, Math.max(low, best - step), Math.min(high, best + step)));
  return { a, b: b * unit ** c, c };
}

function goldenSection(f: (x: number) => number, from: number, to: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [from, to];
  for (let i = 0; i < 40; i++) {
    const left = high - ratio * (high - low);
    const right = low + ratio * (high - low);
    if (f(left) <= f(right)) high = right;
    else low = left;
  }
  return (low + high) / 2;
}

function sumOfSquares(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}
