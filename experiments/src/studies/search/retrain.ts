import type { RecipeConfig } from '../../config/schema.ts';
import type { TableSection } from '../../report/table-section.ts';
import { beamRemark } from '../../run/evaluation/beam-remark.ts';
import { Interrupted } from '../../run/process/stop.ts';
import { formatMetric } from '../../terminal/format.ts';
import { runSeed, type SeedRun } from '../reproduce/seeds.ts';
import { estimate } from '../reproduce/verdict.ts';
import type { TrialContext } from './trials.ts';

/**
 * Trains the winner over seeds to its last epoch, or as long as its patience says, and tests it: the first that is seen
 * of the test set. Runs that are there are not made again.
 *
 * @throws Interrupted when a signal stopped it; all is saved.
 */
export async function retrain(
  winner: RecipeConfig,
  seeds: readonly number[],
  { out, name, data, choice, progress, stop }: TrialContext,
): Promise<SeedRun[]> {
  const done: SeedRun[] = [];
  for (const seed of seeds) {
    const config = { ...winner, seed };
    const run = await runSeed({ row: 'winner', recipe: name, config, data, out, choice, progress, stop });
    if (run === undefined) throw new Interrupted('stopped');
    done.push(run);
  }
  return done;
}

/** The figures of each seed on the test set, and their mean with its 95 % interval. */
export function retrainSection(winner: RecipeConfig, runs: readonly SeedRun[]): TableSection {
  const metrics = Object.keys(runs[0].metrics).filter((metric) => !metric.includes('/'));
  const mean = metrics.map((metric) => {
    const { mean: centre, half } = estimate(runs.map((run) => run.metrics[metric]));
    return half === undefined ? formatMetric(centre) : `${formatMetric(centre)} ± ${formatMetric(half)}`;
  });
  const remark = beamRemark(winner, metrics);
  return {
    title: 'The winner on the test set',
    note: `Each seed is a training of its own; mean and 95 % interval by Student's t.${remark === undefined ? '' : ` MRR: ${remark}.`}`,
    titles: ['seed', ...metrics],
    rows: [
      ...runs.map(({ seed, metrics: own }) => [String(seed), ...metrics.map((metric) => formatMetric(own[metric]))]),
      ['mean', ...mean],
    ],
  };
}
