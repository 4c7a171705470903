import { type ExampleSet, type Interactions, takenEvents } from '@seqrec/data';
import { type StoredIds, semanticIdsSchema } from '@seqrec/models';
import { z } from 'zod';
import type { Override } from '../arguments.ts';
import { applyOverrides } from '../config/overrides.ts';
import { readRequested } from '../data/describe-data.ts';
import { fitIdsTo } from '../data/ids/fit-to-data.ts';
import { splitOf } from '../data/split-by.ts';
import { UsageError } from '../errors.ts';
import { type BackendOptions, startBackend } from '../run/process/backend.ts';
import type { Progress } from '../terminal/progress.ts';

export interface FitIdsCommand {
  /** A known name, a file or folder, or a query. */
  readonly dataset: string;
  readonly folder?: string;
  /** Keys of `data` and of `ids`. */
  readonly overrides: readonly Override[];
  readonly backend: BackendOptions;
  readonly progress: Progress;
}

/** The keys of `seqrec ids` beside those of data, with the tokenizers that are known by now. */
export function idsSchema() {
  return z.strictObject({ ids: semanticIdsSchema().prefault({}) });
}

/** Reads a data set, and its split where one is named; the keys of `ids` beside those of `data`. */
export async function readDataOfIds({
  dataset,
  folder,
  overrides,
  progress,
}: Omit<FitIdsCommand, 'backend'>): Promise<
  Awaited<ReturnType<typeof readRequested>> & { readonly overrides: readonly Override[] }
> {
  const ofIds = overrides.filter(({ key }) => key.startsWith('ids.'));
  const ofData = overrides.filter(({ key }) => key.startsWith('data.'));
  const other = overrides.find((override) => !ofIds.includes(override) && !ofData.includes(override));
  if (other !== undefined)
    throw new UsageError(
      `seqrec ids: unknown option --${other.key}`,
      'it takes keys of ids and of data: --ids.tokenizer.levels, --data.ties and so on',
    );
  const request = { dataset, folder, download: false, lenient: false, columns: {}, overrides: ofData, progress };
  const read = await readRequested(request);
  progress.clear();
  return { ...read, overrides: ofIds };
}

/** The training part as ids read it: of rows for a ranker those of label 1. */
async function trainingOfIds(command: FitIdsCommand): Promise<{
  readonly interactions: Interactions;
  readonly train: ExampleSet;
  readonly overrides: readonly Override[];
}> {
  const { interactions: all, split: named = 'leave-last-out', overrides, ...read } = await readDataOfIds(command);
  const split = splitOf({ split: named, ...read }, all);
  return { interactions: split.interactions, train: takenEvents(split), overrides };
}

/** Fits ids to the items of a data set. Nothing of its test set is read, nor rows of label 0. */
export async function fitIds(command: FitIdsCommand): Promise<StoredIds> {
  const { progress, backend } = command;
  const { interactions, train, overrides } = await trainingOfIds(command);
  const { ids: config } = applyOverrides(idsSchema(), {}, overrides);
  await startBackend(backend);
  return fitIdsTo({ interactions, train }, config, progress);
}
