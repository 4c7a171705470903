import type { EncodedColumn } from '@seqrec/data';

/** Weights of a model of rows by name, float64, row-major with their shapes. */
export type Weights = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float64Array }>;

type Vector = number[];

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const relu = (x: number): number => Math.max(x, 0);

/** Row `i` of a matrix, or matrix `i` of a stack, flat. */
function row(weights: Weights, name: string, i: number): Vector {
  const { shape, data } = weights.get(name)!;
  const width = data.length / shape[0];
  return Array.from(data.subarray(i * width, (i + 1) * width));
}

const all = (weights: Weights, name: string): Vector => Array.from(weights.get(name)!.data);

/** `W x` of a flat matrix with `x.length` columns. */
function times(matrix: Vector, x: Vector): Vector {
  return range(matrix.length / x.length).map((o) => x.reduce((s, v, i) => s + matrix[o * x.length + i] * v, 0));
}

/** `M^T x` of a flat matrix with `x.length` rows. */
function transposedTimes(matrix: Vector, x: Vector): Vector {
  const columns = matrix.length / x.length;
  return range(columns).map((c) => x.reduce((s, v, i) => s + matrix[i * columns + c] * v, 0));
}

const plus = (a: Vector, b: Vector): Vector => a.map((x, i) => x + b[i]);
const affine = (w: Weights, name: string, x: Vector): Vector =>
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
}

export function plainVectors(w: Weights, rows: PlainRows, b: number, prefix = 'fields'): Vector[] {
  return rows.names.map((name, f) => plainField(w, `${prefix}.${name}.weight`, rows.columns[f], b, 'mean'));
}

/** `b + sum_f w_f[v_f]`. */
export function plainLr(w: Weights, rows: PlainRows): number[][] {
  return range(rows.rows).map((b) =>
    rows.names.reduce(
      (sum, name, f) => plus(sum, plainField(w, `linear.${name}.weight`, rows.columns[f], b, 'sum')),
      all(w, 'linear.bias'),
    ),
  );
}

/** The products of every two vectors, one by one. */
export function plainFm(w: Weights, rows: PlainRows): number[][] {
  return plainLr(w, rows).map((linear, b) => {
    const vectors = plainVectors(w, rows, b);
    const d = vectors[0].length / linear.length;
    return linear.map((logit, label) => {
      let sum = logit;
      for (let f = 0; f < vectors.length; f++) {
        for (let g = f + 1; g < vectors.length; g++) {
          for (let i = label * d; i < (label + 1) * d; i++) sum += vectors[f][i] * vectors[g][i];
        }
      }
      return sum;
    });
  });
}

/** Hidden layers, then a linear one where there is one more. */
export function plainHidden(w: Weights, name: string, x: Vector, hidden: number): Vector {
  let rows = x;
  for (let i = 0; w.has(`${name}.${i}.weight`); i++) {
    rows = affine(w, `${name}.${i}`, rows);
    if (i < hidden) rows = rows.map(relu);
  }
  return rows;
}

export function plainMlp(w: Weights, rows: PlainRows, hidden: number): number[][] {
  return range(rows.rows).map((b) => plainHidden(w, 'deep', plainVectors(w, rows, b).flat(), hidden));
}

/** The cross network as the paper writes it: every expert by itself, its bias inside the mixture. */
export function plainCross(w: Weights, x0: Vector, layers: number): Vector {
  let x = x0;
  for (let i = 0; i < layers; i++) {
    const bias = all(w, `cross.${i}.bias`);
    let crossed: Vector;
    if (w.has(`cross.${i}.weight`)) crossed = plus(times(all(w, `cross.${i}.weight`), x), bias);
    else if (!w.has('cross.gates')) {
      crossed = plus(times(all(w, `cross.${i}.u`), times(all(w, `cross.${i}.v`), x)), bias);
    } else {
      const scores = times(all(w, 'cross.gates'), x).map(Math.exp);
      const total = scores.reduce((s, e) => s + e, 0);
      crossed = x0.map(() => 0);
      for (const [k, score] of scores.entries()) {
        const narrow = transposedTimes(row(w, `cross.${i}.v`, k), x).map(Math.tanh);
        const inner = times(row(w, `cross.${i}.c`, k), narrow).map(Math.tanh);
        const expert = plus(times(row(w, `cross.${i}.u`, k), inner), bias);
        crossed = plus(
          crossed,
          expert.map((value) => (score / total) * value),
        );
      }
    }
    x = x.map((value, d) => x0[d] * crossed[d] + value);
  }
  return x;
}

export function plainDcn(
  w: Weights,
  rows: PlainRows,
  { structure, layers, hidden }: { structure: 'parallel' | 'stacked' | 'cross'; layers: number; hidden: number },
): number[][] {
  return range(rows.rows).map((b) => {
    const x0 = plainVectors(w, rows, b).flat();
    const crossed = plainCross(w, x0, layers);
    const last = {
      cross: () => crossed,
      stacked: () => plainHidden(w, 'deep', crossed, hidden),
      parallel: () => [...crossed, ...plainHidden(w, 'deep', x0, hidden)],
    }[structure]();
    return affine(w, 'head', last);
  });
}
