import { asStored, columnsOf, type Rows, squaredDistance } from '../vectors/rows.ts';
import { kMeans } from './k-means.ts';
import { nearest } from './nearest.ts';
import type { Codebooks, FitOptions, Fitted } from './tokenizer.ts';

export interface ProductOptions {
  /** Groups of columns; their widths differ by at most one. */
  readonly levels: number;
  readonly codes: number;
  readonly steps: number;
}

/**
 * Product quantisation: k-means of each group of neighbouring columns by itself.
 *
 * Source: Jegou et al. 2011.
 */
export async function fitProduct(
  vectors: Rows,
  { levels, codes: size, steps }: ProductOptions,
  { seed, onProgress }: FitOptions,
): Promise<Fitted> {
  const books: Rows[] = [];
  const bounds = boundsOf(vectors.width, levels);
  for (let level = 0; level < levels; level++) {
    const part = columnsOf(vectors, bounds[level], bounds[level + 1]);
    const { centroids } = await kMeans(part, { codes: size, steps, seed, stream: `group ${level}` });
    books.push(asStored(centroids));
    onProgress?.({ done: level + 1, total: levels });
  }
  const codebooks = productCodebooks(books);
  return { codebooks, codes: await codebooks.encode!(vectors) };
}

/** The codebooks of {@link fitProduct}, one a group of columns. */
export function productCodebooks(books: readonly Rows[]): Codebooks {
  const levels = books.length;
  const sizes = books.map(({ count }) => count);
  const width = books.reduce((sum, book) => sum + book.width, 0);
  const bounds = boundsOf(width, levels);
  return {
    sizes,
    tensors: new Map(books.map((book, level) => [`codebook.${level}`, book])),
    async encode(vectors) {
      const values = new Int32Array(vectors.count * levels);
      for (const [level, book] of books.entries()) {
        const { codes } = await nearest(columnsOf(vectors, bounds[level], bounds[level + 1]), book);
        for (let r = 0; r < vectors.count; r++) values[r * levels + level] = codes[r];
      }
      return { count: vectors.count, sizes, values };
    },
    decode({ count, values }) {
      const all = new Float64Array(count * width);
      for (let r = 0; r < count; r++) {
        for (const [level, book] of books.entries()) {
          const from = values[r * levels + level] * book.width;
          all.set(book.values.subarray(from, from + book.width), r * width + bounds[level]);
        }
      }
      return { count, width, values: all };
    },
    lastDistances(vectors) {
      const part = columnsOf(vectors, bounds[levels - 1], width);
      const last = books[levels - 1];
      return (row) => Float64Array.from({ length: last.count }, (_, k) => squaredDistance(part, row, last, k));
    },
  };
}

/** First column of each group, and the width. */
function boundsOf(width: number, levels: number): number[] {
  return Array.from({ length: levels + 1 }, (_, level) => Math.floor((level * width) / levels));
}
