import { existsSync } from 'node:fs';
import { readRanks, type SavedRanks } from '../../run/folder/ranks.ts';
import { pairedDifferences } from '../../run/verdict/paired.ts';
import type { BenchmarkResult, GridRow } from './result.ts';

/** A row against the best model of its table. */
export interface Comparison {
  readonly row: string;
  readonly best: string;
  /** Mean over seeds of `row - best`. */
  readonly difference: number;
  /** Of the first seed: 95 % bootstrap interval over users. */
  readonly low: number;
  readonly high: number;
  /** In how many seeds the interval is below, above, or holds 0. */
  readonly behind: number;
  readonly ahead: number;
  readonly equal: number;
}

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

/**
 * Every row of a table against the best trained model, paired by user seed for seed; a baseline, which has no seed, is
 * paired with each. Nothing where no model is there, or ranks are gone.
 */
export function comparisonsWithBest(table: readonly GridRow[], metric: string): Comparison[] {
  const rows = ranked(table, metric);
  const best = rows.find(([, [first]]) => !first.isBaseline);
  if (best === undefined) return [];
  const files = new Map<string, SavedRanks>();
  const ranksOf = ({ ranks }: GridRow): SavedRanks | undefined => {
    if (!files.has(ranks) && existsSync(ranks)) files.set(ranks, readRanks(ranks));
    return files.get(ranks);
  };
  return rows.flatMap(([row, own]): Comparison[] => {
    if (row === best[0]) return [];
    const pairs = best[1].flatMap((other) => {
      const same = own.find(({ isBaseline, seed }) => isBaseline || seed === other.seed);
      const [a, b] = [ranksOf(other), same && ranksOf(same)];
      if (a === undefined || b === undefined) return [];
      return pairedDifferences(a, b, [metric], { resamples: RESAMPLES });
    });
    if (pairs.length === 0) return [];
    const count = (is: (low: number, high: number) => boolean): number =>
      pairs.filter(({ low, high }) => is(low, high)).length;
    const [{ low, high }] = pairs;
    return [
      {
        ...{ row, best: best[0], low, high },
        difference: pairs.reduce((sum, { difference }) => sum + difference, 0) / pairs.length,
        behind: count((_, top) => top < 0),
        ahead: count((bottom) => bottom > 0),
        equal: count((bottom, top) => bottom <= 0 && top >= 0),
      },
    ];
  });
}
