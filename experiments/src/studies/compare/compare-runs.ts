import { existsSync } from 'node:fs';
import { rankingBeams } from '../../data/coded-items.ts';
import { UsageError } from '../../errors.ts';
import { beamRemark } from '../../run/evaluation/beam-remark.ts';
import { evaluateSet } from '../../run/evaluation/evaluate-set.ts';
import {
  definedProtocol,
  type ProtocolDifference,
  protocolDifferences,
  recordedProtocol,
  refuseDifferences,
  renderDifferences,
} from '../../run/evaluation/protocol.ts';
import { readJson } from '../../run/folder/atomic.ts';
import { readRanks, type SavedRanks, saveRanks } from '../../run/folder/ranks.ts';
import { openRunDir, type RunDir } from '../../run/folder/run-dir.ts';
import { openTrainedRun } from '../../run/open/open-run.ts';
import { savedConfig } from '../../run/open/resume.ts';
import { type BackendOptions, startBackend } from '../../run/process/backend.ts';
import { tooFewUsers } from '../../run/verdict/bootstrap.ts';
import { type PairedDifference, pairedDifferences } from '../../run/verdict/paired.ts';
import { formatMetric } from '../../terminal/format.ts';
import { Progress } from '../../terminal/progress.ts';
import { renderSentences, renderTable } from '../../terminal/table.ts';

export interface CompareRequest {
  /** The first is what the others are compared with. */
  readonly runs: readonly string[];
  readonly out: string;
  readonly metrics: readonly string[];
  readonly resamples?: number;
  /** Compares runs whose protocols differ, too. */
  readonly force?: boolean;
  readonly dataFolder?: string;
  readonly backend: BackendOptions;
  readonly quiet: boolean;
}

/** One run against the first. */
export interface RunComparison {
  readonly base: string;
  readonly run: string;
  readonly users: number;
  /** Where the protocols differ; never any unless forced. */
  readonly protocol: readonly ProtocolDifference[];
  /** Of runs whose beams cut MRR. */
  readonly remarks: readonly string[];
  /** Without intervals where there are too few users. */
  readonly differences: readonly (Omit<PairedDifference, 'low' | 'high'> & Partial<PairedDifference>)[];
}

/**
 * Paired comparison of runs on the test set they share.
 *
 * @throws RunError that names each difference when data, split, window or protocol differ and `force` is not given.
 * UsageError for fewer than two runs, and for a cut-off beyond the beams or the items of one.
 */
export async function compareRuns(request: CompareRequest): Promise<RunComparison[]> {
  const { runs, out, metrics, resamples, force = false } = request;
  if (runs.length < 2) throw new UsageError(`compare: expected at least two runs; got ${runs.length}`);
  const progress = new Progress({ quiet: request.quiet });
  const [first, ...others] = runs.map((name) => openRunDir(out, name));
  const base = recordedProtocol(first);
  const remarks = new Map([first, ...others].map((run) => [run.id, remarkOn(run, metrics)]));
  const recorded = others.map((run) => protocolDifferences(base, recordedProtocol(run)));
  // Before ranks that are missing are made again, which takes a while.
  for (const [i, run] of others.entries()) if (!force) refuseDifferences(recorded[i], first.id, run.id);
  const baseRanks = await ranksOf(first, request, progress);
  const users = new Set(baseRanks.users).size;
  const comparisons: RunComparison[] = [];
  for (const [i, run] of others.entries()) {
    const ranks = await ranksOf(run, request, progress);
    const defined = protocolDifferences(definedProtocol(baseRanks.definition), definedProtocol(ranks.definition));
    if (!force) refuseDifferences(defined, first.id, run.id);
    comparisons.push({
      base: first.id,
      run: run.id,
      users,
      protocol: [...recorded[i], ...defined],
      remarks: [...new Set([remarks.get(first.id), remarks.get(run.id)])].filter((remark) => remark !== undefined),
      differences: pairedDifferences(baseRanks, ranks, metrics, { resamples }).map(({ low, high, ...figures }) => ({
        ...figures,
        ...(tooFewUsers(users) === undefined && { low, high }),
      })),
    });
  }
  return comparisons;
}

