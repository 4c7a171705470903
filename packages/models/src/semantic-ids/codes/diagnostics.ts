import { streamKey, uniform01 } from '@seqrec/core';
import type { Codes } from '../tokenizers/tokenizer.ts';
import { groupsOf } from './unique-codes.ts';

/** What else is known of items, for {@link diagnose}; row `i` is item `i + 1`. */
export interface ItemsOfCodes {
  /** Attributes of each item, for the similarity of items with equal codes. */
  readonly attributes?: readonly ReadonlySet<number>[];
  /** Places of items that follow one another in training histories, two a pair: `[from, to, from, to, ...]`. */
  readonly pairs?: Int32Array;
  /** Training events of each item. */
  readonly events?: ArrayLike<number>;
}

export interface LevelReport {
  readonly codes: number;
  readonly used: number;
  /** `exp(-sum p ln p)` of the shares of its codes. */
  readonly perplexity: number;
  /** Distinct prefixes that end here. */
  readonly prefixes: number;
  /** Children of a prefix that ends before this level: mean and most. */
  readonly fanOut: { readonly mean: number; readonly most: number };
  /** Share of the vectors' energy that is left. */
  readonly residualEnergy?: number;
  /** Jaccard index of the attributes of two items whose codes agree up to here; absent where no two do. */
  readonly jaccard?: number;
}

export interface CodesReport {
  readonly items: number;
  readonly levels: readonly LevelReport[];
  /** Items that share all their codes with another, and the largest group of them. */
  readonly colliding: { readonly items: number; readonly share: number; readonly largest: number };
  /** Share of the vectors' energy that a decoder misses; absent without one. */
  readonly reconstruction?: number;
  /** Jaccard index of the attributes of any two items. */
  readonly randomJaccard?: number;
  /** Share of neighbouring training events with equal first codes, and what it would be of independent ones. */
  readonly consecutive?: { readonly equal: number; readonly expected: number };
  /** The first code that most training events have, and their share; absent where there is no such event. */
  readonly heaviest?: { readonly code: number; readonly share: number };
}

/** Pairs of items that are compared for a mean Jaccard index. */
const PAIRS = 200_000;

/** What codes are like before anything makes them unique. */
export function diagnose(
  codes: Codes,
  { attributes, pairs, events }: ItemsOfCodes = {},
  residualEnergy?: readonly number[],
): CodesReport {
  const { count, sizes, values } = codes;
  const levels = sizes.length;
  let before = new Map([['', Array.from({ length: count }, (_, r) => r)]]);
  const reports = sizes.map((size, level): LevelReport => {
    const used = new Float64Array(size);
    for (let r = 0; r < count; r++) used[values[r * levels + level]]++;
    const groups = groupsOf(codes, level + 1);
    const children = [...before.values()].map((rows) => new Set(rows.map((r) => values[r * levels + level])).size);
    before = groups;
    const jaccard = attributes && meanJaccard(attributes, pairsWithin(groups, level));
    return {
      codes: size,
      used: used.filter((n) => n > 0).length,
      perplexity: Math.exp(used.reduce((sum, n) => sum - (n > 0 ? (n / count) * Math.log(n / count) : 0), 0)),
      prefixes: groups.size,
      fanOut: {
        mean: children.reduce((sum, n) => sum + n, 0) / Math.max(1, children.length),
        most: children.reduce((most, n) => Math.max(most, n), 0),
      },
      ...(residualEnergy && { residualEnergy: residualEnergy[level] }),
      ...(jaccard !== undefined && { jaccard }),
    };
  });
  let [colliding, largest] = [0, 0];
  for (const { length } of before.values()) {
    if (length > 1) colliding += length;
    largest = Math.max(largest, length);
  }
  const heaviest = events && heaviestOf(codes, events);
  const randomJaccard = attributes && meanJaccard(attributes, anyPairs(count));
  return {
    items: count,
    levels: reports,
    colliding: { items: colliding, share: count === 0 ? 0 : colliding / count, largest },
    ...(randomJaccard !== undefined && { randomJaccard }),
    ...(pairs && pairs.length > 0 && { consecutive: consecutiveOf(codes, pairs) }),
    ...(heaviest && { heaviest }),
  };
}

function consecutiveOf({ sizes, values }: Codes, pairs: Int32Array): NonNullable<CodesReport['consecutive']> {
  const first = (place: number): number => values[place * sizes.length];
  const [from, to] = [new Float64Array(sizes[0]), new Float64Array(sizes[0])];
  let equal = 0;
  for (let p = 0; p < pairs.length; p += 2) {
    from[first(pairs[p])]++;
    to[first(pairs[p + 1])]++;
    if (first(pairs[p]) === first(pairs[p + 1])) equal++;
  }
  const total = pairs.length / 2;
  return { equal: equal / total, expected: from.reduce((sum, n, k) => sum + (n / total) * (to[k] / total), 0) };
}

/** Nothing without an event. */
function heaviestOf({ count, sizes, values }: Codes, events: ArrayLike<number>): CodesReport['heaviest'] {
  const of = new Float64Array(sizes[0]);
  let total = 0;
  for (let r = 0; r < count; r++) {
    of[values[r * sizes.length]] += events[r];
    total += events[r];
  }
  if (total === 0) return undefined;
  const code = of.reduce((most, n, k) => (n > of[most] ? k : most), 0);
  return { code, share: of[code] / total };
}

/** Two members by chance of groups of two or more, each group as often as it has pairs. */
function* pairsWithin(groups: ReadonlyMap<string, readonly number[]>, level: number): Iterable<[number, number]> {
  const several = [...groups.values()].filter(({ length }) => length > 1);
  const weights = several.map(({ length }) => (length * (length - 1)) / 2);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total <= PAIRS) {
    for (const rows of several)
      for (let i = 0; i < rows.length; i++) for (let j = 0; j < i; j++) yield [rows[i], rows[j]];
    return;
  }
  const ends: number[] = [];
  for (const weight of weights) ends.push((ends.at(-1) ?? 0) + weight);
  const draws = uniform01(streamKey(1, `jaccard/${level}`), 0, 3 * PAIRS);
  for (let p = 0; p < PAIRS; p++) {
    const at = draws[3 * p] * total;
    let [low, high] = [0, ends.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle] > at) high = middle;
      else low = middle + 1;
    }
    const rows = several[low];
    const i = Math.floor(draws[3 * p + 1] * rows.length);
    const j = (i + 1 + Math.floor(draws[3 * p + 2] * (rows.length - 1))) % rows.length;
    yield [rows[i], rows[j]];
  }
}

function* anyPairs(count: number): Iterable<[number, number]> {
  if (count < 2) return;
  const draws = uniform01(streamKey(1, 'jaccard/any'), 0, 2 * PAIRS);
  for (let p = 0; p < PAIRS; p++) {
    const i = Math.floor(draws[2 * p] * count);
    yield [i, (i + 1 + Math.floor(draws[2 * p + 1] * (count - 1))) % count];
  }
}

/** Mean of `|A and B| / |A or B|`; two items without attributes are left out. */
function meanJaccard(
  attributes: readonly ReadonlySet<number>[],
  pairs: Iterable<readonly [number, number]>,
): number | undefined {
  let [sum, count] = [0, 0];
  for (const [i, j] of pairs) {
    const [a, b] = [attributes[i], attributes[j]];
    let both = 0;
    for (const attribute of a) if (b.has(attribute)) both++;
    const either = a.size + b.size - both;
    if (either === 0) continue;
    sum += both / either;
    count++;
  }
  return count === 0 ? undefined : sum / count;
}
