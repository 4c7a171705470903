import { readFileSync } from 'node:fs';
import type { ExampleSet } from '@seqrec/data';
import {
  ClickRows,
  clickRows,
  decodeSafetensors,
  encodeSafetensors,
  type RankedLabel,
  type ScoredRows,
  valueRows,
  writeFileAtomic,
} from '@seqrec/models';
import { RunError } from '../../errors.ts';

/** The predictions of a run's chosen checkpoint for the rows of the test set that have its first label. */
export interface SavedPredictions {
  /** Groups are the dense users; `users.jsonl` beside the file has their ids. */
  readonly rows: ScoredRows;
  /** The event of each row, a place in the data. */
  readonly events: Int32Array;
  readonly label: string;
  readonly checkpoint: string;
  readonly definition: readonly string[];
}

/**
 * Writes scores and labels of rows, atomically: `score` (a logit, or of the loss `squared` the predicted value) and
 * `label` as float32; `user`, `item` and `event`, numbers of the data, as int32. Of a second label all names end in
 * `|label`.
 */
export async function savePredictions(
  file: string,
  labels: readonly RankedLabel[],
  { interactions, users, targets }: ExampleSet,
  { checkpoint, definition }: Pick<SavedPredictions, 'checkpoint' | 'definition'>,
): Promise<void> {
  const tensors = new Map(
    labels.flatMap(({ label, rows, scores, examples }, l) => {
      const suffix = l === 0 ? '' : `|${label}`;
      const shape = [examples.length];
      const events = examples.map((example) => targets[example]);
      return [
        ['score', Float32Array.from(scores)],
        ['label', Float32Array.from(rows.labels)],
        ['user', examples.map((example) => users[example])],
        ['item', events.map((event) => interactions.itemIds[event])],
        ['event', events],
      ].map(
        ([name, data]) => [`${name as string}${suffix}`, { shape, data: data as Float32Array | Int32Array }] as const,
      );
    }),
  );
  const loss = labels[0].rows instanceof ClickRows ? 'binary' : 'squared';
  const metadata = { checkpoint, label: labels[0].label, loss, definition: JSON.stringify(definition) };
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
  const kept = { labels, groups: users };
  return {
    rows:
      metadata.loss === 'squared'
        ? valueRows({ ...kept, predictions: scores })
        : clickRows({ ...kept, logits: scores }),
    events,
    label: metadata.label ?? 'unknown',
    checkpoint: metadata.checkpoint ?? 'unknown',
    definition: JSON.parse(metadata.definition ?? '[]') as string[],
  };
}
