import type { ExampleSet, Interactions } from '@seqrec/data';
import {
  fitIdVectors,
  fitSemanticIds,
  readsVectors,
  type SemanticIdsConfig,
  type StoredIds,
  semanticIdsSchema,
} from '@seqrec/models';
import { z } from 'zod';
import type { Override } from '../arguments.ts';
import { applyOverrides } from '../config/overrides.ts';
import { readRequested } from '../data/describe-data.ts';
import { splitBy } from '../data/split-by.ts';
import { UsageError } from '../errors.ts';
import { type BackendOptions, startBackend } from '../run/process/backend.ts';
import { formatCount } from '../terminal/format.ts';
import type { Progress } from '../terminal/progress.ts';
import { knownItems } from './known-items.ts';
import { readCodes } from './read-codes.ts';
import { readVectors } from './read-vectors.ts';

export interface FitIdsCommand {
  /** A known name, a file or folder, or a query. */
  readonly dataset: string;
  readonly folder?: string;
  /** Keys of `data` and of `ids`. */
  readonly overrides: readonly Override[];
  readonly backend: BackendOptions;
  readonly progress: Progress;
}

/** The keys of `seqrec ids` beside those of data. */
export const idsSchema = z.strictObject({ ids: semanticIdsSchema.prefault({}) });

/** Reads a data set and its split; the keys of `ids` beside those of `data`. */
export async function readDataOfIds({ dataset, folder, overrides, progress }: Omit<FitIdsCommand, 'backend'>): Promise<{
  readonly interactions: Interactions;
  readonly train: ExampleSet;
  readonly overrides: readonly Override[];
}> {
  const ofIds = overrides.filter(({ key }) => key.startsWith('ids.'));
  const ofData = overrides.filter(({ key }) => key.startsWith('data.'));
  const other = overrides.find((override) => !ofIds.includes(override) && !ofData.includes(override));
  if (other !== undefined)
    throw new UsageError(
      `seqrec ids: unknown option --${other.key}`,
      'it takes keys of ids and of data: --ids.tokenizer.levels, --data.ties and so on',
    );
  const request = { dataset, folder, download: false, lenient: false, columns: {}, overrides: ofData, progress };
  const { interactions, split = 'leave-last-out' } = await readRequested(request);
  progress.clear();
  return { interactions, train: splitBy(split, interactions).train, overrides: ofIds };
}

/** Fits ids to the items of a data set. Nothing of its test set is read. */
export async function fitIds(command: FitIdsCommand): Promise<StoredIds> {
  const { progress, backend } = command;
  const { interactions, train, overrides } = await readDataOfIds(command);
  const { ids: config } = applyOverrides(idsSchema, {}, overrides);
  await startBackend(backend);
  const { tokenizer } = config;
  const made = readsVectors(tokenizer)
    ? await fitIdVectors({ ...config, readFile: readVectors, onKind }, train)
    : { rows: undefined, state: { tensors: new Map(), texts: new Map() }, without: 0 };
  if (made.without > 0)
    progress.note(
      `${formatCount(made.without)} of ${formatCount(interactions.numItems)} items have no vector (no term or neighbour that another item has): they share their codes`,
    );
  const given = tokenizer.kind === 'file' ? await readCodes(tokenizer.path, interactions) : undefined;
  progress.start();
  const ids = await fitSemanticIds({
    ...{ config, items: interactions.numItems, vectors: made.rows, given, seed: config.seed },
    known: knownItems(train),
    onProgress: ({ done, total }) => progress.update({ label: 'fit', done, total, fields: [] }),
  });
  progress.clear();
  return { ...ids, ...about(config, interactions), vectors: made.state };

  function onKind(kind: string): void {
    progress.note(`vectors: ${kind}`);
  }
}

function about(config: SemanticIdsConfig, { items, numItems, name }: Interactions) {
  return {
    config,
    data: name,
    items: Array.from({ length: numItems }, (_, i) => items.external(i + 1)),
    version: 1,
    versions: [],
  };
}
