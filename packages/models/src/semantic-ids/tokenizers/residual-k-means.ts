import { asStored, type Rows, squaredDistance, squaredLengths, unitRows } from '../vectors/rows.ts';
import { balanced as inTurn } from './balanced.ts';
import { kMeans } from './k-means.ts';
import { nearest } from './nearest.ts';
import type { Codebooks, Codes, FitOptions, Fitted } from './tokenizer.ts';

export interface ResidualKMeansOptions {
  readonly levels: number;
  /** `K`. */
  readonly codes: number;
  /** Lloyd steps at most. */
  readonly steps: number;
  /** Every level's rows are divided by their length first, as GRID does. */
  readonly normalize: boolean;
  /** At most `ceil(N / K)` rows a code. */
  readonly balanced: boolean;
  /** Of each level the rows that are its first centroids; default k-means++. */
  readonly starts?: readonly (readonly number[])[];
}

/**
 * RQ-k-means: `R_0 = X`; level `l` is k-means of `R_l` (`normalize`: of `R_l / |R_l|`, `R_l` from then on),
 * `c_l = argmin_k |R_l - E_l[k]|^2`, `R_{l+1} = R_l - E_l[c_l]`. Of equal distances the lowest code.
 */
export async function fitResidualKMeans(
  vectors: Rows,
  { levels, codes: size, steps, normalize, balanced, starts }: ResidualKMeansOptions,
  { seed, onProgress }: FitOptions,
): Promise<Fitted> {
  const values = new Int32Array(vectors.count * levels);
  const books: Rows[] = [];
  const energies: number[] = [];
  const whole = energy(vectors);
  let residual = vectors;
  for (let level = 0; level < levels; level++) {
    const rows = normalize ? unitRows(residual) : residual;
    const { centroids } = await kMeans(rows, {
      ...{ codes: size, steps, seed, stream: `level ${level}`, balanced, starts: starts?.[level] },
    });
    const book = asStored(centroids);
    const { codes } = balanced ? await inTurn(rows, book, Math.ceil(rows.count / size)) : await nearest(rows, book);
    books.push(book);
    for (let r = 0; r < vectors.count; r++) values[r * levels + level] = codes[r];
    residual = without(rows, book, codes);
    energies.push(whole > 0 ? energy(residual) / whole : 0);
    onProgress?.({ done: level + 1, total: levels });
  }
  const sizes = new Array<number>(levels).fill(size);
  return {
    codebooks: residualCodebooks(books, normalize),
    codes: { count: vectors.count, sizes, values },
    // After a level that divides rows by their length, energies are not of one scale.
    ...(!normalize && { residualEnergy: energies }),
  };
}

/** The codebooks of {@link fitResidualKMeans}, one a level. */
export function residualCodebooks(books: readonly Rows[], normalize: boolean): Codebooks {
  const levels = books.length;
  const sizes = books.map(({ count }) => count);
  return {
    sizes,
    tensors: new Map(books.map((book, level) => [`codebook.${level}`, book])),
    async encode(vectors) {
      const values = new Int32Array(vectors.count * levels);
      let residual = vectors;
      for (const [level, book] of books.entries()) {
        const rows = normalize ? unitRows(residual) : residual;
        const { codes } = await nearest(rows, book);
        for (let r = 0; r < vectors.count; r++) values[r * levels + level] = codes[r];
        residual = without(rows, book, codes);
      }
      return { count: vectors.count, sizes, values };
    },
    ...(!normalize && { decode: (codes: Codes) => sumOfBooks(books, codes) }),
    lastDistances(vectors, { values }) {
      let rows = normalize ? unitRows(vectors) : vectors;
      for (const [level, book] of books.slice(0, -1).entries()) {
        const codes = Int32Array.from({ length: vectors.count }, (_, r) => values[r * levels + level]);
        const rest = without(rows, book, codes);
        rows = normalize ? unitRows(rest) : rest;
      }
      const last = books[levels - 1];
      return (row) => Float64Array.from({ length: last.count }, (_, k) => squaredDistance(rows, row, last, k));
    },
  };
}

function sumOfBooks(books: readonly Rows[], { count, values }: Codes): Rows {
  const { width } = books[0];
  const sums = new Float64Array(count * width);
  for (let r = 0; r < count; r++) {
    for (const [level, book] of books.entries()) {
      const from = values[r * books.length + level] * width;
      for (let j = 0; j < width; j++) sums[r * width + j] += book.values[from + j];
    }
  }
  return { count, width, values: sums };
}

/** What a level leaves: rows less what stands for them. */
export function without({ count, width, values }: Rows, book: Rows, codes: Int32Array): Rows {
  const rest = new Float64Array(count * width);
  for (let r = 0; r < count; r++) {
    const from = codes[r] * width;
    for (let j = 0; j < width; j++) rest[r * width + j] = values[r * width + j] - book.values[from + j];
  }
  return { count, width, values: rest };
}

const energy = (rows: Rows): number => squaredLengths(rows).reduce((sum, square) => sum + square, 0);
