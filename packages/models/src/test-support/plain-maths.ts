// Plain float64 mathematics for the encoders written out in their `test-support/plain.ts`: arrays and loops alone.

/** A weight: its shape, and its numbers row by row. */
export interface PlainTensor {
  readonly shape: readonly number[];
  readonly data: number[];
}

/** Weights of a model by their names. */
export type Weights = Readonly<Record<string, PlainTensor>>;

/** One history and what comes after each of its events; times in seconds. */
export interface PlainSequence {
  readonly items: readonly number[];
  readonly times: readonly number[];
  readonly ratings: readonly number[];
  readonly targets: readonly number[];
  readonly targetTimes: readonly number[];
}

export interface PlainEncoding {
  /** One vector an event, not normalised. */
  readonly rows: readonly number[][];
  /** Logits of the actions of each event, where the model predicts them. */
  readonly actionLogits?: readonly number[][];
}

/** An encoder written as its formula. */
export interface PlainModel {
  /** Of a history and an item; default: cosine. */
  readonly similarity?: 'cosine' | 'dot';
  encode(weights: Weights, sequence: PlainSequence): PlainEncoding;
  /** What scores an item, not normalised. Default: its row of the table. */
  itemVector?(weights: Weights, item: number): number[];
}

export const ITEMS = '_embedding_module._item_emb.weight';
export const POSITIONS = '_input_features_preproc._pos_emb.weight';

/** How items and places enter an encoder. */
interface PlacedItems {
  readonly positionsFrom?: 'oldest' | 'newest';
  readonly inputScale?: 'sqrt-dim' | 'one';
}

/** `sqrt(D) E[item] + P[place]` of each event, places counted from the oldest or the newest; or without the factor. */
export const placedItems = (
  w: Weights,
  items: readonly number[],
  { positionsFrom, inputScale }: PlacedItems = {},
): number[][] =>
  items.map((item, j) => {
    const vector = row(w[ITEMS], item);
    const place = positionsFrom === 'newest' ? items.length - 1 - j : j;
    const factor = inputScale === 'one' ? 1 : Math.sqrt(vector.length);
    return add(scale(vector, factor), row(w[POSITIONS], place));
  });

export function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
export function dot(a: readonly number[], b: readonly number[]): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i] * b[i];
  return total;
}
export const add = (a: readonly number[], b: readonly number[]): number[] => a.map((value, i) => value + b[i]);
export const scale = (a: readonly number[], factor: number): number[] => a.map((value) => value * factor);
export const row = ({ shape, data }: PlainTensor, i: number): number[] => {
  const width = data.length / shape[0];
  return data.slice(i * width, (i + 1) * width);
};

export const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
export const silu = (z: number): number => z * sigmoid(z);
export const relu = (z: number): number => Math.max(z, 0);
export const geluTanh = (z: number): number =>
  (z / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3)));
/** `x Phi(x)`, by a series of `erf` whose terms all have one sign. */
export const geluExact = (z: number): number => (z / 2) * (1 + erf(z / Math.SQRT2));

function erf(x: number): number {
  let term = x;
  let total = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(total); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}

/** `W x + b` for a matrix `[out, in]`; of its rows from `from` on, `count` where not all. */
export function affine(
  x: readonly number[],
  w: PlainTensor,
  b?: PlainTensor,
  from = 0,
  count = w.shape[0] - from,
): number[] {
  const out: number[] = [];
  for (let o = from; o < from + count; o++) {
    let total = b === undefined ? 0 : b.data[o];
    for (let i = 0; i < x.length; i++) total += w.data[o * x.length + i] * x[i];
    out.push(total);
  }
  return out;
}

/** `x W` for a matrix `[in, out]`. */
export function inOut(x: readonly number[], { shape: [, columns], data }: PlainTensor): number[] {
  const out = new Array<number>(columns).fill(0);
  for (let i = 0; i < x.length; i++) for (let c = 0; c < columns; c++) out[c] += x[i] * data[i * columns + c];
  return out;
}

/** `(x - mean) / sqrt(variance + epsilon) * gain + bias`. */
export function layerNorm(
  x: readonly number[],
  epsilon: number,
  gain?: readonly number[],
  bias?: readonly number[],
): number[] {
  const mean = sum(x) / x.length;
  const variance = sum(x.map((value) => (value - mean) ** 2)) / x.length;
  return x.map((value, i) => ((value - mean) / Math.sqrt(variance + epsilon)) * (gain?.[i] ?? 1) + (bias?.[i] ?? 0));
}

/** `x / sqrt(mean x^2) * gain`. */
export function rootMeanSquareNorm(x: readonly number[], gain?: readonly number[]): number[] {
  const root = Math.sqrt(sum(x.map((value) => value * value)) / x.length + 1e-6);
  return x.map((value, i) => (value / root) * (gain?.[i] ?? 1));
}

export const unit = (x: readonly number[]): number[] => scale(x, 1 / Math.hypot(...x));

/** The part of a row that belongs to a head; heads lie one after another. */
export const headOf = (x: readonly number[], head: number, width: number): number[] =>
  x.slice(head * width, (head + 1) * width);

/** Turns pair `i`, `i + width / 2` by `position * 10000^(-2 i / width)`. */
export function rotated(x: readonly number[], position: number): number[] {
  const half = x.length / 2;
  return x.map((value, i) => {
    const angle = position * 10_000 ** (-(i % half) / half);
    const other = i < half ? -x[i + half] : x[i - half];
    return value * Math.cos(angle) + other * Math.sin(angle);
  });
}

/**
 * Softmax attention of one sequence, `softmax(q k / sqrt(width))` over the keys up to the query (or all of them), heads
 * side by side.
 */
export function softmaxAttention(
  q: readonly number[][],
  k: readonly number[][],
  v: readonly number[][],
  heads: number,
  sees: 'causal' | 'all' = 'causal',
): number[][] {
  const end = (i: number): number => (sees === 'all' ? k.length : i + 1);
  return q.map((query, i) =>
    Array.from({ length: heads }, (_, head) => {
      const width = query.length / heads;
      const own = headOf(query, head, width);
      const scores = k.slice(0, end(i)).map((key) => dot(own, headOf(key, head, width)) / Math.sqrt(width));
      const top = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - top));
      const total = sum(weights);
      const values = v.slice(0, end(i)).map((value) => headOf(value, head, value.length / heads));
      return values[0].map((_value, c) => sum(weights.map((weight, j) => (weight / total) * values[j][c])));
    }).flat(),
  );
}
