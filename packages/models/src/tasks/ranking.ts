import { type Column, type ExampleSet, makeBatch, type SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { ConfigError, EvaluationError } from '../errors.ts';
import { rankingMetrics } from '../evaluate/ranking/ranking-metrics.ts';
import { clickRows, type ScoredRows, valueRows } from '../evaluate/ranking/rows.ts';
import { type EncoderBatch, uploadBatch } from '../inputs.ts';
import { withStoredTables } from '../layers/stored-rows.ts';
import { isRanker, type Model, type Ranker } from '../model.ts';
import type { WeightedLoss } from '../objectives/objective.ts';
import { batchesOfRows, examplesFor } from '../rankers/examples-for.ts';
import { batchColumns } from '../train/columns.ts';
import { knownRows, labelLoss } from './label-loss.ts';
import type { Task, TaskEvaluateOptions, TaskEvaluation, TaskMetric } from './task.ts';

const label = z.string().min(1);

/** `task` of a configuration: logits of rows against their labels. */
export const rankingConfigSchema = z
  .strictObject({
    kind: z.literal('ranking'),
    labels: z
      .array(label)
      .min(1)
      .optional()
      .describe(
        'Columns of labels; default: the first in the role `labels`. The first of them is evaluated by the metrics without a suffix.',
      ),
    loss: z
      .enum(['binary', 'squared'])
      .default('binary')
      .describe(
        '`binary`: labels are 0 or 1, cross-entropy of the sigmoid. `squared`: labels are numbers, `(logit - label)^2`.',
      ),
    lossWeights: z
      .array(z.number().min(0))
      .min(1)
      .optional()
      .describe('What the loss of each label is multiplied by, in their order; default 1.'),
  })
  .describe('Logits of rows against their labels.');
export type RankingConfig = z.output<typeof rankingConfigSchema>;

/** A label of the rows of an evaluated set, with what the model says of them. */
export interface RankedLabel {
  readonly label: string;
  readonly rows: ScoredRows;
  /** Logits, or predicted values, in the order of the examples that have the label. */
  readonly scores: Float64Array;
  /** The example of each row. */
  readonly examples: Int32Array;
}

export interface RankingEvaluation extends TaskEvaluation {
  readonly labels: readonly RankedLabel[];
}

/**
 * A task over rows whose evaluation keeps them: what a run of rows needs of its task, `ranking` or one of a plug-in.
 */
export interface RankingTask extends Task<Ranker> {
  /** The columns of the labels, one for each logit of the model. */
  readonly labels: readonly string[];
  /** What labels are, and by which metrics they are judged: clicks or numbers. */
  readonly judgedAs: RankingConfig['loss'];
  readonly metrics: readonly TaskMetric[];
  evaluate(options: TaskEvaluateOptions<Ranker>): Promise<RankingEvaluation>;
}

/** Names of the metrics of a label; those of the first have no suffix, those of another have `|label`. */
const METRICS = {
  binary: [
    ['AUC', 'larger'],
    ['GAUC', 'larger'],
    ['logloss', 'smaller'],
    ['NE', 'smaller'],
    ['ECE', 'smaller'],
    ['accuracy', 'larger'],
  ],
  squared: [
    ['RMSE', 'smaller'],
    ['MSE', 'smaller'],
    ['MAE', 'smaller'],
    ['RAUC', 'larger'],
    ['XAUC', 'larger'],
  ],
} as const;

/**
 * Ranking: a logit for each label of a row. The loss is the sum over labels of the mean of `w_l (softplus(z) - y z)`
 * (`binary`) or `w_l (z - y)^2` (`squared`) over the rows that have the label; a row without one, NaN, does not count.
 * A model of branches says itself how their losses come to that of a label: `Branches.loss`.
 *
 * @param labels the columns of the labels, resolved: see {@link rankingLabels}.
 */
export function rankingTask(
  { loss, lossWeights }: Pick<RankingConfig, 'loss' | 'lossWeights'>,
  labels: readonly string[],
): RankingTask {
  if (lossWeights !== undefined && lossWeights.length !== labels.length) {
    throw new ConfigError(
      `task: lossWeights: expected one for each of the ${labels.length} labels (${labels.join(', ')}); got ${lossWeights.length}`,
      'lossWeights',
    );
  }
  const weights = lossWeights ?? labels.map(() => 1);
  const columns = { targets: labels };
  return {
    name: 'ranking',
    labels,
    judgedAs: loss,
    identity: { task: { kind: 'ranking', labels: [...labels], loss, lossWeights: [...weights] } },
    columns,
    namesItems: true,
    readsEmptyHistories: true,
    check: (model, examples) => checkRanker(model, examples, labels, loss),
    loss: ({ model, batch, part, run }) => {
      const made = model.branches?.logits(batch, run) ?? { logits: model.logits(batch, run), branches: [] };
      const fused = byLabel(made.logits);
      const branches = made.branches.map(byLabel);
      const terms = labels.map((name, l) => {
        const whole = knownRows(labelOf(part.whole, name));
        const own = labelLoss(labelOf(batch.host, name), loss);
        // Means over the rows of the whole batch, as a sum over those of the part.
        const share = (weights[l] * part.whole.users.length) / Math.max(1, whole);
        if (model.branches === undefined) return tf.mul(own.sum(fused[l]), share);
        const mean = model.branches.loss(
          fused[l],
          branches.map((branch) => branch[l]),
          own,
        );
        return tf.mul(mean, share * own.rows);
      });
      const sum = (terms.length === 1 ? terms[0] : tf.addN(terms)) as tf.Scalar;
      return { sum, weight: batch.numSequences } satisfies WeightedLoss;
    },
    metrics: METRICS[loss].map(([name, better]) => ({ name, better })),
    evaluate: (options) => evaluateRanking(options, labels, loss, batchColumnsOf(options.model, columns)),
  };
}

/** Whether a task gives what a run of rows needs. */
export function isRankingTask(task: Task): task is RankingTask {
  const { labels, judgedAs, metrics, evaluate } = task as Partial<RankingTask>;
  return labels !== undefined && judgedAs !== undefined && metrics !== undefined && evaluate !== undefined;
}

/** The labels of a configuration, or the first in the role `labels`. @throws ConfigError when there is none. */
export function rankingLabels({ labels }: Pick<RankingConfig, 'labels'>, { interactions }: ExampleSet): string[] {
  const known = interactions.roles.labels;
  if (labels === undefined) {
    if (known.length > 0) return [known[0]];
    throw new ConfigError(
      `task: labels: expected data with labels; ${interactions.name} has none; make one with --data.label.column, or name columns with --data.labels`,
      'labels',
    );
  }
  for (const name of labels) {
    if (known.includes(name)) continue;
    throw new ConfigError(
      `task: labels: expected columns in the role labels; got ${name}; there are ${known.join(', ') || 'none'}`,
      'labels',
    );
  }
  return [...labels];
}

function batchColumnsOf(model: Ranker, columns: Task['columns']) {
  return batchColumns(model, { columns } as Task);
}

function checkRanker(model: Model, examples: ExampleSet, labels: readonly string[], loss: RankingConfig['loss']): void {
  if (!isRanker(model)) {
    throw new ConfigError(
      `trainer: model: expected a model of rows, which ranking trains; got '${model.kind}'; train it under the task 'retrieval'`,
      'model',
    );
  }
  if (model.labels !== labels.length) {
    throw new ConfigError(
      `trainer: model: expected ${labels.length} logits a row, for ${labels.join(', ')}; got a '${model.kind}' with ${model.labels}; make it with labels: ${labels.length}`,
      'model',
    );
  }
  for (const name of labels) {
    const column = examples.interactions.events.columns.get(name);
    if (column?.kind !== 'number' || column.width !== 1) {
      throw new ConfigError(
        `task: labels: expected a column of numbers; got ${name}, ${column?.kind ?? 'no column'}`,
        'labels',
      );
    }
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const row of examples.targets) {
      const value = column.values[row];
      if (Number.isNaN(value)) continue;
      if (loss === 'binary' && value !== 0 && value !== 1) {
        throw new ConfigError(
          `task: labels: expected 0 or 1 in ${name} for the loss 'binary'; got ${value} in row ${row}; set the loss to squared, or make a label with --data.label.column ${name}`,
          'labels',
        );
      }
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    if (least < most) continue;
    throw new ConfigError(
      `task: labels: expected a label that differs between the training rows; got ${least > most ? 'none' : `${least} everywhere`} in ${name}: nothing can be learned from it`,
      'labels',
    );
  }
}

/** The logits of each label, `[B]`. The gradient of a split into one part fails in TensorFlow.js. */
function byLabel(logits: tf.Tensor2D): tf.Tensor1D[] {
  const labels = logits.shape[1];
  const columns = labels === 1 ? [logits] : tf.split(logits, labels, 1);
  return columns.map((column) => tf.reshape(column, [-1]));
}

function labelOf(batch: SequenceBatch, name: string): Float32Array {
  const column: Column | undefined = batch.columns?.targets?.get(name);
  if (column?.kind === 'number') return column.values;
  throw new EvaluationError(`ranking: expected a batch with the label ${name} of its target events; got one without`);
}

async function evaluateRanking(
  { model, examples, batchSize, onProgress }: TaskEvaluateOptions<Ranker>,
  labels: readonly string[],
  loss: RankingConfig['loss'],
  columns: ReturnType<typeof batchColumnsOf>,
): Promise<RankingEvaluation> {
  const total = examples.targets.length;
  const scores = labels.map(() => new Float64Array(total));
  const truth = labels.map(() => new Float64Array(total));
  const read = examplesFor(model, examples);
  for (const { indices, firstRow } of batchesOfRows(read, batchSize)) {
    const host = makeBatch(read, indices, columns);
    const values = await logitsOf(model, uploadBatch(host));
    const count = values.length / labels.length;
    for (const [l, name] of labels.entries()) {
      truth[l].set(labelOf(host, name), firstRow);
      for (let i = 0; i < count; i++) scores[l][firstRow + i] = values[i * labels.length + l];
    }
    onProgress?.({ done: firstRow + count, total });
  }
  const metrics: Record<string, number> = {};
  const definition: string[] = [];
  const warnings: string[] = [];
  const ranked: RankedLabel[] = [];
  for (const [l, name] of labels.entries()) {
    const bad = scores[l].findIndex((score) => !Number.isFinite(score));
    if (bad >= 0) {
      throw new EvaluationError(
        `evaluate: expected finite logits; got ${scores[l][bad]} for example ${bad} of the ${examples.name} set; the model has diverged`,
      );
    }
    // Two rows may well have one score, a whole set has not.
    if (total > 2 && scores[l].every((score) => score === scores[l][0])) {
      throw new EvaluationError(
        `evaluate: expected logits that tell rows apart; got ${scores[l][0]} for all ${total} rows of the ${examples.name} set; the model has collapsed: use a smaller learning rate or an earlier checkpoint`,
      );
    }
    const kept = Int32Array.from(truth[l].keys()).filter((row) => !Number.isNaN(truth[l][row]));
    if (kept.length === 0) {
      throw new EvaluationError(`evaluate: expected rows with the label ${name} in the ${examples.name} set; got none`);
    }
    const own = Float64Array.from(kept, (row) => scores[l][row]);
    const y = Float64Array.from(kept, (row) => truth[l][row]);
    const groups = Int32Array.from(kept, (row) => examples.users[row]);
    const rows =
      loss === 'binary'
        ? clickRows({ logits: own, labels: y, groups })
        : valueRows({ predictions: own, labels: y, groups });
    const measured = rankingMetrics(rows);
    const suffix = l === 0 ? '' : `|${name}`;
    for (const [metric, value] of Object.entries(measured.metrics)) metrics[`${metric}${suffix}`] = value;
    const about = labels.length > 1 ? `${name}: ` : '';
    definition.push(...measured.definition.map((line) => `${about}${line}`));
    for (const [metric, reason] of Object.entries(measured.undefinedMetrics)) {
      warnings.push(`${about}${metric} has no value on the ${examples.name} set: ${reason}`);
    }
    ranked.push({ label: name, rows, scores: own, examples: kept });
  }
  return { metrics, definition, warnings, labels: ranked };
}

async function logitsOf(model: Ranker, batch: EncoderBatch): Promise<Float32Array> {
  const logits = await withStoredTables(model, batch.host, () =>
    tf.tidy(() => model.logits(batch, { training: false, step: 0, seed: 0 })),
  );
  try {
    return (await logits.data()) as Float32Array;
  } finally {
    tf.dispose(logits);
    batch.dispose();
  }
}
