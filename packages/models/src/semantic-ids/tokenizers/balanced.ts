import { type Rows, squaredDistance } from '../vectors/rows.ts';
import type { Nearest } from './nearest.ts';

/**
 * Codes of which none has more than `capacity` rows. Rows choose in turn, the one that would lose most by its second
 * choice first; a row whose choices are full takes the nearest that is not.
 */
export async function balanced(rows: Rows, centroids: Rows, capacity: number): Promise<Nearest> {
  const { count } = rows;
  const squares = new Float64Array(count * centroids.count);
  const regrets = new Float64Array(count);
  for (let r = 0; r < count; r++) {
    let [first, second] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let k = 0; k < centroids.count; k++) {
      const square = squaredDistance(rows, r, centroids, k);
      squares[r * centroids.count + k] = square;
      if (square < first) [first, second] = [square, first];
      else if (square < second) second = square;
    }
    regrets[r] = centroids.count === 1 ? 0 : second - first;
  }
  const order = Int32Array.from({ length: count }, (_, r) => r).sort((a, b) => regrets[b] - regrets[a] || a - b);
  const sizes = new Int32Array(centroids.count);
  const codes = new Int32Array(count);
  const own = new Float64Array(count);
  for (const r of order) {
    own[r] = Number.POSITIVE_INFINITY;
    for (let k = 0; k < centroids.count; k++) {
      const square = squares[r * centroids.count + k];
      if (sizes[k] < capacity && square < own[r]) {
        own[r] = square;
        codes[r] = k;
      }
    }
    sizes[codes[r]]++;
  }
  return { codes, squares: own };
}
