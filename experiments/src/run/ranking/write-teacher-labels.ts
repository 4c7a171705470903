import { checkNewLabels, type ExampleSet, writeLabels } from '@seqrec/data';
import { ClickRows, type RankedLabel } from '@seqrec/models';
import { UsageError } from '../../errors.ts';
import type { Progress } from '../../terminal/progress.ts';
import { evaluateRows } from './evaluate-rows.ts';
import type { OpenRanking } from './open-ranking.ts';

export interface TeachOptions {
  /** The folder of the store. */
  readonly store: string;
  /** Name of the teacher, such as the id of its run. */
  readonly teacher: string;
  readonly part: 'train' | 'validation' | 'test';
  readonly progress: Progress;
}

/** What was written. */
export interface Taught {
  readonly folder: string;
  readonly rows: number;
  readonly labels: readonly string[];
}

/**
 * Writes what a model of rows says of a part of its data into a label store: probabilities of clicks, numbers of
 * numbers, scores of an order. Rows without a label are without its prediction.
 */
export async function writeTeacherLabels(
  { config, data, ranking, model }: OpenRanking,
  { store, teacher, part, progress }: TeachOptions,
): Promise<Taught> {
  const { split } = data;
  const set: ExampleSet | undefined = split[part];
  if (set === undefined)
    throw new UsageError(`--split: expected a part of the split ${split.protocol}; got ${part}, which it has not`);
  await checkNewLabels(store, { teacher, labels: ranking.task.judged.map(({ label }) => label) });
  const context = { task: ranking.task, batchSize: config.evaluation.batchSize, progress };
  const { labels } = await evaluateRows(model, set, context);
  const columns = new Map<string, Float32Array>();
  for (const ranked of labels) {
    const { label, examples } = ranked;
    const values = taughtValues(ranked);
    const column = new Float32Array(set.targets.length).fill(Number.NaN);
    for (const [row, example] of examples.entries()) column[example] = values[row];
    columns.set(label, column);
  }
  const { timestamps } = split.interactions;
  const trainedTo = split.train.targets.reduce((most, event) => Math.max(most, timestamps[event]), -Infinity);
  const folder = await writeLabels(store, split.interactions, {
    events: set.targets,
    columns,
    teacher,
    trainedTo,
    trainedOn: part === 'train',
  });
  return { folder, rows: set.targets.length, labels: [...columns.keys()] };
}

/** What a teacher says of its rows: probabilities of clicks, numbers, and of an order its scores, which are neither. */
export function taughtValues({ as, rows, scores }: Pick<RankedLabel, 'as' | 'rows' | 'scores'>): Float64Array {
  return as !== 'order' && rows instanceof ClickRows ? rows.probabilities : scores;
}
