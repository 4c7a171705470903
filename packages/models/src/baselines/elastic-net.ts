/** `X^T X` by rows: what is not zero of each. */
export interface Gram {
  readonly rows: readonly { readonly items: Int32Array; readonly counts: Float64Array }[];
  readonly diagonal: Float64Array;
}

export interface ElasticNet {
  readonly l1: number;
  readonly l2: number;
  /** The largest move of a weight in a sweep after which all have settled. */
  readonly tolerance: number;
}

const MAX_SWEEPS = 1000;

/**
 * `argmin over w >= 0, w_j = 0 of |x_j - X w|^2 / 2 + l2 |w|^2 / 2 + l1 sum(w)`, by coordinate descent:
 * `w_i = max(0, r_i + G_ii w_i - l1) / (G_ii + l2)`, `r = G_j - G w` kept up to date. Sweeps over the weights above
 * zero until they have settled, then over all, until a sweep over all moves none.
 *
 * Only items with `G_ij > l1` can have a weight: all of G is at least zero and so is w, so that `r_i` is never larger.
 *
 * @returns the items with a weight above zero, ascending.
 *
 * Source: Friedman, Hastie & Tibshirani 2010, section 2.2 (covariance updates), with weights that are not negative.
 */
export function elasticNetColumn(
  { rows, diagonal }: Gram,
  column: number,
  { l1, l2, tolerance }: ElasticNet,
): (readonly [item: number, weight: number])[] {
  const own = rows[column];
  const allowed: { readonly item: number; readonly count: number }[] = [];
  for (let n = 0; n < own.items.length; n++) {
    if (own.items[n] !== column && own.counts[n] > l1) allowed.push({ item: own.items[n], count: own.counts[n] });
  }
  // Those first that would be largest alone: they explain what the others then need no weight for.
  const alone = ({ item, count }: { item: number; count: number }): number => (count - l1) / (diagonal[item] + l2);
  allowed.sort((a, b) => alone(b) - alone(a) || a.item - b.item);
  const size = allowed.length;
  const places = new Int32Array(diagonal.length).fill(-1);
  for (const [at, { item }] of allowed.entries()) places[item] = at;
  const residual = Float64Array.from(allowed, ({ count }) => count);
  const weights = new Float64Array(size);
  const compact: (Float64Array | undefined)[] = new Array(size);

  /** Row `at` of G over the allowed items alone. */
  function rowOf(at: number): Float64Array {
    const known = compact[at];
    if (known !== undefined) return known;
    const row = new Float64Array(size);
    const { items, counts } = rows[allowed[at].item];
    for (let n = 0; n < items.length; n++) {
      const place = places[items[n]];
      if (place >= 0) row[place] = counts[n];
    }
    compact[at] = row;
    return row;
  }

  const updated = (i: number, correlation: number, before: number): number => {
    const square = diagonal[allowed[i].item];
    return Math.max(0, correlation + square * before - l1) / (square + l2);
  };

  /** Sets a weight and what is left to explain. */
  function set(i: number, after: number): void {
    const move = after - weights[i];
    if (move === 0) return;
    weights[i] = after;
    const row = rowOf(i);
    for (let k = 0; k < size; k++) residual[k] -= move * row[k];
  }

  /** Sweeps over these weights until they have settled, on a copy of their part of G; then what others read. */
  function settle(over: Int32Array): void {
    const width = over.length;
    const gram = new Float64Array(width * width);
    for (let a = 0; a < width; a++) {
      const row = rowOf(over[a]);
      for (let b = 0; b < width; b++) gram[a * width + b] = row[over[b]];
    }
    const left = Float64Array.from(over, (i) => residual[i]);
    const own = Float64Array.from(over, (i) => weights[i]);
    for (let sweeps = 0, largest = Number.POSITIVE_INFINITY; sweeps < MAX_SWEEPS && largest > tolerance; sweeps++) {
      largest = 0;
      for (let a = 0; a < width; a++) {
        const after = updated(over[a], left[a], own[a]);
        const move = after - own[a];
        if (move === 0) continue;
        own[a] = after;
        for (let b = 0; b < width; b++) left[b] -= move * gram[a * width + b];
        largest = Math.max(largest, Math.abs(move));
      }
    }
    for (let a = 0; a < width; a++) set(over[a], own[a]);
  }

  const all = Int32Array.from(allowed.keys());
  for (let sweeps = 0; sweeps < MAX_SWEEPS; sweeps++) {
    let largest = 0;
    for (const i of all) {
      const before = weights[i];
      set(i, updated(i, residual[i], before));
      largest = Math.max(largest, Math.abs(weights[i] - before));
    }
    if (largest <= tolerance) break;
    settle(all.filter((i) => weights[i] > 0));
  }
  const found = allowed.flatMap(({ item }, i) => (weights[i] > 0 ? [[item, weights[i]] as const] : []));
  return found.sort(([a], [b]) => a - b);
}
