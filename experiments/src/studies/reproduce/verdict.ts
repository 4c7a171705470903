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

export function estimate(values: readonly number[]): Estimate {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { mean, values };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return { mean, half: (STUDENT_T[n - 2] ?? 1.96) * Math.sqrt(variance / n), values };
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
  /** `better / worse`, where both are there. */
  readonly ours: number;
  readonly paper?: number;
  /** `holds`, `ordered so ...` or `does not hold`. */
  readonly verdict: string;
}

/** Mean of each metric over the seeds, row by row; a row without runs is absent. */
export function rowEstimates(
  { metrics }: PaperTable,
  runs: readonly SeedRun[],
): Map<string, Readonly<Record<string, Estimate>>> {
  return new Map(
    [...Map.groupBy(runs, (run) => run.row)].map(([row, own]) => [
      row,
      Object.fromEntries(metrics.map((metric) => [metric, estimate(own.map((run) => run.metrics[metric]))])),
    ]),
  );
}

/**
 * Claims hold when the order is theirs and the intervals do not touch; otherwise in how many seeds the order is theirs.
 */
export function claimVerdicts(table: PaperTable, runs: readonly SeedRun[]): ClaimVerdict[] {
  const estimates = rowEstimates(table, runs);
  return table.claims.flatMap((claim) =>
    claim.metrics.flatMap((metric) => {
      const better = estimates.get(claim.better)?.[metric];
      const worse = estimates.get(claim.worse)?.[metric];
      if (better === undefined || worse === undefined) return [];
      const published = paperRatio(table, claim, metric);
      return {
        claim: `${claim.better} > ${claim.worse}`,
        metric,
        ours: better.mean / worse.mean,
        ...(published !== undefined && { paper: published }),
        verdict: orderVerdict(better, worse, ordered(claim, metric, runs)),
      };
    }),
  );
}

/** Seeds that both rows have, and those of them with the order of the claim. */
function ordered({ better, worse }: TableClaim, metric: string, runs: readonly SeedRun[]): { so: number; of: number } {
  const bySeed = (row: string) =>
    new Map(runs.filter((run) => run.row === row).map(({ seed, metrics }) => [seed, metrics[metric]]));
  const [above, below] = [bySeed(better), bySeed(worse)];
  const seeds = [...above.keys()].filter((seed) => below.has(seed));
  const so = seeds.filter((seed) => (above.get(seed) as number) > (below.get(seed) as number));
  return { so: so.length, of: seeds.length };
}

function orderVerdict(better: Estimate, worse: Estimate, { so, of }: { so: number; of: number }): string {
  if (!(better.mean > worse.mean)) return 'does not hold';
  if (better.half === undefined || worse.half === undefined) return 'ordered so, one seed';
  if (better.mean - better.half > worse.mean + worse.half) return 'holds';
  return `ordered so in ${so} of ${of} seeds, intervals overlap`;
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
