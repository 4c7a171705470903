import type { SeedRun } from './seeds.ts';
import type { PaperTable } from './table.ts';
import { type Estimate, estimate, isOneExperiment } from './verdict.ts';

/** One row against the row it is compared with, on one metric. */
export interface Gain {
  readonly row: string;
  readonly over: string;
  readonly metric: string;
  /** Mean over the seeds that both rows have. */
  readonly ours: number;
  readonly base: number;
  /** Of the gains seed by seed, as a share of the base; positive is better. */
  readonly gain: Estimate;
  readonly verdict: 'gain' | 'loss' | 'no difference beyond the interval' | 'one seed';
}

/**
 * Relative gains, paired by seed: `(ours - base) / base`, with the sign turned where less is better, and the 95 %
 * interval of their mean (Student's t); none where a base is 0. Two runs of a seed share initial weights and negatives,
 * so their difference varies less than either.
 */
export function tableGains(table: PaperTable, runs: readonly SeedRun[]): Gain[] {
  const value = (row: string, seed: number, metric: string) =>
    runs.find((run) => run.row === row && run.seed === seed)?.metrics[metric];
  const seeds = [...new Set(runs.map((run) => run.seed))];
  return (table.gains ?? []).flatMap(({ over, rows, metrics }) =>
    rows
      .filter((row) => isOneExperiment(runs, [row, over]))
      .flatMap((row) =>
        metrics.flatMap((metric) => {
          const pairs = seeds.flatMap((seed) => {
            const [ours, base] = [value(row, seed, metric), value(over, seed, metric)];
            return ours === undefined || base === undefined ? [] : [{ ours, base }];
          });
          if (pairs.length === 0 || pairs.some(({ base }) => base === 0)) return [];
          const sign = table.lowerIsBetter?.includes(metric) ? -1 : 1;
          const gain = estimate(pairs.map(({ ours, base }) => (sign * (ours - base)) / base));
          const mean = (side: 'ours' | 'base') => pairs.reduce((sum, pair) => sum + pair[side], 0) / pairs.length;
          return [{ row, over, metric, ours: mean('ours'), base: mean('base'), gain, verdict: verdictOf(gain) }];
        }),
      ),
  );
}

function verdictOf({ mean, half }: Estimate): Gain['verdict'] {
  if (half === undefined) return 'one seed';
  if (mean - half > 0) return 'gain';
  return mean + half < 0 ? 'loss' : 'no difference beyond the interval';
}

/** `+3.1 % ± 0.5`. */
export function shownGain({ mean, half }: Estimate): string {
  const percent = (100 * mean).toFixed(1);
  return `${mean > 0 ? '+' : ''}${percent} %${half === undefined ? '' : ` ± ${(100 * half).toFixed(1)}`}`;
}
