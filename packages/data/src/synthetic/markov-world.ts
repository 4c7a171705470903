import { createInteractions } from '../create-interactions.ts';
import { OptionError } from '../errors.ts';
import { openIdMap } from '../ids.ts';
import type { Interactions } from '../interactions.ts';
import { randomSource } from '../random.ts';
import { leaveLastOut } from '../splits/leave-last-out.ts';
import type { ExampleSet, Split } from '../splits/split.ts';
import { eventColumns, worldRoles } from './event-columns.ts';

export interface MarkovWorldOptions {
  readonly users: number;
  readonly items: number;
  /** Events of a user. */
  readonly length: number;
  readonly seed: number;
  /** Likely successors of every item; default 4. */
  readonly branching?: number;
  /** Probability that the next item is any item, uniformly; default 0.1. */
  readonly noise?: number;
}

export interface MarkovWorld {
  readonly interactions: Interactions;
  readonly split: Split;
  /** `P(next = item | last)`. */
  probability(last: number, item: number): number;
  /** Likely successors of an item, most likely first. */
  successors(last: number): Int32Array;
  /**
   * Expected HR@k of the best possible ranking on the examples of `set`: the mean over examples of the probability
   * of the k likeliest items. With `excludeSeen` the items of the (windowed) history cannot be recommended, and a
   * target among them is a miss.
   *
   * No model can do better in expectation; on `n` examples the realised HR@k deviates by about `sqrt(h (1 - h) / n)`.
   */
  bestHitRate(k: number, options?: { readonly set?: ExampleSet; readonly excludeSeen?: boolean }): number;
}

/**
 * A first-order Markov chain over items whose best possible score is known, to see whether a model learns at all.
 *
 * Every item has `branching` distinct successors with probabilities proportional to 1, 1/2, 1/4, ...; with probability
 * `noise` the next item is uniform instead:
 * `P(j | i) = (1 - noise) w_i(j) + noise / I`.
 */
export function markovWorld(options: MarkovWorldOptions): MarkovWorld {
  const { users, items, length, seed, branching = 4, noise = 0.1 } = options;
  checkOptions({ users, items, length, branching, noise });
  const successors = drawSuccessors(items, branching, seed);
  const total = 2 - 2 ** (1 - branching);
  const weights = Float64Array.from({ length: branching }, (_, n) => 2 ** -n / total);

  const random = randomSource(seed, 'markov world', 'events');
  const itemIds = new Int32Array(users * length);
  for (let u = 0; u < users; u++) {
    let last = 1 + random.integer(items);
    for (let p = 0; p < length; p++) {
      if (p > 0) {
        if (random.uniform() < noise) last = 1 + random.integer(items);
        else last = successors[last * branching + pick(weights, random.uniform())];
      }
      itemIds[u * length + p] = last;
    }
  }
  const ids = openIdMap({ kind: 'integer', values: Float64Array.from({ length: items }, (_, i) => i + 1) }, 1);
  const interactions = createInteractions({
    name: 'markov',
    users: openIdMap({ kind: 'integer', values: Float64Array.from({ length: users }, (_, u) => u) }, 0),
    items: ids,
    userOffsets: Int32Array.from({ length: users + 1 }, (_, u) => u * length),
    // One event a minute, so that models with time inputs run too.
    columns: eventColumns(
      ids,
      itemIds,
      Float64Array.from(itemIds, (_, e) => 60 * (e % length)),
    ),
    roles: worldRoles,
    steps: [
      {
        name: 'generate',
        detail: `Generated ${users} Markov chains of ${length} events over ${items} items.`,
        params: { world: 'markov', seed, branching, noise, users, items, length },
        counts: { events: users * length },
      },
    ],
  });
  const split = leaveLastOut(interactions);
  const rank = (last: number, item: number): number =>
    successors.subarray(last * branching, (last + 1) * branching).indexOf(item);
  const probability = (last: number, item: number): number => {
    const n = rank(last, item);
    return (n < 0 ? 0 : (1 - noise) * weights[n]) + noise / items;
  };
  return {
    interactions,
    split,
    probability,
    successors: (last) => successors.slice(last * branching, (last + 1) * branching),
    bestHitRate(k, { set = split.test, excludeSeen = false } = {}) {
      if (!Number.isInteger(k) || k < 1 || k > items) {
        throw new OptionError('bestHitRate', `expected k in 1..${items}; got ${k}`, { key: 'k' });
      }
      let sum = 0;
      for (let e = 0; e < set.targets.length; e++) {
        const history = interactions.itemIds.subarray(set.starts[e], set.targets[e]);
        const seen = new Set(excludeSeen ? history : []);
        const last = history[history.length - 1];
        // Successors first, as their probabilities descend; then any other items, all equally likely.
        let left = Math.min(k, items - seen.size);
        let hit = 0;
        for (let n = 0; n < branching && left > 0; n++) {
          const item = successors[last * branching + n];
          if (seen.has(item)) continue;
          hit += probability(last, item);
          left--;
        }
        sum += hit + (left * noise) / items;
      }
      return sum / set.targets.length;
    },
  };
}

function checkOptions(options: Required<Omit<MarkovWorldOptions, 'seed'>>): void {
  const fail = (key: keyof typeof options, expected: string): never => {
    throw new OptionError('markovWorld', `expected ${key} ${expected}; got ${options[key]}`, { key });
  };
  if (!Number.isInteger(options.users) || options.users < 1) fail('users', 'of 1 or more');
  if (!Number.isInteger(options.items) || options.items < 2) fail('items', 'of 2 or more');
  if (!Number.isInteger(options.length) || options.length < 4) fail('length', 'of 4 or more');
  const { branching, items, noise } = options;
  if (!Number.isInteger(branching) || branching < 1 || branching > items) fail('branching', `in 1..${items}`);
  if (!(noise >= 0 && noise <= 1)) fail('noise', 'in 0..1');
}

/** `branching` distinct successors of every item, row `i` for item `i`; row 0 is unused. */
function drawSuccessors(items: number, branching: number, seed: number): Int32Array {
  const random = randomSource(seed, 'markov world', 'successors');
  const table = new Int32Array((items + 1) * branching);
  for (let i = 1; i <= items; i++) {
    const row = table.subarray(i * branching, (i + 1) * branching);
    for (let n = 0; n < branching; ) {
      const item = 1 + random.integer(items);
      if (row.subarray(0, n).includes(item)) continue;
      row[n++] = item;
    }
  }
  return table;
}

function pick(weights: Float64Array, uniform: number): number {
  let sum = 0;
  for (let n = 0; n < weights.length - 1; n++) {
    sum += weights[n];
    if (uniform < sum) return n;
  }
  return weights.length - 1;
}
