import { integers, streamKey } from '@seqrec/core';
import type { DenseEncoder } from '../generators/dense/head.ts';

type Matrix = readonly (readonly number[])[];

/** Weights of a dense head in plain arrays; `Q` `[w, D]`, `M` `[w, d]`, `X` `[N, d]`, `T` `[N, w]`. */
export interface PlainDense {
  readonly Q: Matrix;
  readonly b: readonly number[];
  readonly M?: Matrix;
  readonly m?: readonly number[];
  readonly X?: Matrix;
  readonly T?: Matrix;
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i], 0);
const unit = (row: readonly number[]): number[] => {
  const length = Math.max(Math.hypot(...row), 1e-6);
  return row.map((x) => x / length);
};
const affine = (x: readonly number[], w: Matrix, b: readonly number[]): number[] =>
  w.map((row, o) => dot(row, x) + b[o]);

/** `q = norm(z Q + b)` of each row. */
export function plainQueries(encoded: Matrix, { Q, b }: PlainDense): number[][] {
  return encoded.map((z) => unit(affine(z, Q, b)));
}

/** `v = norm(X M + m + T)` of each item, the first one first. */
export function plainItems({ M, m, X, T }: PlainDense): number[][] {
  const count = (X ?? (T as Matrix)).length;
  return Array.from({ length: count }, (_, i) => {
    const content = X && affine(X[i], M as Matrix, m as readonly number[]);
    const own = T?.[i];
    return unit((content ?? (own as readonly number[])).map((x, d) => x + (content && own ? own[d] : 0)));
  });
}

/** `log softmax` of the scores of some items at one of them. */
export function plainLogSoftmax(
  query: readonly number[],
  items: Matrix,
  among: readonly number[],
  at: number,
  temperature: number,
) {
  const score = (i: number): number => dot(query, items[i]) / temperature;
  return score(at) - Math.log(among.reduce((sum, i) => sum + Math.exp(score(i)), 0));
}

/** Minus the sum of `log softmax` over all items, of the item after each row. */
export function plainDenseLoss(
  encoded: Matrix,
  targets: readonly number[],
  dense: PlainDense,
  { weight, temperature }: { readonly weight: number; readonly temperature: number },
): number {
  const [queries, items] = [plainQueries(encoded, dense), plainItems(dense)];
  const all = Array.from(items.keys());
  return (
    -weight * targets.reduce((sum, item, t) => sum + plainLogSoftmax(queries[t], items, all, item - 1, temperature), 0)
  );
}

/** The weights of a model's head. */
export function plainDense({ dense }: DenseEncoder): PlainDense {
  const read = (name: string): never => dense.variables.get(`dense.${name}`)?.arraySync() as never;
  return {
    ...{ Q: read('query.weight'), b: read('query.bias') },
    ...{ M: read('map.weight'), m: read('map.bias'), X: read('content'), T: read('table') },
  };
}

/** Vectors of content by chance. */
export function drawnContent(count: number, width: number) {
  const values = integers(streamKey(8, 'content'), 0, count * width, -100, 101);
  return { count, width, values: Float32Array.from(values, (value) => value / 50) };
}
