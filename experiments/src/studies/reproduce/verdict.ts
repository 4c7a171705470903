import { isDeepStrictEqual } from 'node:util';
import type { SeedRun } from './seeds.ts';
import type { PaperTable, TableClaim } from './table.ts';

/** A mean over seeds. */
export interface Estimate {
  readonly mean: number;
  /** Half the width of the 95 % interval of the mean (Student's t); absent for a single seed. */
  readonly half?: number;
  readonly values: readonly number[];
}

/** 97.5 % points of Student's t for 1 to 30 degrees of freedom; the normal one after that. */
const STUDENT_T = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

export function estimate(values: readonly number[]): Estimate {
  const n = values.length;
  const centre = mean(values);
  if (n < 2) return { mean: centre, values };
  const variance = values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (n - 1);
  return { mean: centre, half: (STUDENT_T[n - 2] ?? 1.96) * Math.sqrt(variance / n), values };
}

/** What a figure says about a published one. */
export function rowVerdict(ours: Estimate, paper: number | undefined, tolerance: number | undefined): string {
  if (paper === undefined) return '';
  const off = ours.mean - paper;
  const inside = ours.half !== undefined && Math.abs(off) <= ours.half;
  if (tolerance === undefined) return inside ? 'paper inside the interval' : `${times(ours.mean / paper)} the paper's`;
  if (Math.abs(off) <= tolerance) return `reproduced, within ${short(tolerance)}`;
  const direction = off > 0 ? 'above' : 'below';
  return `${short(Math.abs(off))} ${direction}${inside ? ', paper inside the interval' : ''}`;
}

export interface ClaimVerdict {
  readonly claim: string;
  readonly metric: string;
  /** `better / worse`, of means over the seeds that both have; absent without one, and where the worse is 0. */
  readonly ours?: number;
  readonly paper?: number;
  /** `holds`, `ordered so ...`, `does not hold` or `the other way round`. */
  readonly verdict: string;
}

/** Mean of each metric over the seeds, row by row; a row without runs is absent. */
export function rowEstimates(
  { metrics }: PaperTable,
  runs: readonly SeedRun[],
): Map<string, Readonly<Partial<Record<string, Estimate>>>> {
  return new Map(
    [...Map.groupBy(runs, (run) => run.row)].map(([row, own]) => {
      // A row may be without a metric: one that is counted has no lists, a part of its test set few queries.
      const there = metrics.flatMap((metric) => {
        const values = own.flatMap((run) => run.metrics[metric] ?? []);
        return values.length === 0 ? [] : [[metric, estimate(values)] as const];
      });
      return [row, Object.fromEntries(there)];
    }),
  );
}

/**
 * Claims are of differences seed by seed: two runs of a seed share initial weights, negatives and, where the table says
 * so, the split. A claim holds when the 95 % interval of their mean (Student's t) is on its side of 0.
 */
export function claimVerdicts(table: PaperTable, runs: readonly SeedRun[]): ClaimVerdict[] {
  const estimates = rowEstimates(table, runs);
  return table.claims.flatMap((claim) =>
    claim.metrics.flatMap((metric) => {
      const better = estimates.get(claim.better)?.[metric];
      const worse = estimates.get(claim.worse)?.[metric];
      if (better === undefined || worse === undefined) return [];
      const published = paperRatio(table, claim, metric);
      if (!isOneExperiment(runs, [claim.better, claim.worse]))
        return [
          {
            ...{ claim: `${claim.better} > ${claim.worse}`, metric },
            ...(published !== undefined && { paper: published }),
            verdict: 'other data or another question',
          },
        ];
      const sign = table.lowerIsBetter?.includes(metric) ? -1 : 1;
      const pairs = seedPairs(runs, [claim.better, claim.worse], metric);
      const below = mean(pairs.map(([, value]) => value));
      return {
        claim: `${claim.better} > ${claim.worse}`,
        metric,
        ...(pairs.length > 0 && below !== 0 && { ours: mean(pairs.map(([value]) => value)) / below }),
        ...(published !== undefined && { paper: published }),
        verdict: orderVerdict(pairs.map(([ours, theirs]) => sign * (ours - theirs))),
      };
    }),
  );
}

/** Whether rows have the same data and question. */
export function isOneExperiment(runs: readonly SeedRun[], rows: readonly string[]): boolean {
  const [first, ...others] = runs.filter(({ row }) => rows.includes(row));
  return others.every(({ changed }) => isDeepStrictEqual(changed, first.changed));
}

/** Of a metric, a row less another, seed by seed: of the seeds that both have, none where they are not comparable. */
export function seedDifferences(runs: readonly SeedRun[], rows: readonly [string, string], metric: string): number[] {
  if (!isOneExperiment(runs, rows)) return [];
  return seedPairs(runs, rows, metric).map(([ours, theirs]) => ours - theirs);
}

/** Of a metric, both figures of each seed that two rows have. */
function seedPairs(
  runs: readonly SeedRun[],
  [row, other]: readonly [string, string],
  metric: string,
): (readonly [number, number])[] {
  const bySeed = (name: string) =>
    new Map(
      runs.flatMap(({ row: of, seed, metrics }) =>
        of === name && metrics[metric] !== undefined ? [[seed, metrics[metric]] as const] : [],
      ),
    );
  const [ours, theirs] = [bySeed(row), bySeed(other)];
  return [...ours].flatMap(([seed, value]) => {
    const beside = theirs.get(seed);
    return beside === undefined ? [] : [[value, beside] as const];
  });
}

/** @param gains of the row that is claimed to be better, positive where it is. */
function orderVerdict(gains: readonly number[]): string {
  if (gains.length === 0) return 'no seed in common';
  const { mean: gain, half } = estimate(gains);
  if (half === undefined) return gain > 0 ? 'ordered so, one seed' : 'does not hold';
  if (gain - half > 0) return 'holds';
  if (gain + half < 0) return 'the other way round';
  const so = gains.filter((each) => each > 0).length;
  return gain > 0 ? `ordered so in ${so} of ${gains.length} seeds, within the interval` : 'does not hold';
}

function paperRatio(table: PaperTable, { better, worse }: TableClaim, metric: string): number | undefined {
  const figure = (name: string) => table.rows.find((row) => row.name === name)?.paper[metric];
  const [above, below] = [figure(better), figure(worse)];
  return above === undefined || below === undefined ? undefined : above / below;
}

function times(ratio: number): string {
  return `${ratio.toFixed(2)} times`;
}

/** `.0123`: the way papers print shares; `812.3` for what is no share. */
export function short(value: number): string {
  if (Math.abs(value) >= 10) return value.toFixed(1);
  return value.toFixed(4).replace(/^(-?)0\./, '$1.');
}
