import {
  appendItems,
  idsDigest,
  idVectors,
  readSemanticIds,
  readsVectors,
  rowsAt,
  type StoredIds,
} from '@seqrec/models';
import { RunError } from '../errors.ts';
import { startBackend } from '../run/process/backend.ts';
import { type FitIdsCommand, readDataOfIds } from './fit-ids.ts';
import { readVectors } from './read-vectors.ts';

/**
 * The ids of a file with codes for the items of a data set that it does not have; its own keep theirs.
 *
 * @throws RunError when there is no new item, or none of the data set's items is in the file.
 */
export async function appendIds(file: string, command: FitIdsCommand): Promise<StoredIds> {
  const ids = await readSemanticIds(file);
  const { interactions } = await readDataOfIds(command);
  const known = new Set(ids.items);
  const { items, numItems, name } = interactions;
  const external = Array.from({ length: numItems }, (_, i) => items.external(i + 1));
  const places = external.flatMap((id, place) => (known.has(id) ? [] : [place]));
  if (places.length === 0)
    throw new RunError(
      `${file}: expected items of ${name} that it does not have; got ${numItems}, all of which it has`,
    );
  if (places.length === numItems)
    throw new RunError(
      `${file}: expected items of ${name} that it has beside new ones; got ${numItems}, none of which it has; these are ids of ${ids.data}`,
    );
  if (!readsVectors(ids.config.tokenizer))
    throw new RunError(
      `${file}: expected codes of vectors; got those of '${ids.config.tokenizer.kind}', of which new items have none`,
    );
  await startBackend(command.backend);
  const vectors = await idVectors({ ...ids.config, readFile: readVectors }, ids.vectors, interactions);
  const codes = await appendItems(ids, rowsAt(vectors, places));
  return {
    ...ids,
    codes,
    items: [...ids.items, ...places.map((place) => external[place])],
    version: ids.version + 1,
    versions: [...ids.versions, idsDigest(ids)],
  };
}
