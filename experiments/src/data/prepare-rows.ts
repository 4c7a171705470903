import {
  checkTrainingLabels,
  type Interactions,
  joinLabels,
  type RowSplit,
  type SampledNegativesOptions,
  withSampledNegatives,
} from '@seqrec/data';
import type { DataConfig } from '../config/data-schema.ts';
import type { TeacherLabelsConfig } from '../config/preparation-schema.ts';
import { ConfigError } from '../errors.ts';
import type { Progress } from '../terminal/progress.ts';
import { filtered, loadInteractions } from './dataset.ts';
import { splitBy } from './split-by.ts';

/** Rows with a label, in their parts: what a ranker learns from. */
export interface PreparedRows {
  readonly split: RowSplit;
  /** The columns of the events that are to be predicted, at least one; the first is the one where one is meant. */
  readonly labels: readonly string[];
}

/**
 * Reads, filters and splits what a configuration names, for rankers.
 *
 * @throws {ConfigError} for a split into sequences, options of such splits, and data without a label; {DataError}
 *   `constant-label` for a label that is the same in all training rows
 */
export async function prepareRows(config: DataConfig, folder: string, progress: Progress): Promise<PreparedRows> {
  if (config.format === 'synthetic')
    throw new ConfigError(
      'data.format: expected data of rows with a label; got synthetic, which is of sequences',
      'use named, files, csv, fuxictr or sql',
    );
  for (const key of ['heldOut', 'coldItems', 'userVectors'] as const)
    if (config[key] !== undefined)
      throw new ConfigError(
        `data.${key}: expected it with a split into sequences of users alone; got it for a ranker`,
        'leave it out',
      );
  const interactions = await withTeachers(
    withNegatives(filtered(await loadInteractions(config, folder, progress), config), config),
    config,
  );
  const { labels } = interactions.roles;
  if (labels.length === 0)
    throw new ConfigError(
      `data.labels: expected a label, which a ranker learns; got none in ${interactions.name}`,
      'name columns (--data.labels), or make one of a column (--data.label.column, --data.label.positiveAbove, --data.label.negativeBelow)',
    );
  const split = rowSplit(splitBy(config.split, interactions));
  checkTrainingLabels(split.train, 'prepareRows');
  return { split, labels };
}

/** With the rows of label 0 that a configuration asks for. */
function withNegatives(
  interactions: Interactions,
  { sampledNegatives }: { readonly sampledNegatives?: SampledNegativesOptions },
): Interactions {
  return sampledNegatives === undefined ? interactions : withSampledNegatives(interactions, sampledNegatives);
}

/** With the predictions of the teachers that a configuration names. */
async function withTeachers(
  interactions: Interactions,
  { teacherLabels = [] }: { readonly teacherLabels?: readonly TeacherLabelsConfig[] },
): Promise<Interactions> {
  let joined = interactions;
  for (const { path: store, ...options } of teacherLabels) joined = await joinLabels(joined, { store, ...options });
  return joined;
}

function rowSplit(split: ReturnType<typeof splitBy>): RowSplit {
  const { examples } = split;
  if (examples !== undefined) return { ...split, examples };
  throw new ConfigError(
    `data.split: expected a split of rows, which a ranker learns from; got ${split.protocol}, whose examples are sequences of users`,
    'use random, rows-by-time or given',
  );
}