const cutoffOf = (metric: string): number => Number(/@(\d+)$/.exec(metric)?.[1] ?? 1);

/** What beams take off MRR of a run. @throws UsageError for a cut-off beyond them, or beyond the items. */
function remarkOn(run: RunDir, metrics: readonly string[]): string | undefined {
  const { config } = savedConfig(run);
  const beams = rankingBeams(config) ?? Number.POSITIVE_INFINITY;
  const beyond = metrics.find((metric) => cutoffOf(metric) > beams);
  if (beyond !== undefined)
    throw new UsageError(
      `--metrics: expected cut-offs of at most ${beams}, the beams of ${run.id}; got ${beyond}`,
      'its targets behind them are misses: smaller cut-offs, or a run with more task.beams',
    );
  const { statistics } = readJson(run.data) as { readonly statistics?: { readonly items?: number } };
  const items = statistics?.items ?? Number.POSITIVE_INFINITY;
  const certain = metrics.find((metric) => cutoffOf(metric) > items);
  if (certain !== undefined)
    throw new UsageError(
      `--metrics: expected cut-offs of at most ${items}, the items of ${run.id}; got ${certain}`,
      'a hit among more places than candidates is certain',
    );
  const remark = beamRemark(config, metrics);
  return remark && `${run.id}: ${remark}.`;
}

/** The ranks saved when the run finished; a run from before they were saved is evaluated now, and they are kept. */
async function ranksOf(run: RunDir, request: CompareRequest, progress: Progress): Promise<SavedRanks> {
  if (existsSync(run.ranks)) return readRanks(run.ranks);
  await startBackend(request.backend);
  const { dataFolder, out } = request;
  const opened = await openTrainedRun({ out, run: run.path, dataFolder, progress, takesGeneration: true });
  const evaluation = await evaluateSet(opened.model, opened.data.split.test, {
    data: opened.data,
    options: opened.config.evaluation,
    window: opened.config.model.maxSequenceLength,
    progress,
  });
  opened.model.dispose();
  await saveRanks(run.ranks, evaluation, opened.checkpoint);
  return readRanks(run.ranks);
}

const ABOUT =
  'Interval: bootstrap over users. p: sign-flip permutation over users, two-sided, one test a row, not adjusted for their ' +
  'number. Both are about other users, not about other seeds: `seqrec reproduce` is.';

export function renderComparisons(comparisons: readonly RunComparison[]): string {
  const right = (title: string) => ({ title, align: 'right' as const });
  const signed = (value: number): string => `${value < 0 ? '' : '+'}${formatMetric(value)}`;
  const parts = comparisons.map(({ base, run, users, protocol, remarks, differences }) => {
    const rows = differences.map((each) => [
      each.metric,
      formatMetric(each.a),
      formatMetric(each.b),
      signed(each.difference),
      each.low === undefined || each.high === undefined ? '' : `[${signed(each.low)}, ${signed(each.high)}]`,
      each.p < 0.001 ? '< .001' : each.p.toFixed(3),
    ]);
    const few = tooFewUsers(users);
    const columns = [{ title: 'metric' }, ...['first', 'second', 'difference', '95 % interval', 'p'].map(right)];
    const warning =
      protocol.length === 0
        ? ''
        : `\nNot one protocol: part of the difference is not of the models.\n${renderDifferences(protocol)}\n`;
    const below = [
      ...(few === undefined ? [] : [few]),
      ...(remarks.length === 0 ? [] : [renderSentences(remarks, '')]),
    ];
    return [
      `first:  ${base}\nsecond: ${run}\n${users} users of the test set, paired\n${warning}`,
      renderTable(columns, rows),
      ...below,
    ].join('\n');
  });
  return `${parts.join('\n\n')}\n\n${renderSentences([ABOUT], '')}`;
}
