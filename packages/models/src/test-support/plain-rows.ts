import type { EncodedColumn } from '@seqrec/data';
import type { DrawnHistory } from './drawn-history.ts';

/** Weights of a model of rows by name, float64, row-major with their shapes. */
export type Weights = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float64Array }>;

export type Vector = number[];

export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const relu = (x: number): number => Math.max(x, 0);

/** Row `i` of a matrix, or matrix `i` of a stack, flat. */
export function row(weights: Weights, name: string, i: number): Vector {
  const { shape, data } = weights.get(name)!;
  const width = data.length / shape[0];
  return Array.from(data.subarray(i * width, (i + 1) * width));
}

export const all = (weights: Weights, name: string): Vector => Array.from(weights.get(name)!.data);

/** `W x` of a flat matrix with `x.length` columns. */
export function times(matrix: Vector, x: Vector): Vector {
  return range(matrix.length / x.length).map((o) => x.reduce((s, v, i) => s + matrix[o * x.length + i] * v, 0));
}

/** `M^T x` of a flat matrix with `x.length` rows. */
export function transposedTimes(matrix: Vector, x: Vector): Vector {
  const columns = matrix.length / x.length;
  return range(columns).map((c) => x.reduce((s, v, i) => s + matrix[i * columns + c] * v, 0));
}

export const plus = (a: Vector, b: Vector): Vector => a.map((x, i) => x + b[i]);
export const affine = (w: Weights, name: string, x: Vector): Vector =>
  plus(times(all(w, `${name}.weight`), x), all(w, `${name}.bias`));

/** The vector of example `b` in one field. */
export function plainField(
  w: Weights,
  name: string,
  column: EncodedColumn,
  b: number,
  pooling: 'mean' | 'sum',
): Vector {
  if (column.kind === 'row') return row(w, name, column.values[b]);
  const width = w.get(name)!.shape[1];
  const out = new Array<number>(width).fill(0);
  if (column.kind === 'number') {
    for (let k = 0; k < column.width; k++)
      row(w, name, k).forEach((x, d) => {
        out[d] += column.values[b * column.width + k] * x;
      });
    return out;
  }
  const l = column.lists?.[b] ?? b;
  const [begin, end] = [column.offsets[l], column.offsets[l + 1]];
  for (let n = begin; n < end; n++)
    row(w, name, column.values[n]).forEach((x, d) => {
      out[d] += pooling === 'sum' ? x : x / (end - begin);
    });
  return out;
}

/** The values of the fields of some examples. */
export interface PlainRows {
  readonly names: readonly string[];
  readonly columns: readonly EncodedColumn[];
  readonly rows: number;
  /** Of models that read one. */
  readonly history?: DrawnHistory;
}

export function plainVectors(w: Weights, rows: PlainRows, b: number, prefix = 'fields'): Vector[] {
  return rows.names.map((name, f) => plainField(w, `${prefix}.${name}.weight`, rows.columns[f], b, 'mean'));
}

/** Hidden layers, then a linear one where there is one more. */
export function plainHidden(
  w: Weights,
  name: string,
  x: Vector,
  hidden: number,
  activation: (x: number) => number = relu,
): Vector {
  let rows = x;
  for (let i = 0; w.has(`${name}.${i}.weight`); i++) {
    rows = affine(w, `${name}.${i}`, rows);
    if (i < hidden) rows = rows.map(activation);
  }
  return rows;
}
