import { existsSync } from 'node:fs';
import { ClickRows, clickRows, type Judged, judgedAs, type RankingConfig } from '@seqrec/models';
import type { RankingRunConfig } from '../../config/ranking-schema.ts';
import type { DataSummary } from '../../data/data-summary.ts';
import { RunError, UsageError } from '../../errors.ts';
import {
  type ProtocolDifference,
  protocolDifferences,
  type RunProtocol,
  refuseDifferences,
  renderDifferences,
  selectedData,
} from '../../run/evaluation/protocol.ts';
import { readJson } from '../../run/folder/atomic.ts';
import { readPredictions, type SavedPredictions } from '../../run/folder/predictions.ts';
import type { RunDir } from '../../run/folder/run-dir.ts';
import { rankingRunConfig } from '../../run/open/resume.ts';
import { tooFewUsers } from '../../run/verdict/bootstrap.ts';
import {
  orderMetrics,
  pairedRowDifferences,
  type RowDifference,
  type RowMetric,
  rowMetrics,
} from '../../run/verdict/row-bootstrap.ts';
import { formatMetric } from '../../terminal/format.ts';
import { renderSentences, renderTable } from '../../terminal/table.ts';

export interface CompareRowsRequest {
  /** The first is what the others are compared with. */
  readonly runs: readonly RunDir[];
  /** Default: all of {@link rowMetrics}, of {@link orderMetrics} where the scores of a run are an order. */
  readonly metrics?: readonly string[];
  readonly resamples?: number;
  /** Compares runs whose data or labels were made otherwise, too, where their rows are the same. */
  readonly force: boolean;
}

/** One ranking run against the first. */
export interface RowComparison {
  readonly base: string;
  readonly run: string;
  readonly label: string;
  readonly rows: number;
  readonly users: number;
  /** What GAUC and NDCG are by: the groups of the task that both runs were judged by, or users. */
  readonly by: 'group' | 'user';
  /** Where the protocols differ; never any unless forced. */
  readonly protocol: readonly ProtocolDifference[];
  /** Without intervals where there are too few users, or groups of several. */
  readonly differences: readonly (Pick<RowDifference, 'metric' | 'a' | 'b' | 'difference'> & Partial<RowDifference>)[];
}

/**
 * Paired comparison of ranking runs on the test rows that they share.
 *
 * @throws RunError that names each difference when data, split or label differ and `force` is not given, when the rows
 *   differ, and for labels that are numbers. UsageError for another metric.
 */
export function compareRows({ runs, metrics, resamples, force }: CompareRowsRequest): RowComparison[] {
  const [first, ...others] = runs;
  const base = recorded(first);
  const protocols = others.map((run) => protocolDifferences(base, recorded(run)));
  for (const [i, run] of others.entries()) if (!force) refuseDifferences(protocols[i], first.id, run.id);
  const a = predictionsOf(first);
  const compared = others.map((run) => predictionsOf(run));
  const known = [a, ...compared].some(({ as }) => as === 'order') ? orderMetrics : rowMetrics;
  const wanted = metrics === undefined ? known : metrics.map((name) => rowMetric(name, known));
  return others.map((run, i) => {
    const b = compared[i];
    if (a.events.length !== b.events.length || a.events.some((event, row) => event !== b.events[row]))
      throw new RunError(
        `compare: expected runs on the same test rows; got ${a.events.length} rows of ${first.id} and ${b.events.length} other ones of ${run.id}`,
      );
    const { users } = a;
    const count = new Set(users).size;
    const [groupsA, groupsB] = [a, b].map(groupsIn);
    const isOneGrouping = groupsA.every((group, row) => group === groupsB[row]);
    const [rowsA, rowsB] = isOneGrouping ? [a.rows, b.rows] : [a, b].map(({ rows }) => regrouped(rows, users));
    return {
      base: first.id,
      run: run.id,
      label: a.label,
      rows: a.rows.size,
      users: count,
      by: isOneGrouping && groupsA.some((group, row) => group !== users[row]) ? 'group' : 'user',
      protocol: protocols[i],
      differences: pairedRowDifferences(rowsA, rowsB, { metrics: wanted, users, ...(resamples && { resamples }) }).map(
        ({ metric, a, b, difference, units, overGroups, ...interval }) => ({
          ...{ metric, a, b, difference, units, ...(overGroups && { overGroups }) },
          ...(tooFewUsers(units) === undefined && interval),
        }),
      ),
    };
  });
}

