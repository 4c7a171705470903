import { existsSync } from 'node:fs';
import { gainOf } from '@seqrec/models';
import { readRanks, type SavedRanks } from '../../run/folder/ranks.ts';
import { bootstrapMeans, byUser, gainAt, percentiles, tooFewUsers, type Units } from '../../run/verdict/bootstrap.ts';
import { checkSameQueries } from '../../run/verdict/paired.ts';
import type { BenchmarkResult, Comparison, GridRow, TableComparisons } from './result.ts';

/** Enough for an interval to two digits. */
const RESAMPLES = 1000;

/** Tables of a benchmark: the rows of one test under one protocol on one data set. */
export function tablesOf({ rows }: Pick<BenchmarkResult, 'rows'>): readonly (readonly GridRow[])[] {
  return [...Map.groupBy(rows, ({ data, protocol, test }) => JSON.stringify([data, protocol, test])).values()];
}

export const meanOf = (rows: readonly GridRow[], metric: string): number =>
  rows.reduce((sum, { metrics }) => sum + metrics[metric], 0) / rows.length;

/** Rows by name, the best one first. */
export function ranked(table: readonly GridRow[], metric: string): [name: string, rows: GridRow[]][] {
  return [...Map.groupBy(table, ({ row }) => row)].sort(([, a], [, b]) => meanOf(b, metric) - meanOf(a, metric));
}

type Measured = Omit<Comparison, 'row' | 'best' | 'seeds'>;

/** Files of ranks of one seed: of the best model, and of the row. */
type Pair = readonly [best: string, row: string];

interface SeedPair {
  readonly seed: number;
  readonly pair: Pair;
}

/**
 * Every row of a table against the best trained model, paired by user seed for seed; a baseline, which has no seed, is
 * paired with each. Nothing where no model is there, or ranks are gone. What was measured once is not measured again: a
 * grid asks after every cell.
 */
export class Comparer {
  readonly #measured = new Map<string, Measured>();

  tables(rows: readonly GridRow[], metric: string): TableComparisons[] {
    return tablesOf({ rows }).map((table) => {
      const [{ data, protocol, test }] = table;
      return { data, protocol, test, rows: this.#withBest(table, metric) };
    });
  }

  #withBest(table: readonly GridRow[], metric: string): Comparison[] {
    const rows = ranked(table, metric);
    const best = rows.find(([, [first]]) => !first.isBaseline);
    if (best === undefined) return [];
    return rows.flatMap(([row, own]) => {
      if (row === best[0]) return [];
      const both = best[1].flatMap((other): SeedPair[] => {
        const same = own.find(({ isBaseline, seed }) => isBaseline || seed === other.seed);
        return same !== undefined && existsSync(other.ranks) && existsSync(same.ranks)
          ? [{ seed: other.seed as number, pair: [other.ranks, same.ranks] }]
          : [];
      });
      if (both.length === 0) return [];
      const pairs = both.map(({ pair }) => pair);
      return [{ row, best: best[0], seeds: both.map(({ seed }) => seed), ...this.#measure(pairs, metric) }];
    });
  }

  #measure(pairs: readonly Pair[], metric: string): Measured {
    const key = JSON.stringify([pairs, metric]);
    const measured = this.#measured.get(key) ?? measure(pairs, metric);
    this.#measured.set(key, measured);
    return measured;
  }
}

function measure(pairs: readonly Pair[], metric: string): Measured {
  const ranks = pairs.map(([best, row]) => [readRanks(best), readRanks(row)] as const);
  const [[first]] = ranks;
  const units = byUser(first.users);
  // The same queries in every seed, so that seeds can be averaged user by user.
  for (const [best, row] of ranks) for (const each of [best, row]) checkSameQueries(first, each);
  const bySeed = ranks.map(([best, row]) => userDifferences(best, row, units, metric));
  const mean = new Float64Array(units.count);
  for (const own of bySeed) for (let unit = 0; unit < mean.length; unit++) mean[unit] += own[unit] / bySeed.length;
  const difference = mean.reduce((sum, each) => sum + each, 0) / first.ranks.length;
  if (tooFewUsers(units.count) !== undefined) return { difference, behind: 0, ahead: 0, equal: 0 };
  const intervals = bootstrapMeans([mean, ...bySeed], units, RESAMPLES, 0).map(percentiles);
  const [[low, high], ...ofSeeds] = intervals;
  const count = (is: (low: number, high: number) => boolean): number =>
    ofSeeds.filter(([bottom, top]) => is(bottom, top)).length;
  return {
    ...{ difference, low, high },
    behind: count((_, top) => top < 0),
    ahead: count((bottom) => bottom > 0),
    equal: count((bottom, top) => bottom <= 0 && top >= 0),
  };
}

/** Sum of `row - best` over the queries of each user. */
function userDifferences(best: SavedRanks, row: SavedRanks, units: Units, metric: string): Float64Array {
  const gain = gainOf(metric);
  const differences = new Float64Array(units.count);
  for (let q = 0; q < best.ranks.length; q++) differences[units.of[q]] += gainAt(row, q, gain) - gainAt(best, q, gain);
  return differences;
}
