import { existsSync } from 'node:fs';
import type { Interactions } from '@seqrec/data';
import { idsDigest, readSemanticIds, semanticIdsSchema } from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';
import { type CodedItems, codedItems, generationOf } from '../../data/coded-items.ts';
import { withContent, withSavedContent } from '../../data/content-vectors.ts';
import type { PreparedData } from '../../data/dataset.ts';
import { warnOfEvents } from '../../data/ids/events-read.ts';
import { fitIdsTo } from '../../data/ids/fit-to-data.ts';
import type { Progress } from '../../terminal/progress.ts';
import type { RunDir } from '../folder/run-dir.ts';

/**
 * The codes of the items of a run of generation: those that it has kept, of a file, or fitted to the training part;
 * nothing for another task.
 */
export async function runIds(
  config: RecipeConfig,
  { split }: PreparedData,
  { previous, progress }: { readonly previous?: RunDir; readonly progress: Progress },
): Promise<CodedItems | undefined> {
  const task = generationOf(config);
  if (task === undefined) return undefined;
  const { interactions, train } = split;
  const path = previous?.ids ?? task.idsFile;
  const ids =
    path === undefined
      ? await fitIdsTo({ interactions, train }, task.ids ?? semanticIdsSchema().parse({}), progress)
      : await readSemanticIds(path);
  if (task.idsFile !== undefined) for (const warning of warnOfEvents(ids, train, task.idsFile)) progress.note(warning);
  const coded = codedItems(config, train, ids, path ?? 'task.ids');
  // The file of vectors may be gone by then, or have others.
  if (previous !== undefined && existsSync(previous.last)) return withSavedContent(coded, previous.last);
  return withContent(coded, interactions);
}

/** What is said of the ids of a run. */
export function describeIds({ ids, codes }: CodedItems, { name }: Interactions): string {
  return `semantic ids ${idsDigest(ids).slice(0, 12)} of ${ids.data}, version ${ids.version}: ${codes.sizes.join(' x ')} codes of ${codes.count} items${ids.data === name ? '' : `, read for ${name}`}`;
}
