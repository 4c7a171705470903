import { readFileSync } from 'node:fs';
import type { ExampleSet } from '@seqrec/data';
import {
  ClickRows,
  clickRows,
  decodeSafetensors,
  encodeSafetensors,
  type Judged,
  type RankedLabel,
  type ScoredRows,
  valueRows,
  writeFileAtomic,
} from '@seqrec/models';
import { RunError } from '../../errors.ts';

/** The predictions of a run's chosen checkpoint for the rows of the test set that have its first label. */
export interface SavedPredictions {
  /** Groups are those that the run was judged by: the users, or of an order the groups of the task. */
  readonly rows: ScoredRows;
  /** Absent in files of runs from before it was written, whose configuration tells it. */
  readonly as?: Judged;
  /** The dense user of each row; `users.jsonl` beside the file has their ids. */
  readonly users: Int32Array;
  /** The event of each row, a place in the data. */
  readonly events: Int32Array;
  readonly label: string;
  readonly checkpoint: string;
  readonly definition: readonly string[];
}

/**
 * Writes scores and labels of rows, atomically: `score` (a logit, or of the loss `squared` the predicted value) and
 * `label` as float32; `user`, `item` and `event`, numbers of the data, as int32; `group` where scores are an order
 * within groups. Of a second label all names end in `|label`.
 */
export async function savePredictions(
  file: string,
  labels: readonly RankedLabel[],
  { interactions, users, targets }: ExampleSet,
  { checkpoint, definition }: Pick<SavedPredictions, 'checkpoint' | 'definition'>,
): Promise<void> {
  const tensors = new Map(
    labels.flatMap(({ label, as, rows, scores, examples }, l) => {
      const suffix = l === 0 ? '' : `|${label}`;
      const shape = [examples.length];
      const events = examples.map((example) => targets[example]);
      const { groups } = rows;
      return [
        ['score', Float32Array.from(scores)],
        ['label', Float32Array.from(rows.labels)],
        ['user', examples.map((example) => users[example])],
        ['item', events.map((event) => interactions.itemIds[event])],
        ['event', events],
        ...(as === 'order' && groups ? [['group', Int32Array.from(groups.of, (group) => groups.ids[group])]] : []),
      ].map(
        ([name, data]) => [`${name as string}${suffix}`, { shape, data: data as Float32Array | Int32Array }] as const,
      );
    }),
  );
  const loss = labels[0].rows instanceof ClickRows ? 'binary' : 'squared';
  const { label, as } = labels[0];
  const metadata = { checkpoint, label, loss, as, definition: JSON.stringify(definition) };
  await writeFileAtomic(file, encodeSafetensors({ tensors, metadata }));
}

/** @throws RunError when the file is not what {@link savePredictions} writes. */
export function readPredictions(file: string): SavedPredictions {
  const { tensors, metadata } = decodeSafetensors(readFileSync(file), file);
  const [scores, labels] = ['score', 'label'].map((name) => tensors.get(name)?.data);
  const [users, events] = ['user', 'event'].map((name) => tensors.get(name)?.data);
  const isWhole =
    scores instanceof Float32Array &&
    labels instanceof Float32Array &&
    users instanceof Int32Array &&
    events instanceof Int32Array &&
    [labels, users, events].every(({ length }) => length === scores.length);
  if (!isWhole)
    throw new RunError(
      `${file}: expected scores, labels, users and events of equal length; remove the file, evaluate again`,
    );
  const groups = tensors.get('group')?.data;
  const kept = { labels, groups: groups instanceof Int32Array ? groups : users };
  return {
    rows:
      metadata.loss === 'squared'
        ? valueRows({ ...kept, predictions: scores })
        : clickRows({ ...kept, logits: scores }),
    ...(metadata.as !== undefined && { as: metadata.as as Judged }),
    users,
    events,
    label: metadata.label ?? 'unknown',
    checkpoint: metadata.checkpoint ?? 'unknown',
    definition: JSON.parse(metadata.definition ?? '[]') as string[],
  };
}
