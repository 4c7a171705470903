import type { BatchColumns, ExampleSet, SequenceBatch } from '@seqrec/data';
import type * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../../errors.ts';
import type { Ranker } from '../../model.ts';
import type { WeightedLoss } from '../../objectives/objective.ts';
import type { Task, TaskEvaluateOptions, TaskMetric } from '../task.ts';
import { headLabelsIn, labelIn, ofEvents } from './batch-rows.ts';
import { branchesLoss, byHead } from './branches-loss.ts';
import { checkForm, checkRanker } from './check.ts';
import { checkGroups } from './check-groups.ts';
import type { RankingConfig } from './config.ts';
import { evaluateRanking } from './evaluate.ts';
import type { RankingEvaluation } from './evaluation.ts';
import { groupsOfEvents } from './grouping.ts';
import { type Head, headMetrics, headsOf, isOfGroups, type Judged, judgedAs, parentsOf } from './heads.ts';
import { type RowTruth, rankingLoss } from './loss.ts';
import { sessionWeights } from './session-weights.ts';
import { checkValue } from './value.ts';

/** A head that is served: what is judged, and by which metrics. */
export interface JudgedLabel {
  readonly label: string;
  readonly column: string;
  /** Columns of the heads above it: where one of them is 0 a label that is missing is 0. */
  readonly parents?: readonly string[];
  readonly as: Judged;
  /** The group of each event, within which its order is judged; absent: by user. */
  readonly groupsOf?: (examples: ExampleSet) => Int32Array;
  readonly metrics: readonly TaskMetric[];
}

/**
 * A task over rows whose evaluation keeps them: what a run of rows needs of its task, `ranking` or one of a plug-in.
 */
export interface RankingTask extends Task<Ranker> {
  /** The names of the heads, one for each logit of the model. */
  readonly labels: readonly string[];
  /** Those that are evaluated, the first one first. */
  readonly judged: readonly JudgedLabel[];
  /** Labels that the value of a row is made of: it is judged on the rows that have all of them. */
  readonly valued?: readonly string[];
  /** Of the first. */
  readonly metrics: readonly TaskMetric[];
  /** Whether the model has log variances of the labels to learn (`ModelOptions.logVariances`). */
  readonly learnsLogVariances?: boolean;
  evaluate(options: TaskEvaluateOptions<Ranker>): Promise<RankingEvaluation>;
}

/** What `rankingTask` takes of a configuration; all of it has a default. */
export type RankingTaskOptions = Partial<Omit<RankingConfig, 'kind'>>;

/**
 * Ranking: a logit for each label of a row. The loss is the sum over labels of `w_l` times the mean of the loss of the
 * label over the rows that have it; a row without, NaN, does not count. Losses: `rowLosses`, `pairwiseSum`,
 * `listwiseSum`; how they are put together: `rankingLoss`.
 *
 * @param labels the columns of the labels, resolved: see {@link rankingLabels}.
 * @param train the training rows, for `sessionWeights` and losses within groups.
 * @throws ConfigError for settings that do not go together.
 */
