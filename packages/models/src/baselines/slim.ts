import type { ExampleSet } from '@seqrec/data';
import { ConfigError } from '../errors.ts';
import { yieldToEventLoop } from '../train/yield.ts';
import { elasticNetColumn, type Gram } from './elastic-net.ts';
import { incidence } from './incidence.ts';
import type { Scorer } from './scorer.ts';

export interface SlimOptions {
  /** Weight of the sum of the weights, default 5. */
  readonly l1?: number;
  /** Weight of half the sum of their squares, default 50. */
  readonly l2?: number;
  /** A column is done when no weight moves by more in a sweep, default 1e-5. */
  readonly tolerance?: number;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

const YIELD_EVERY = 16;

/** Bytes that {@link slimBaseline} has in use for the pairs of items with a common user: 12 each, at least. */
export function slimBytes(train: ExampleSet): number {
  const { byUser, byItem } = incidence(train);
  const seen = new Int32Array(byItem.length).fill(-1);
  let pairs = 0;
  for (const [item, users] of byItem.entries()) {
    for (const user of users) {
      for (const other of byUser[user]) {
        if (seen[other] === item) continue;
        seen[other] = item;
        pairs++;
      }
    }
  }
  return 12 * pairs;
}

/**
 * SLIM: a sparse linear item-to-item model whose items may not predict themselves. For every item `j`
 *
 * `w_j = argmin over w >= 0, w_j = 0 of |x_j - X w|^2 / 2 + l2 |w|^2 / 2 + l1 sum(w)`, `X [U, I]` the binary matrix of
 * users and their distinct items of the training part; `score(j) = sum over the distinct items i of the history of
 * w_ij`.
 *
 * By coordinate descent in float64, see {@link elasticNetColumn}. The order of the history plays no part.
 *
 * Source: Ning & Karypis 2011, equation 3, "SLIM: Sparse Linear Methods for Top-N Recommender Systems".
 * @param train the training set before windows are cut.
 * @throws ConfigError for a weight that is negative, or both zero, or a tolerance that is not positive.
 */
export async function slimBaseline(train: ExampleSet, options: SlimOptions = {}): Promise<Scorer> {
  const { l1 = 5, l2 = 50, tolerance = 1e-5, onProgress } = options;
  checkWeights({ l1, l2, tolerance });
  const { numItems } = train.interactions;
  const { byUser, byItem } = incidence(train);
  const gram = gramOf(byUser, byItem);
  const columns: (readonly [item: number, weight: number])[][] = Array.from({ length: numItems + 1 }, () => []);
  for (let item = 1; item <= numItems; item++) {
    for (const [other, weight] of elasticNetColumn(gram, item, { l1, l2, tolerance })) {
      columns[other].push([item, weight]);
    }
    if (item % YIELD_EVERY === 0 || item === numItems) {
      onProgress?.({ done: item, total: numItems });
      await yieldToEventLoop();
    }
  }
  const rows = columns.map((row) => ({
    items: Int32Array.from(row, ([item]) => item),
    weights: Float64Array.from(row, ([, weight]) => weight),
  }));
  const seen = new Uint8Array(numItems + 1);
  return {
    name: 'slim',
    description: `sum over the distinct items of the history of their SLIM weights, l1 ${l1}, l2 ${l2}.`,
    numItems,
    score(history, out) {
      out.fill(0);
      for (const item of history) {
        if (seen[item] === 1) continue;
        seen[item] = 1;
        const { items, weights } = rows[item];
        for (let n = 0; n < items.length; n++) out[items[n]] += weights[n];
      }
      for (const item of history) seen[item] = 0;
    },
  };
}

function checkWeights({ l1, l2, tolerance }: { readonly l1: number; readonly l2: number; readonly tolerance: number }) {
  for (const [name, value] of Object.entries({ l1, l2 })) {
    if (!(value >= 0 && Number.isFinite(value)))
      throw new ConfigError(`slim: ${name}: expected a number of at least 0; got ${value}`, name);
  }
  if (l1 + l2 === 0)
    throw new ConfigError(
      'slim: expected l1 or l2 above 0; got both 0: items with the same users have no one answer',
      'l1',
    );
  if (!(tolerance > 0))
    throw new ConfigError(`slim: tolerance: expected a number above 0; got ${tolerance}`, 'tolerance');
}

/** Common users of every two items, `X^T X`, row by row. */
function gramOf(byUser: readonly Int32Array[], byItem: readonly (readonly number[])[]): Gram {
  const sums = new Float64Array(byItem.length);
  const rows = byItem.map((users) => {
    const touched: number[] = [];
    for (const user of users) {
      for (const other of byUser[user]) {
        if (sums[other] === 0) touched.push(other);
        sums[other]++;
      }
    }
    const items = Int32Array.from(touched);
    const counts = Float64Array.from(touched, (other) => sums[other]);
    for (const other of touched) sums[other] = 0;
    return { items, counts };
  });
  return { rows, diagonal: Float64Array.from(byItem, (users) => users.length) };
}
