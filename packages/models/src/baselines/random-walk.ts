import type { ExampleSet } from '@seqrec/data';
import { ConfigError } from '../errors.ts';
import { incidence } from './incidence.ts';
import type { Scorer } from './scorer.ts';

export interface RandomWalkOptions {
  /** Exponent of the probabilities of steps, default 1. */
  readonly alpha?: number;
  /** Exponent of the popularity that scores are divided by, default 0.6; 0 divides by nothing. */
  readonly beta?: number;
}

interface Row {
  readonly items: Int32Array;
  readonly weights: Float64Array;
}

/**
 * Personalised random walk of three steps on the graph of users and their distinct items of the training part, RP3beta:
 * from a user over its items to users that have one of them, and on to their items, popular items damped.
 *
 * `score(j) = sum over the distinct items i of the history of sum_u (1 / n_i)^alpha (1 / |u|)^alpha / n_j^beta`, the
 * inner sum over users `u` with both `i` and `j`, `n_i` the users with `i`, `|u|` the items of `u`. The first step, the
 * same for all items of the history, ranks nothing and is left out. `i` itself is a place where the walk may end; items
 * of the history are candidates or not as the protocol says. Rows are computed when first needed and kept.
 *
 * Source: Paudel et al. 2017, "Updatable, Accurate, Diverse, and Scalable Recommendations for Interactive
 * Applications", ACM TiiS 7(1); alpha as in Cooper et al. 2014 (P3alpha).
 * @param train the training set before windows are cut.
 * @throws ConfigError for an exponent that is negative or no number.
 */
export function randomWalkBaseline(train: ExampleSet, { alpha = 1, beta = 0.6 }: RandomWalkOptions = {}): Scorer {
  for (const [name, value] of Object.entries({ alpha, beta })) {
    if (!(value >= 0 && Number.isFinite(value)))
      throw new ConfigError(`random-walk: ${name}: expected a number of at least 0; got ${value}`, name);
  }
  const { numItems } = train.interactions;
  const { byUser, byItem } = incidence(train);
  const leave = byUser.map((items) => items.length ** -alpha);
  const damping = byItem.map((users) => Math.max(1, users.length) ** -beta);
  const rows = new Map<number, Row>();
  const sums = new Float64Array(numItems + 1);
  const seen = new Uint8Array(numItems + 1);

  function walk(item: number): Row {
    const known = rows.get(item);
    if (known !== undefined) return known;
    const touched: number[] = [];
    const first = byItem[item].length ** -alpha;
    for (const user of byItem[item]) {
      for (const other of byUser[user]) {
        if (sums[other] === 0) touched.push(other);
        sums[other] += leave[user];
      }
    }
    const weights = Float64Array.from(touched, (other) => first * sums[other] * damping[other]);
    for (const other of touched) sums[other] = 0;
    const row = { items: Int32Array.from(touched), weights };
    rows.set(item, row);
    return row;
  }

  return {
    name: 'random-walk',
    description: `three steps from the distinct items of the history over users (RP3beta), alpha ${alpha}, beta ${beta}.`,
    numItems,
    score(history, out) {
      out.fill(0);
      for (const item of history) {
        if (seen[item] === 1) continue;
        seen[item] = 1;
        const { items, weights } = walk(item);
        for (let n = 0; n < items.length; n++) out[items[n]] += weights[n];
      }
      for (const item of history) seen[item] = 0;
    },
  };
}
