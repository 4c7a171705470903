import type { Section } from './section.ts';
import type { SeedRun } from './seeds.ts';
import type { PaperTable } from './table.ts';
import { estimate, rowEstimates, seedDifferences } from './verdict.ts';

/** Of two rows on a metric: positive where the first is better, with the interval of the mean over seeds of both. */
export interface PairDifference {
  readonly row: string;
  readonly other: string;
  readonly mean: number;
  /** Half the width of the 95 % interval (Student's t). */
  readonly half: number;
}

/** The differences of every two rows, paired by seed; pairs with fewer than two seeds in common are absent. */
export function pairDifferences(table: PaperTable, runs: readonly SeedRun[], metric: string): PairDifference[] {
  const sign = table.lowerIsBetter?.includes(metric) ? -1 : 1;
  const rows = [...new Set(runs.map(({ row }) => row))];
  return rows.flatMap((row) =>
    rows.flatMap((other): PairDifference[] => {
      const all = row === other ? [] : seedDifferences(runs, [row, other], metric);
      if (all.length < 2) return [];
      const { mean, half = 0 } = estimate(all.map((each) => sign * each));
      return [{ row, other, mean, half }];
    }),
  );
}

/** Which rows are ahead of which beyond the interval of their difference, the best first; of tables that ask for it. */
export function orderSections(table: PaperTable, runs: readonly SeedRun[]): Section[] {
  const estimates = rowEstimates(table, runs);
  return (table.ordered ?? []).map((metric) => {
    const pairs = pairDifferences(table, runs, metric);
    const sign = table.lowerIsBetter?.includes(metric) ? -1 : 1;
    const rows = [...new Set(pairs.map(({ row }) => row))].sort(
      (a, b) => sign * ((estimates.get(b)?.[metric]?.mean ?? 0) - (estimates.get(a)?.[metric]?.mean ?? 0)),
    );
    const named = (row: string, holds: (pair: PairDifference) => boolean): string =>
      pairs.flatMap((pair) => (pair.row === row && holds(pair) ? [pair.other] : [])).join(', ') || '-';
    return {
      title: `What beats what, ${metric}`,
      note: 'Paired by seed: ahead or behind where the 95 % interval of the mean difference does not hold 0. With few seeds and many pairs some intervals miss by chance: one in twenty of those without a difference.',
      titles: ['model', 'ahead of', 'no difference beyond the interval', 'behind'],
      rows: rows.map((row) => [
        row,
        named(row, ({ mean, half }) => mean - half > 0),
        named(row, ({ mean, half }) => Math.abs(mean) <= half),
        named(row, ({ mean, half }) => mean + half < 0),
      ]),
    };
  });
}
