import {
  appendItems,
  idsDigest,
  idVectors,
  readSemanticIds,
  readsVectors,
  rowsAt,
  type SemanticIdsConfig,
  type StoredIds,
} from '@seqrec/models';
import type { Override } from '../arguments.ts';
import { applyOverrides } from '../config/overrides.ts';
import { readVectors } from '../data/ids/read-vectors.ts';
import { RunError, UsageError } from '../errors.ts';
import { startBackend } from '../run/process/backend.ts';
import { type FitIdsCommand, idsSchema, readDataOfIds } from './fit-ids.ts';

/**
 * The ids of a file with codes for the items of a data set that it does not have; its own keep theirs.
 *
 * @throws RunError when there is no new item, or none of the data set's items is in the file.
 */
export async function appendIds(
  file: string,
  command: FitIdsCommand,
): Promise<{ readonly ids: StoredIds; readonly appended: number }> {
  const ids = await readSemanticIds(file);
  const ofEvents = command.overrides.find(({ key }) =>
    /^data\.(split|coldItems|sampledNegatives|teacherLabels)\b/.test(key),
  );
  if (ofEvents !== undefined)
    throw new UsageError(
      `seqrec ids append: unknown option --${ofEvents.key}`,
      'frozen codes read no event: leave it out',
    );
  const { interactions, overrides } = await readDataOfIds(command);
  const config = withOtherFiles(ids.config, overrides);
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
  const vectors = await idVectors({ ...config, readFile: readVectors }, ids.vectors, interactions);
  const codes = await appendItems(ids, rowsAt(vectors, places));
  const appended = {
    ...{ ...ids, config, codes },
    items: [...ids.items, ...places.map((place) => external[place])],
    version: ids.version + 1,
    versions: [...ids.versions, idsDigest(ids)],
  };
  return { ids: appended, appended: places.length };
}

/** The settings of the fit, where files of vectors may be others: those that have the new items too. */
function withOtherFiles(fitted: SemanticIdsConfig, overrides: readonly Override[]): SemanticIdsConfig {
  const { ids: given } = applyOverrides(idsSchema(), { ids: fitted }, overrides);
  const withoutFiles = ({ vectors, ...rest }: SemanticIdsConfig): string =>
    JSON.stringify([rest, vectors.map((each) => (each.kind === 'file' ? { kind: each.kind } : each))]);
  if (withoutFiles(given) === withoutFiles(fitted)) return given;
  throw new UsageError(
    'seqrec ids append: expected the settings of the fit, which frozen codes have; got others in --ids',
    'of --ids.vectors the paths of files alone may be others',
  );
}
