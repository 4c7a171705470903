import { checkTrainingLabels, type ExampleSet } from '@seqrec/data';
import {
  areClicks,
  checkModelRows,
  clickRows,
  isJudgedBy,
  type JudgedLabel,
  judgedMetrics,
  type RankingTask,
  valueRows,
} from '@seqrec/models';
import type { RankingRunConfig } from '../../config/ranking-schema.ts';
import { watchedSet } from '../../data/dataset.ts';
import type { PreparedRows } from '../../data/prepare-rows.ts';
import { ConfigError } from '../../errors.ts';
import { checkBeginning } from '../open/check-config.ts';
import { type ResolvedRanking, selectedMetric } from './ranking-of.ts';
import { labelsOf } from './row-baselines.ts';
import { rowSegmentations } from './segments.ts';

/**
 * Checks what only the data can tell, before the first step and not after the first epoch.
 *
 * @param isResumed whether the run has begun: what was right to begin it stays right.
 * @throws ConfigError naming the key; {DataError} `constant-label` for a label that is judged and the same in
 *   all training rows.
 */
export function checkRankingAgainstData(
  config: RankingRunConfig,
  { split }: PreparedRows,
  { task }: ResolvedRanking,
  isResumed = false,
): void {
  const { evaluation, optimizer } = config;
  checkTrainingLabels(
    split.train,
    task.judged.map((label) => ({ name: label.column, values: labelsOf(split.interactions, label) })),
  );
  if (!isResumed) {
    checkBeginning(config, split);
    checkModelRows({ ...config.model, kind: config.model.kind as string }, split.train);
  }
  rowSegmentations(evaluation, { train: split.train, set: split.test, task });
  const watched = watchedSet(split);
  const { judged } = task;
  for (const set of [split.validation, split.test]) if (set !== undefined) checkJudgedRows(set, task);
  const possible = possibleMetrics(watched, judged);
  const names = judged.flatMap(({ label, metrics }, l) =>
    metrics.map(({ name }) => (l === 0 ? name : `${name}|${label}`)),
  );
  const known = { names, possible, judgedAs: judged[0].as, watched };
  checkMetric('evaluation.selectBy', selectedMetric(config, task), known);
  const { schedule } = optimizer;
  if (schedule?.kind === 'plateau' && schedule.metric !== undefined)
    checkMetric('optimizer.schedule.metric', schedule.metric, known);
}

/** @throws ConfigError for a part that has no row with a label, or none with all labels of the value. */
function checkJudgedRows({ name, interactions, targets }: ExampleSet, { judged, valued }: RankingTask): void {
  const known = new Map(
    judged.map(({ label, column, parents }) => [label, labelsOf(interactions, { column, parents })] as const),
  );
  const need = (labels: readonly string[], what: string): void => {
    const columns = labels.map((label) => known.get(label) as ArrayLike<number>);
    if (targets.some((row) => columns.every((values) => !Number.isNaN(values[row])))) return;
    throw new ConfigError(
      `data.split: expected rows with ${what} in every part that is evaluated; got none among the ${targets.length} of the ${name} set`,
      `split in another way, or leave ${labels.length > 1 ? 'task.value' : 'the label'} out`,
    );
  };
  for (const { label, column } of judged) need([label], `the label ${column}`);
  if (valued !== undefined) need(valued, `all labels of task.value, ${valued.join(', ')}`);
}

interface Known {
  readonly names: readonly string[];
  readonly possible: Possible;
  readonly judgedAs: JudgedLabel['as'];
  readonly watched: ExampleSet;
}

function checkMetric(key: string, metric: string, { names, possible, judgedAs, watched }: Known): void {
  if (!names.includes(metric)) {
    const other = judgedAs === 'squared' ? 'binary' : 'squared';
    throw new ConfigError(
      `${key}: expected one of ${names.join(', ')}; got ${metric}`,
      judgedAs === 'order'
        ? 'losses that compare rows are judged by their order alone'
        : `the loss ${judgedAs} is of labels that are ${judgedAs === 'squared' ? 'numbers' : '0 or 1'}, --task.loss ${other} has other metrics`,
    );
  }
  const reason = possible.undefinedMetrics[metric];
  if (reason === undefined) return;
  throw new ConfigError(
    `${key}: expected a metric that has a value on the ${watched.name} set, which the best checkpoint is chosen by; got ${metric}: ${reason}`,
    `split in another way, or set --${key} ${names.find((name) => possible.metrics[name] !== undefined) ?? 'otherwise'}`,
  );
}

interface Possible {
  readonly metrics: Readonly<Record<string, number>>;
  readonly undefinedMetrics: Readonly<Record<string, string>>;
}

/** Which metrics the labels of a set allow, whatever the model: those of one score for all rows. */
function possibleMetrics(set: ExampleSet, judged: readonly JudgedLabel[]): Possible {
  const { interactions, targets, users } = set;
  const metrics: Record<string, number> = {};
  const undefinedMetrics: Record<string, string> = {};
  for (const [l, { label, column, parents, as, groupsOf, metrics: own }] of judged.entries()) {
    const values = labelsOf(interactions, { column, parents });
    const kept = Int32Array.from(targets.keys()).filter((e) => !Number.isNaN(values[targets[e]]));
    const groups = groupsOf?.(set);
    const columns = {
      labels: Float64Array.from(kept, (e) => values[targets[e]]),
      groups: Int32Array.from(kept, (e) => groups?.[targets[e]] ?? users[e]),
    };
    const zeros = new Float64Array(kept.length);
    const isClicks = areClicks(as, values);
    const measured = judgedMetrics(
      isClicks ? clickRows({ ...columns, logits: zeros }) : valueRows({ ...columns, predictions: zeros }),
      as,
    );
    const suffix = l === 0 ? '' : `|${label}`;
    for (const [name, value] of Object.entries(measured.metrics)) metrics[`${name}${suffix}`] = value;
    for (const [name, reason] of Object.entries(measured.undefinedMetrics))
      undefinedMetrics[`${name}${suffix}`] = reason;
    // An order of clicks has other metrics than one of numbers: those of the other have neither value nor reason.
    for (const { name } of as === 'order' ? own : []) {
      const key = `${name}${suffix}`;
      if (!isJudgedBy(as, name) || key in metrics || key in undefinedMetrics) continue;
      undefinedMetrics[key] = isClicks
        ? `it is of numbers, and ${column} is 0 or 1`
        : `it is of clicks, and ${column} is not 0 or 1 alone`;
    }
  }
  return { metrics, undefinedMetrics };
}
