import { asStored, type Rows, rowsAt, squaredDistance } from '../vectors/rows.ts';
import { kMeans } from './k-means.ts';
import { nearest } from './nearest.ts';
import type { Codebooks, Codes, FitOptions, Fitted } from './tokenizer.ts';

export interface HierarchicalOptions {
  readonly levels: number;
  /** Clusters that a cluster is cut into, at most. */
  readonly codes: number;
  readonly steps: number;
}

/** The clusters of one depth: those of a parent lie side by side. */
interface Depth {
  readonly centroids: Rows;
  /** First centroid of each parent, and their number; shape `[parents + 1]`. */
  readonly first: Int32Array;
}

/**
 * Hierarchical k-means: level `l` cuts each cluster of the level before into at most `codes` of its own. A cluster of
 * fewer rows than codes is cut into as many as it has rows.
 */
export async function fitHierarchical(
  vectors: Rows,
  { levels, codes: size, steps }: HierarchicalOptions,
  { seed, onProgress }: FitOptions,
): Promise<Fitted> {
  const depths: Depth[] = [];
  let members: Int32Array[] = [Int32Array.from({ length: vectors.count }, (_, r) => r)];
  for (let level = 0; level < levels; level++) {
    const books: Rows[] = [];
    const children: Int32Array[] = [];
    for (const [parent, rows] of members.entries()) {
      const own = rowsAt(vectors, rows);
      const codes = Math.max(1, Math.min(size, own.count));
      const stream = `level ${level} cluster ${parent}`;
      const book = asStored((await kMeans(own, { codes, steps, seed, stream })).centroids);
      const { codes: of } = await nearest(own, book);
      books.push(book);
      for (let k = 0; k < codes; k++) children.push(rows.filter((_, i) => of[i] === k));
      if (members.length > 1) onProgress?.({ done: level + (parent + 1) / members.length, total: levels });
    }
    // A cluster that nobody is in has no children, and keeps its place with one centroid.
    members = children.map((rows) => (rows.length > 0 ? rows : Int32Array.of(0)));
    depths.push(joined(books));
    onProgress?.({ done: level + 1, total: levels });
  }
  const codebooks = codebooksOf(depths, size);
  return { codebooks, codes: await codebooks.encode!(vectors) };
}

function joined(books: readonly Rows[]): Depth {
  const first = new Int32Array(books.length + 1);
  for (const [parent, { count }] of books.entries()) first[parent + 1] = first[parent] + count;
  const { width } = books[0];
  const values = new Float64Array(first[books.length] * width);
  for (const [parent, book] of books.entries()) values.set(book.values, first[parent] * width);
  return { first, centroids: { count: first[books.length], width, values } };
}

/** From the tensors of {@link fitHierarchical}. */
export function hierarchicalCodebooks(tensors: ReadonlyMap<string, Rows>, sizes: readonly number[]): Codebooks {
  const depths = sizes.map((_, level) => ({
    centroids: tensors.get(`centroids.${level}`)!,
    first: Int32Array.from(tensors.get(`first.${level}`)!.values),
  }));
  return codebooksOf(depths, sizes[0]);
}

function codebooksOf(depths: readonly Depth[], size: number): Codebooks {
  const levels = depths.length;
  const sizes = new Array<number>(levels).fill(size);
  /** Number of the cluster of a row after so many levels, among all of its depth. */
  const clusterOf = (codes: Int32Array, row: number, level: number): number => {
    let cluster = 0;
    for (let l = 0; l < level; l++) cluster = depths[l].first[cluster] + codes[row * levels + l];
    return cluster;
  };
  const tensors = new Map<string, Rows>();
  for (const [level, { centroids, first }] of depths.entries()) {
    tensors.set(`centroids.${level}`, centroids);
    tensors.set(`first.${level}`, { count: first.length, width: 1, values: Float64Array.from(first) });
  }
  const childrenOf = ({ centroids, first }: Depth, parent: number): Rows => ({
    count: first[parent + 1] - first[parent],
    width: centroids.width,
    values: centroids.values.subarray(first[parent] * centroids.width, first[parent + 1] * centroids.width),
  });
  return {
    sizes,
    tensors,
    async encode(vectors) {
      const values = new Int32Array(vectors.count * levels);
      for (const [level, depth] of depths.entries()) {
        const byParent = Map.groupBy(
          Array.from({ length: vectors.count }, (_, r) => r),
          (r) => clusterOf(values, r, level),
        );
        for (const [parent, rows] of byParent) {
          const { codes } = await nearest(rowsAt(vectors, rows), childrenOf(depth, parent));
          for (const [i, r] of rows.entries()) values[r * levels + level] = codes[i];
        }
      }
      return { count: vectors.count, sizes, values };
    },
    decode({ count, values }: Codes) {
      const { centroids } = depths[levels - 1];
      return rowsAt(
        centroids,
        Array.from({ length: count }, (_, r) => clusterOf(values, r, levels)),
      );
    },
    lastDistances:
      (vectors, { values }) =>
      (row) => {
        const own = childrenOf(depths[levels - 1], clusterOf(values, row, levels - 1));
        return Float64Array.from({ length: own.count }, (_, k) => squaredDistance(vectors, row, own, k));
      },
  };
}
