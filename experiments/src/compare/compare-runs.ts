import { existsSync } from 'node:fs';
import { RunError, UsageError } from '../errors.ts';
import { readJson } from '../runs/atomic.ts';
import type { DataSummary } from '../runs/data-summary.ts';
import { readRanks, type SavedRanks, saveRanks } from '../runs/ranks.ts';
import { openRunDir, type RunDir } from '../runs/run-dir.ts';
import { formatMetric } from '../terminal/format.ts';
import { Progress } from '../terminal/progress.ts';
import { renderTable } from '../terminal/table.ts';
import { type BackendOptions, startBackend } from '../training/backend.ts';
import { evaluateSet } from '../training/evaluate-set.ts';
import { openTrainedRun } from '../training/open-run.ts';
import { savedConfig } from '../training/resume.ts';
import { type PairedDifference, pairedDifferences } from './paired.ts';

export interface CompareRequest {
  /** The first is what the others are compared with. */
  readonly runs: readonly string[];
  readonly out: string;
  readonly metrics: readonly string[];
  readonly resamples?: number;
  readonly dataFolder?: string;
  readonly backend: BackendOptions;
  readonly quiet: boolean;
}

/** One run against the first. */
export interface RunComparison {
  readonly base: string;
  readonly run: string;
  readonly users: number;
  readonly differences: readonly PairedDifference[];
}

/**
 * Paired comparison of runs on the test set they share.
 *
 * @throws RunError when data, split or protocol differ. UsageError for fewer than two runs.
 */
export async function compareRuns(request: CompareRequest): Promise<RunComparison[]> {
  const { runs, out, metrics, resamples } = request;
  if (runs.length < 2) throw new UsageError(`compare: expected at least two runs; got ${runs.length}`);
  const progress = new Progress({ quiet: request.quiet });
  const opened = runs.map((name) => openRunDir(out, name));
  for (const run of opened.slice(1)) checkComparable(opened[0], run);
  const ranks: SavedRanks[] = [];
  for (const run of opened) ranks.push(await ranksOf(run, request, progress));
  return opened.slice(1).map((run, i) => ({
    base: opened[0].id,
    run: run.id,
    users: new Set(ranks[0].users).size,
    differences: pairedDifferences(ranks[0], ranks[i + 1], metrics, { resamples }),
  }));
}

/** The same data, split and ranking rules: else a difference would not be one of the models. */
function checkComparable(a: RunDir, b: RunDir): void {
  const protocol = (run: RunDir) => {
    const { data, evaluation } = savedConfig(run).config;
    const { excludeSeen, positions } = evaluation;
    const { digest, split } = readJson(run.data) as DataSummary;
    return { data: data.format, digest, split, excludeSeen, positions };
  };
  const [left, right] = [protocol(a), protocol(b)];
  for (const key of Object.keys(left) as (keyof typeof left)[]) {
    if (left[key] === right[key]) continue;
    throw new RunError(
      `compare: expected runs on the same data under the same protocol; ${key} is ${JSON.stringify(left[key])} in ${a.id} and ${JSON.stringify(right[key])} in ${b.id}`,
    );
  }
}

/** The ranks saved when the run finished; a run from before they were saved is evaluated now, and they are kept. */
async function ranksOf(run: RunDir, request: CompareRequest, progress: Progress): Promise<SavedRanks> {
  if (existsSync(run.ranks)) return readRanks(run.ranks);
  await startBackend(request.backend);
  const hasValidation =
    savedConfig(run).config.data.format !== 'synthetic' &&
    (readJson(run.data) as DataSummary).examples.validation !== undefined;
  const checkpoint = hasValidation ? 'best' : 'last';
  const { dataFolder, out } = request;
  const opened = await openTrainedRun({ out, run: run.path, checkpoint, dataFolder, progress });
  const evaluation = await evaluateSet(opened.model, opened.data.split.test, {
    data: opened.data,
    options: opened.config.evaluation,
    window: opened.model.maxSequenceLength,
    progress,
  });
  opened.model.dispose();
  await saveRanks(run.ranks, evaluation, checkpoint);
  return readRanks(run.ranks);
}

export function renderComparisons(comparisons: readonly RunComparison[]): string {
  const right = (title: string) => ({ title, align: 'right' as const });
  const signed = (value: number): string => `${value < 0 ? '' : '+'}${formatMetric(value)}`;
  const parts = comparisons.map(({ base, run, users, differences }) => {
    const rows = differences.map((each) => [
      each.metric,
      formatMetric(each.a),
      formatMetric(each.b),
      signed(each.difference),
      `[${signed(each.low)}, ${signed(each.high)}]`,
      each.p < 0.001 ? '< .001' : each.p.toFixed(3),
    ]);
    const columns = [{ title: 'metric' }, ...['first', 'second', 'difference', '95 % interval', 'p'].map(right)];
    return `first:  ${base}\nsecond: ${run}\n${users} users of the test set, paired\n\n${renderTable(columns, rows)}`;
  });
  return `${parts.join('\n\n')}\n\nInterval: bootstrap over users. p: sign-flip permutation over users, two-sided, one test a row, not adjusted for their\nnumber. Both are about other users, not about other seeds: \`seqrec reproduce\` is.`;
}