function rowMetric(name: string, known: readonly RowMetric[]): RowMetric {
  const found = known.find((metric) => metric === name);
  if (found !== undefined) return found;
  const runs = known === orderMetrics ? 'runs whose scores are an order' : 'ranking runs';
  throw new UsageError(`--metrics: expected of ${known.join(', ')}, with commas, for ${runs}; got "${name}"`);
}

/** The group of each row, as the run had it. */
function groupsIn({ rows }: { readonly rows: ClickRows }): Float64Array {
  const { ids, of } = rows.groupsFor('compare');
  return Float64Array.from(of, (group) => ids[group]);
}

function regrouped({ labels, scores }: ClickRows, groups: ArrayLike<number>): ClickRows {
  return clickRows({ labels, logits: scores, groups });
}

/** What a run folder records of its protocol. */
function recorded(run: RunDir): RunProtocol {
  const { data, task } = rankingRunConfig(run);
  const { digest, split, examples } = readJson(run.data) as DataSummary;
  return new Map<string, unknown>([
    ['data digest', digest],
    ['split', split],
    ['test rows', examples.test],
    ...selectedData(data),
    // The loss need not be the same: what is compared are logits of clicks.
    ['task.labels', (task as { readonly labels?: readonly string[] }).labels],
  ]);
}

function predictionsOf(run: RunDir): SavedPredictions & { readonly rows: ClickRows; readonly as: Judged } {
  if (!existsSync(run.predictions))
    throw new RunError(
      `${run.predictions}: expected the predictions of a finished run; there are none; go on with seqrec train --resume ${run.path}`,
    );
  const saved = readPredictions(run.predictions);
  const { rows, as = judgedBy(rankingRunConfig(run)) } = saved;
  if (rows instanceof ClickRows) return { ...saved, rows, as };
  throw new RunError(
    `compare: expected runs of the loss binary, whose metrics have an interval; got ${run.id}, of labels that are numbers`,
  );
}

/** What the first label of a run is judged as. */
function judgedBy({ task }: RankingRunConfig): Judged {
  const { labels: [first] = [], loss = 'binary' } = task as Partial<RankingConfig>;
  return judgedAs[(typeof first === 'object' ? first.loss : undefined) ?? loss] ?? 'binary';
}

const ABOUT =
  'Interval: bootstrap over users. It is about other users, not about other seeds: `seqrec reproduce` is. Of logloss and NE less is better.';

export function renderRowComparisons(comparisons: readonly RowComparison[]): string {
  const right = (title: string) => ({ title, align: 'right' as const });
  const signed = (value: number): string => `${value < 0 ? '' : '+'}${formatMetric(value)}`;
  const parts = comparisons.map(({ base, run, label, rows, users, by, protocol, differences }) => {
    const cells = differences.map(({ metric, a, b, difference, low, high }) => [
      ...[metric, formatMetric(a), formatMetric(b), signed(difference)],
      ...(low === undefined || high === undefined
        ? ['', '']
        : [`[${signed(low)}, ${signed(high)}]`, low > 0 || high < 0 ? 'yes' : 'no']),
    ]);
    const few = new Set(
      differences.flatMap(({ units = users, overGroups }) => tooFewUsers(units, overGroups ? 'group' : 'user') ?? []),
    );
    const grouped = differences.filter(({ overGroups }) => overGroups).map(({ metric }) => metric);
    const over =
      grouped.length === 0 ? '' : `; the interval of ${grouped.join(' and ')} over these, which hold rows of several`;
    const columns = [{ title: 'metric' }, ...['first', 'second', 'difference', '95 % interval', 'beyond 0'].map(right)];
    const warning =
      protocol.length === 0
        ? ''
        : `\nNot one protocol: part of the difference is not of the models.\n${renderDifferences(protocol)}\n`;
    return `first:  ${base}\nsecond: ${run}\n${rows} test rows (${label}) of ${users} users, paired; GAUC by ${by === 'group' ? 'the groups of the task' : 'user'}${over}\n${warning}\n${renderTable(columns, cells)}${[...few].map((each) => `\n${each}`).join('')}`;
  });
  return `${parts.join('\n\n')}\n\n${renderSentences([ABOUT], '')}`;
}