export function rankingTask(config: RankingTaskOptions, labels: readonly string[], train?: ExampleSet): RankingTask {
  const { balance = 'fixed', group = 'user', value } = config;
  const heads = headsOf(config, labels);
  const served = heads.filter((head) => head.served);
  if (value !== undefined)
    checkValue(
      value,
      served.map(({ name }) => name),
    );
  const weights = weightsOf(config, heads, train);
  const ofGroups = heads.some(isOfGroups);
  if (!ofGroups && group !== 'user') {
    throw new ConfigError(
      `task: group: expected it with pairwise or listwise, which compare the rows of a group; got ${group} with ${heads.map(({ loss }) => loss).join(', ')}; leave it out: users are the groups of GAUC`,
      'group',
    );
  }
  const groupsOf = ofGroups ? (examples: ExampleSet) => groupsOfEvents(examples, group, 'group') : undefined;
  const groups = groupsOf?.(trainingRows(train, 'group'));
  const columns: BatchColumns = {
    targets: [...new Set(heads.flatMap(({ column, teacher }) => [column, ...(teacher ? [teacher.column] : [])]))],
    ...((ofGroups || weights) && { examples: ['events'] as const }),
  };
  const truthOf = (batch: SequenceBatch): RowTruth => ({
    rows: batch.rowOffsets?.at(-1) ?? batch.users.length,
    labels: headLabelsIn(batch, heads),
    teachers: heads.map(({ teacher }) => teacher && labelIn(batch, teacher.column)),
    ...(weights && { weights: ofEvents(weights, batch) }),
    ...(groups && { groups: ofEvents(groups, batch) }),
  });
  return {
    name: 'ranking',
    labels: heads.map(({ name }) => name),
    judged: served.map(({ name, column, loss, ...head }) => ({
      label: name,
      column,
      parents: parentsOf(heads, head).map((each) => each.column),
      as: judgedAs[loss],
      ...(isOfGroups({ loss }) && { groupsOf }),
      metrics: headMetrics[judgedAs[loss]],
    })),
    ...(value && { valued: [...new Set(value.map(({ label }) => label))] }),
    identity: { task: identityOf(config, heads) },
    columns,
    namesItems: true,
    readsEmptyHistories: true,
    ...(balance === 'uncertainty' && { learnsLogVariances: true }),
    ...(groups && {
      together: ({ targets }: ExampleSet) => targets.map((event) => groups[event]),
    }),
    check: (model, examples) => {
      checkRanker(model, examples, heads, balance);
      if (groups) checkGroups(examples, heads, { of: groups, by: group });
      checkForm(model as Ranker, heads, { balance, hasWeights: weights !== undefined });
    },
    loss: ({ model, batch, part, run }) => {
      const own = truthOf(batch.host);
      const whole = part.whole === batch.host ? own : truthOf(part.whole);
      const { branches } = model;
      if (branches !== undefined) {
        const sum = branchesLoss(heads, branches.loss, branches.logits(batch, run), { part: own, whole });
        return { sum, weight: own.rows } satisfies WeightedLoss;
      }
      const rows = byHead(model.logits(batch, run));
      const variances = balance === 'uncertainty' ? (model.logVariances?.() as tf.Tensor1D | undefined) : undefined;
      const sum = rankingLoss(heads, rows, { part: own, whole }, variances);
      return { sum, weight: own.rows } satisfies WeightedLoss;
    },
    metrics: headMetrics[judgedAs[heads[0].loss]],
    evaluate: (options) => evaluateRanking(options, heads, { columns, value, groupsOf }),
  };
}

/** Whether a task gives what a run of rows needs. */
export function isRankingTask(task: Task): task is RankingTask {
  const { labels, judged, metrics, evaluate } = task as Partial<RankingTask>;
  return labels !== undefined && judged !== undefined && metrics !== undefined && evaluate !== undefined;
}

function weightsOf(
  { sessionWeights: given }: RankingTaskOptions,
  heads: readonly Head[],
  train: ExampleSet | undefined,
): Float32Array | undefined {
  if (given === undefined) return undefined;
  if (heads.every(isOfGroups))
    throw new ConfigError(
      'task: sessionWeights: expected a loss of rows; got pairwise and listwise alone, which compare rows of a group',
      'sessionWeights',
    );
  return sessionWeights(trainingRows(train, 'sessionWeights'), given);
}

function trainingRows(train: ExampleSet | undefined, key: string): ExampleSet {
  if (train !== undefined) return train;
  throw new ConfigError(`task: ${key}: expected the training rows; got none; give them to rankingTask as well`, key);
}

/** What of a configuration changes the loss; what is left at its default is not there, as before it was a choice. */
function identityOf(
  { balance = 'fixed', group = 'user', sessionWeights: sessions }: RankingTaskOptions,
  heads: readonly Head[],
) {
  const isPlain = heads.every(
    ({ loss, parent, teacher, name, column }) =>
      loss === heads[0].loss &&
      (loss === 'binary' || loss === 'squared') &&
      parent === undefined &&
      !teacher &&
      name === column,
  );
  return {
    kind: 'ranking',
    ...(isPlain
      ? {
          labels: heads.map(({ column }) => column),
          loss: heads[0].loss,
          lossWeights: heads.map(({ weight }) => weight),
        }
      : { heads: heads.map(({ served: _, ...head }) => head) }),
    ...(balance !== 'fixed' && { balance }),
    ...(heads.some(isOfGroups) && { group }),
    ...(sessions && { sessionWeights: { ...sessions } }),
  };
}
