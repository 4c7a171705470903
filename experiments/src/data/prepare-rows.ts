import {
  type ColdItemsOptions,
  dlrmWorld,
  type Interactions,
  joinLabels,
  OptionError,
  type RowHistoryOptions,
  type RowSplit,
  type SampledNegativesOptions,
  takenEvents,
  teacherChecks,
  withColdRows,
  withRowHistories,
  withSampledNegatives,
} from '@seqrec/data';
import type { DataConfig } from '../config/data-schema.ts';
import type { TeacherLabelsConfig } from '../config/preparation-schema.ts';
import { ConfigError } from '../errors.ts';
import type { Progress } from '../terminal/progress.ts';
import { CACHE_FOLDER } from './cache-folder.ts';
import { filtered, loadInteractions } from './dataset.ts';
import { withSemanticIds } from './semantic-ids.ts';
import { splitBy } from './split-by.ts';

/** Rows with a label, in their parts: what a ranker learns from. */
export interface PreparedRows {
  /** With the histories that the model reads. */
  readonly split: RowSplit;
  /** As the data were split, whatever the model; cold items still train. */
  readonly withoutModel: RowSplit;
  /** Items that nothing which trains has seen: {@link split} is without them. */
  readonly coldItems?: ColdItemsOptions;
  /** The columns of the events that are to be predicted, at least one; the first is the one where one is meant. */
  readonly labels: readonly string[];
}

/** The part of a configuration of a model that says which histories it reads; absent: none. */
export interface ReadsHistory {
  readonly userHistory?: RowHistoryOptions;
}

/**
 * The same data with the histories that a model reads.
 *
 * @throws {ConfigError} for histories that the data cannot have.
 */
export function withHistoriesFor(data: PreparedRows, { userHistory }: ReadsHistory): PreparedRows {
  const { withoutModel } = data;
  if (userHistory === undefined) return { ...data, split: withCold(withoutModel, data) };
  const { maxEvents, sameTime, from } = userHistory;
  try {
    return { ...data, split: withCold(withRowHistories(withoutModel, { maxEvents, sameTime, from }), data) };
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new ConfigError(`model.userHistory.${error.key}: ${error.message}`);
  }
}

/**
 * Reads, filters and splits what a configuration names, for rankers.
 *
 * @param model whose histories the rows have; default: none.
 * @throws {ConfigError} for a split into sequences, options of such splits, and data without a label
 */
export async function prepareRows(
  config: DataConfig,
  folder: string,
  progress: Progress,
  model: ReadsHistory = {},
): Promise<PreparedRows> {
  if (config.format === 'synthetic')
    throw new ConfigError(
      'data.format: expected data of rows with a label; got synthetic, which is of sequences',
      'use named, files, csv, fuxictr, sql or synthetic-ranking',
    );
  if (config.format === 'synthetic-ranking') {
    const { format: _, ...options } = config;
    const { split } = dlrmWorld(options);
    progress.note(split.step.detail);
    return withHistoriesFor({ split, withoutModel: split, labels: split.interactions.roles.labels }, model);
  }
  for (const key of ['heldOut', 'userVectors'] as const)
    if (config[key] !== undefined)
      throw new ConfigError(
        `data.${key}: expected it with a split into sequences of users alone; got it for a ranker`,
        'leave it out',
      );
  const read = filtered(await loadInteractions(config, folder, progress), config);
  const rows = await withFurtherLabels(read, config);
  const { labels } = rows.roles;
  if (labels.length === 0)
    throw new ConfigError(
      `data.labels: expected a label, which a ranker learns; got none in ${rows.name}`,
      'name columns (--data.labels), or make one of a column (--data.label.column, --data.label.positiveAbove, --data.label.negativeBelow)',
    );
  const coded = await withSemanticIds(rows, config, {
    train: () => takenEvents(withCold(rowSplit(splitBy(config.split, rows)), config)),
    cacheFolder: CACHE_FOLDER,
    progress,
  });
  const split = rowSplit(splitBy(config.split, coded));
  for (const { name, verdict, text } of teacherChecks(split)) {
    if (verdict === 'leak' || verdict === 'warning') progress.note(`${verdict}: ${text}`);
    else if (name === 'teacher-training-rows') progress.note(text);
  }
  const { coldItems } = config;
  return withHistoriesFor({ split, withoutModel: split, labels, ...(coldItems && { coldItems }) }, model);
}

/** Without cold items in what trains; last, as histories are made of events. */
function withCold(split: RowSplit, { coldItems }: { readonly coldItems?: ColdItemsOptions }): RowSplit {
  return coldItems === undefined ? split : withColdRows(split, coldItems);
}

/** With the rows of label 0 that a configuration asks for, and the predictions of the teachers that it names. */
export async function withFurtherLabels(
  interactions: Interactions,
  {
    sampledNegatives,
    teacherLabels = [],
  }: { readonly sampledNegatives?: SampledNegativesOptions; readonly teacherLabels?: readonly TeacherLabelsConfig[] },
): Promise<Interactions> {
  let joined = sampledNegatives === undefined ? interactions : withSampledNegatives(interactions, sampledNegatives);
  for (const { path: store, ...options } of teacherLabels) joined = await joinLabels(joined, { store, ...options });
  return joined;
}

function rowSplit(split: ReturnType<typeof splitBy>): RowSplit {
  const { examples } = split;
  if (examples !== undefined) return { ...split, examples };
  throw new ConfigError(
    `data.split: expected a split of rows, which a ranker learns from; got ${split.protocol}, whose examples are sequences of users`,
    'use random, rows-by-time, last-rows or given',
  );
}
