import { type BatchColumns, type ExampleSet, makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { EvaluationError } from '../../errors.ts';
import { rankingMetrics } from '../../evaluate/ranking/ranking-metrics.ts';
import { clickRows, type ScoredRows, valueRows } from '../../evaluate/ranking/rows.ts';
import { type EncoderBatch, uploadBatch } from '../../inputs.ts';
import { withStoredTables } from '../../layers/stored-rows.ts';
import type { Ranker } from '../../model.ts';
import { batchesOfRows, examplesFor } from '../../rankers/examples-for.ts';
import { batchColumns } from '../../train/columns.ts';
import type { Task, TaskEvaluateOptions } from '../task.ts';
import { headLabelsIn } from './batch-rows.ts';
import { numbersOf } from './check.ts';
import { productLogitOf } from './conditional.ts';
import type { ValueTerm } from './config.ts';
import type { RankedLabel, RankingEvaluation } from './evaluation.ts';
import { type Head, type Judged, judgedAs, parentsOf } from './heads.ts';
import { areClicks, judgedMetrics } from './judged-metrics.ts';
import { predictionOf } from './losses.ts';
import { rowValue } from './value.ts';

interface Judging {
  /** What the task reads of a batch. */
  readonly columns: BatchColumns;
  readonly value?: readonly ValueTerm[];
  /** Groups of the events, of losses that compare rows. */
  readonly groupsOf?: (examples: ExampleSet) => Int32Array;
}

/** Answers of all heads for all examples of a set, and the truth; by head. */
interface Answers {
  /** Logits of rows of two classes, with those of the parents; else what is predicted. */
  readonly scores: readonly Float64Array[];
  readonly truth: readonly Float64Array[];
}

/** Metrics of the heads that are served, and of the value. */
export async function evaluateRanking(
  options: TaskEvaluateOptions<Ranker>,
  heads: readonly Head[],
  { columns, value, groupsOf }: Judging,
): Promise<RankingEvaluation> {
  const { examples } = options;
  const answers = await answersOf(options, heads, batchColumns(options.model, { columns } as Task));
  const said = new Said();
  const served = heads.flatMap((head, l) => (head.served ? [{ head, l }] : []));
  const groups = groupsOf?.(examples);
  const labels = served.map(({ head, l }, place) => {
    const as = judgedAs[head.loss];
    checkScores(answers.scores[l], examples);
    const { name, column } = head;
    const parents = parentsOf(heads, head).map((each) => each.column);
    const ranked = rankedLabel(
      { name, column, parents },
      { scores: answers.scores[l], truth: answers.truth[l] },
      examples,
      {
        as,
        isClicks: areClicks(as, numbersOf(examples.interactions, column)),
        groups: as === 'order' ? groups : undefined,
      },
    );
    const suffix = place === 0 ? '' : `|${head.name}`;
    said.add(ranked, { suffix, about: served.length > 1 || value ? `${head.name}: ` : '', set: examples.name });
    return ranked;
  });
  if (value === undefined) return { ...said, labels };
  return { ...said, labels, value: judgeValue(value, heads, { answers, labels, examples }, said) };
}

/** Metrics as they are collected. */
class Said {
  readonly metrics: Record<string, number> = {};
  readonly definition: string[] = [];
  readonly warnings: string[] = [];

  add(
    { rows, as }: RankedLabel,
    { suffix, about, set }: { readonly suffix: string; readonly about: string; readonly set: string },
  ): void {
    const { metrics, undefinedMetrics, definition } = judgedMetrics(rows, as);
    for (const [metric, value] of Object.entries(metrics)) this.metrics[`${metric}${suffix}`] = value;
    this.definition.push(...definition.map((line) => `${about}${line}`));
    for (const [metric, reason] of Object.entries(undefinedMetrics))
      this.warnings.push(`${about}${metric} has no value on the ${set} set: ${reason}`);
  }
}

async function answersOf(
  { model, examples, batchSize, onProgress }: TaskEvaluateOptions<Ranker>,
  heads: readonly Head[],
  columns: BatchColumns,
): Promise<Answers> {
  const total = examples.targets.length;
  const scores = heads.map(() => new Float64Array(total));
  const truth = heads.map(() => new Float64Array(total));
  const read = examplesFor(model, examples);
  for (const { indices, firstRow: first } of batchesOfRows(read, batchSize)) {
    const host = makeBatch(read, indices, columns);
    const values = await logitsOf(model, uploadBatch(host));
    const count = values.length / heads.length;
    for (const [l, labels] of headLabelsIn(host, heads).entries()) truth[l].set(labels, first);
    for (let i = 0; i < count; i++) {
      const own = answersOfRow(heads, values.subarray(i * heads.length, (i + 1) * heads.length));
      for (const [l, score] of own.entries()) scores[l][first + i] = score;
    }
    onProgress?.({ done: first + count, total });
  }
  return { scores, truth };
}

/**
 * What the heads answer of a row with these logits: of the loss `binary` the logit of its probability, that of the
 * parent included; of others what they predict, times the probability of the parent.
 */
export function answersOfRow(heads: readonly Head[], logits: ArrayLike<number>): number[] {
  const answers: number[] = [];
  for (const [l, { loss, parent }] of heads.entries()) {
    const above = parent === undefined ? undefined : answers[parent];
    if (loss === 'binary') answers.push(above === undefined ? logits[l] : productLogitOf(above, logits[l]));
    else answers.push((above === undefined ? 1 : predictionOf('binary', above)) * predictionOf(loss, logits[l]));
  }
  return answers;
}

function checkScores(scores: Float64Array, { name }: ExampleSet): void {
  const bad = scores.findIndex((score) => !Number.isFinite(score));
  if (bad >= 0) {
    throw new EvaluationError(
      `evaluate: expected finite logits; got ${scores[bad]} for example ${bad} of the ${name} set; the model has diverged`,
    );
  }
  // Two rows may well have one score, a whole set has not.
  if (scores.length > 2 && scores.every((score) => score === scores[0])) {
    throw new EvaluationError(
      `evaluate: expected logits that tell rows apart; got ${scores[0]} for all ${scores.length} rows of the ${name} set; the model has collapsed: use a smaller learning rate or an earlier checkpoint`,
    );
  }
}

function rankedLabel(
  { name, column, parents = [] }: Pick<Head, 'name' | 'column'> & Pick<RankedLabel, 'parents'>,
  { scores, truth }: { readonly scores: Float64Array; readonly truth: Float64Array },
  examples: ExampleSet,
  { as, isClicks, groups }: { readonly as: Judged; readonly isClicks: boolean; readonly groups?: Int32Array },
): RankedLabel {
  const kept = Int32Array.from(truth.keys()).filter((row) => !Number.isNaN(truth[row]));
  if (kept.length === 0)
    throw new EvaluationError(`evaluate: expected rows with the label ${name} in the ${examples.name} set; got none`);
  const own = Float64Array.from(kept, (row) => scores[row]);
  const columns = {
    labels: Float64Array.from(kept, (row) => truth[row]),
    groups: Int32Array.from(kept, (row) =>
      groups === undefined ? examples.users[row] : groups[examples.targets[row]],
    ),
  };
  const rows: ScoredRows = isClicks
    ? clickRows({ ...columns, logits: own })
    : valueRows({ ...columns, predictions: own });
  return { label: name, column, parents, as, rows, scores: own, examples: kept };
}

/** The value against that of the true labels, on the rows that have all of them; and each click under its order. */
function judgeValue(
  terms: readonly ValueTerm[],
  heads: readonly Head[],
  { answers, labels, examples }: { answers: Answers; labels: readonly RankedLabel[]; examples: ExampleSet },
  said: Said,
): RankedLabel {
  const at = (label: string): number => heads.findIndex(({ name }) => name === label);
  const total = examples.targets.length;
  const [scores, truth] = [new Float64Array(total), new Float64Array(total)];
  for (let row = 0; row < total; row++) {
    scores[row] = rowValue(terms, (label) => {
      const { loss } = heads[at(label)];
      const score = answers.scores[at(label)][row];
      return loss === 'binary' ? predictionOf(loss, score) : score;
    });
    truth[row] = terms.reduce((sum, { label, weight }) => sum + weight * answers.truth[at(label)][row], 0);
  }
  const value = rankedLabel({ name: 'value', column: 'value' }, { scores, truth }, examples, {
    as: 'squared',
    isClicks: false,
  });
  const words = terms
    .map(({ label, weight, of, exponent }) => `${weight} ${of}${exponent ?? ''}(${label})`)
    .join(' + ');
  said.definition.push(`value: ${words}, against the sum of the true labels with the same weights.`);
  const { metrics } = rankingMetrics(value.rows);
  for (const name of ['RAUC', 'XAUC']) if (metrics[name] !== undefined) said.metrics[`${name}|value`] = metrics[name];
  for (const { label, rows, examples: kept } of labels) {
    if (!terms.some((term) => term.label === label) || !('positiveWeight' in rows)) continue;
    const ordered = rankedLabel(
      { name: label, column: label },
      { scores, truth: spread(total, kept, rows.labels) },
      examples,
      { as: 'binary', isClicks: true },
    );
    const { GAUC } = rankingMetrics(ordered.rows).metrics;
    if (GAUC === undefined) continue;
    said.metrics[`GAUC|value:${label}`] = GAUC;
    said.definition.push(`GAUC|value:${label}: GAUC of ${label} when rows are in the order of the value.`);
  }
  return value;
}

/** Values of some examples among all; NaN elsewhere. */
function spread(total: number, examples: Int32Array, values: Float64Array): Float64Array {
  const all = new Float64Array(total).fill(Number.NaN);
  for (const [i, example] of examples.entries()) all[example] = values[i];
  return all;
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
