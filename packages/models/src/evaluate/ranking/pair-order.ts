import { UndefinedMetricError } from '../../errors.ts';
import { endOfTies } from './order.ts';
import type { ScoredRows } from './rows.ts';

/** Weights `sum w_i w_j` of the pairs `i < j` of rows, by how the order of scores stands to that of labels. */
export interface PairSums {
  readonly all: number;
  /** The row of the larger label has the larger score. */
  readonly concordant: number;
  readonly discordant: number;
  readonly equalLabels: number;
  readonly equalScores: number;
  readonly equalBoth: number;
}

export interface RegressionAreaOptions {
  /**
   * Which pairs count. `different` (default): those of different labels, equal scores half. `all`: every pair, and
   * everything that is no inversion is right, equal labels and equal scores too; what torchrec's RAUC gives for rows
   * without weights.
   */
  readonly pairs?: 'different' | 'all';
}

/**
 * Share of pairs that the predictions put in the order of their labels:
 * `sum_{y_i > y_j} w_i w_j (1[s_i > s_j] + 1[s_i = s_j] / 2) / sum_{y_i > y_j} w_i w_j`. The area under the ROC curve
 * when labels are 0 and 1.
 *
 * @throws UndefinedMetricError when all labels are equal.
 */
export function regressionArea(rows: ScoredRows, { pairs = 'different' }: RegressionAreaOptions = {}): number {
  const sums = pairSums(rows);
  if (pairs === 'all') return share('RAUC', sums.all - sums.discordant, sums.all, 'at least two rows');
  const different = sums.concordant + sums.discordant + sums.equalScores - sums.equalBoth;
  const right = sums.concordant + (sums.equalScores - sums.equalBoth) / 2;
  return share('RAUC', right, different, 'rows of different labels');
}

/**
 * Share of all pairs in which scores and labels compare alike: both larger, both smaller or both equal. A pair that is
 * equal in one of the two alone is wrong, so labels of few values hold it far below 1.
 *
 * Source: `xauc` of torchrec 1.9.2; Zhan et al. 2022 (arXiv:2206.06003), section 5.1, on watch times.
 * @throws UndefinedMetricError for a single row.
 */
export function pairAgreement(rows: ScoredRows): number {
  const { concordant, equalBoth, all } = pairSums(rows);
  return share('XAUC', concordant + equalBoth, all, 'at least two rows');
}

function share(metric: string, part: number, whole: number, expected: string): number {
  if (whole > 0) return part / whole;
  throw new UndefinedMetricError(metric, `expected ${expected}; got no such pair with weight`);
}

/** All of them in `O(rows log rows)`. */
export function pairSums(rows: ScoredRows): PairSums {
  const { ascending, scores, labels, weights } = rows;
  const distinct = Float64Array.from(new Set(labels)).sort();
  const rankOf = new Map(Array.from(distinct, (label, rank) => [label, rank] as const));
  const ranks = Int32Array.from(labels, (label) => rankOf.get(label) ?? 0);
  const below = new PrefixSums(distinct.length);
  const [ofLabels, ofScores, ofBoth] = [new EqualPairs(), new EqualPairs(), new EqualPairs()];
  let [concordant, discordant] = [0, 0];
  for (let at = 0; at < ascending.length; ) {
    const next = endOfTies(ascending, scores, at, ascending.length);
    const tied = ascending.subarray(at, next);
    for (const row of tied) {
      const smaller = below.upTo(ranks[row]);
      concordant += weights[row] * smaller;
      discordant += weights[row] * (below.total - below.upTo(ranks[row] + 1));
    }
    for (const row of tied) {
      below.add(ranks[row], weights[row]);
      ofScores.add(0, weights[row]);
      ofBoth.add(ranks[row], weights[row]);
      ofLabels.add(ranks[row], weights[row]);
    }
    ofScores.close();
    ofBoth.close();
    at = next;
  }
  ofLabels.close();
  const equalBoth = ofBoth.sum;
  const [equalLabels, equalScores] = [ofLabels.sum, ofScores.sum];
  // Summed from its parts, none of which is a difference of large numbers.
  const all = concordant + discordant + equalLabels + equalScores - equalBoth;
  return { all, concordant, discordant, equalLabels, equalScores, equalBoth };
}

/** `sum w_i w_j` over pairs of one key; `close` begins a set of rows of its own. */
class EqualPairs {
  sum = 0;
  readonly #weights = new Map<number, number>();

  add(key: number, weight: number): void {
    const known = this.#weights.get(key) ?? 0;
    this.sum += known * weight;
    this.#weights.set(key, known + weight);
  }

  close(): void {
    this.#weights.clear();
  }
}

/** Sums of weights by rank, both to add and to ask in `O(log n)` (Fenwick 1994). */
class PrefixSums {
  total = 0;
  readonly #tree: Float64Array;

  constructor(size: number) {
    this.#tree = new Float64Array(size + 1);
  }

  add(rank: number, weight: number): void {
    this.total += weight;
    for (let node = rank + 1; node < this.#tree.length; node += node & -node) this.#tree[node] += weight;
  }

  /** Of the ranks below `rank`. */
  upTo(rank: number): number {
    let sum = 0;
    for (let node = rank; node > 0; node -= node & -node) sum += this.#tree[node];
    return sum;
  }
}
