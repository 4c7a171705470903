import { join } from 'node:path';
import type { Interactions } from '@seqrec/data';
import { codeSymbols, exportWeights, readCheckpointState } from '@seqrec/models';
import { type CodedItems, denseSettings } from '../../data/coded-items.ts';
import { RunError } from '../../errors.ts';
import { writeFileAtomic } from '../../run/folder/atomic.ts';
import { type PageCodes, type PageData, pageFiles } from './page-data.ts';
import type { PagePlugin } from './page-plugins.ts';

/** What a page is made of. */
export interface PageSource {
  readonly recipe: string;
  readonly run: string;
  /** The checkpoint file. */
  readonly checkpoint: string;
  readonly interactions: Interactions;
  /** Of a run of generation; its longest history in events. */
  readonly generation?: CodedItems & { readonly maxEvents: number };
  /** Those that the model comes from. */
  readonly plugins?: readonly PagePlugin[];
}

/**
 * Writes the weights of a checkpoint and the catalogue of its data into a folder, which must exist.
 *
 * @throws RunError when checkpoint and data disagree about the number of items; CheckpointError when it is damaged.
 */
export async function exportPage(source: PageSource, folder: string): Promise<void> {
  const { checkpoint, interactions, recipe, run, generation } = source;
  const { numItems, position } = await readCheckpointState(checkpoint);
  const [expected, what] =
    generation === undefined
      ? [interactions.numItems, 'items, as many as']
      : [(generation.language ?? codeSymbols(generation.codes)).count, 'rows, of the codes that'];
  if (numItems !== expected)
    throw new RunError(
      `${checkpoint}: expected a model of ${expected} ${what} ${interactions.name} has; got one of ${numItems}`,
    );
  await exportWeights(checkpoint, join(folder, pageFiles.model), { extra: { recipe, run } });
  const data = {
    ...pageData(interactions, { recipe, run, epoch: position.epoch }),
    ...(generation && { codes: pageCodes(generation) }),
  };
  writeFileAtomic(join(folder, pageFiles.data), `${JSON.stringify(data)}\n`);
}

function pageCodes(coded: CodedItems & { readonly maxEvents: number }): PageCodes {
  const { ids, codes, beams, mask, temperature, debias, maxEvents, language } = coded;
  const { added, ...dense } = denseSettings(coded) ?? {};
  return {
    maxEvents,
    ...(language && { opening: language.begins.retrieve }),
    ...(coded.dense && { dense: { ...dense, ...(added && { added: [...added] }) } as PageCodes['dense'] }),
    ...{ sizes: codes.sizes, hasCounter: ids.hasCounter, values: [...codes.values], beams, mask, temperature },
    ...(debias.weight !== 0 && { debias: { weight: debias.weight, events: Array.from(debias.events) } }),
  };
}

/** The catalogue as columns. */
export function pageData(
  interactions: Interactions,
  about: { readonly recipe: string; readonly run: string; readonly epoch: number },
): PageData {
  const { name, numItems, items, itemIds, timestamps, catalogue } = interactions;
  const events = new Array<number>(numItems).fill(0);
  for (const item of itemIds) events[item - 1]++;
  const dense = Array.from({ length: numItems }, (_, i) => i + 1);
  const categoryNames = catalogue?.categoryNames() ?? [];
  const place = new Map(categoryNames.map((category, i) => [category, i]));
  return {
    format: 'seqrec-page',
    version: 1,
    ...about,
    dataset: name,
    ...(interactions.hasTimestamps !== false && {
      latestTime: timestamps.reduce((latest, time) => Math.max(latest, time), 0),
    }),
    ids: dense.map((item) => items.external(item)),
    titles: dense.map((item) => catalogue?.title(item) ?? null),
    events,
    categoryNames,
    categories: dense.map((item) => (catalogue?.categories(item) ?? []).map((category) => place.get(category)!)),
  };
}
