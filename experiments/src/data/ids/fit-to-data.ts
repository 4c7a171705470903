import { type ExampleSet, eventsOfItems, type Interactions } from '@seqrec/data';
import {
  appendItems,
  besideVectors,
  fitIdVectors,
  fitSemanticIds,
  type ItemsOfCodes,
  readsVectors,
  rowsAt,
  type SemanticIdsConfig,
  type StoredIds,
  tokenizerDefinition,
} from '@seqrec/models';
import { readsTrainingEvents } from '../../config/preparation-schema.ts';
import { RunError } from '../../errors.ts';
import { formatCount } from '../../terminal/format.ts';
import type { Progress } from '../../terminal/progress.ts';
import { eventsDigest } from './events-read.ts';
import { knownItems } from './known-items.ts';
import { readCodes } from './read-codes.ts';
import { readVectors } from './read-vectors.ts';

/**
 * Fits ids to the items of a data set, on the backend that is in use. Of its events those of training are read; with
 * `fitTo: training` of the other items nothing but what they get their codes of.
 */
export async function fitIdsTo(
  { interactions, train }: { readonly interactions: Interactions; readonly train: ExampleSet },
  config: SemanticIdsConfig,
  progress: Progress,
): Promise<StoredIds> {
  const { tokenizer } = config;
  const fitted = fittedPlaces(config, train);
  const options = { seed: config.seed, fitted, readFile: readVectors, onProgress: shown('vectors') };
  progress.start();
  const made = readsVectors(tokenizer)
    ? await fitIdVectors({ ...config, ...options, onKind }, train)
    : { rows: undefined, state: { tensors: new Map(), texts: new Map() }, without: 0 };
  if (made.without > 0)
    progress.note(
      `${formatCount(made.without)} of ${formatCount(interactions.numItems)} items have no vector (no term or neighbour that another item has): they share their codes`,
    );
  const beside = await besideVectors(tokenizer, options, train);
  const codesFile = tokenizerDefinition(tokenizer).codesFile?.(tokenizer);
  const given = codesFile === undefined ? undefined : await readCodes(codesFile, interactions);
  const known = knownItems(train);
  progress.start();
  const ids = await fitSemanticIds({
    ...(fitted === undefined
      ? { items: interactions.numItems, vectors: made.rows, beside, known }
      : {
          items: fitted.length,
          vectors: made.rows && rowsAt(made.rows, fitted),
          beside: beside && rowsAt(beside, fitted),
          known: knownAt(known, fitted),
        }),
    ...{ config, given, seed: config.seed },
    onProgress: shown('fit'),
  });
  progress.clear();
  const events = readsTrainingEvents(config) ? { events: eventsDigest(train) } : {};
  const stored = { ...ids, ...about(config, interactions), ...events, vectors: made.state };
  if (fitted === undefined || made.rows === undefined) return stored;
  const later = othersThan(fitted, interactions.numItems);
  progress.note(
    `fitted to ${formatCount(fitted.length)} items with a training event; ${formatCount(later.length)} others get codes as new items do`,
  );
  const codes = later.length === 0 ? ids.codes : await appendItems(ids, rowsAt(made.rows, later));
  return { ...stored, codes, items: [...fitted, ...later].map((place) => stored.items[place]) };

  function onKind(kind: string): void {
    progress.note(`vectors: ${kind}`);
  }

  function shown(label: string) {
    return ({ done, total }: { readonly done: number; readonly total: number }): void =>
      progress.update({ label, done, total, fields: [] });
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

/**
 * Places of the items with a training event where ids are fitted to those alone.
 *
 * @throws RunError where that cannot be.
 */
function fittedPlaces({ fitTo = 'catalogue', tokenizer }: SemanticIdsConfig, train: ExampleSet): number[] | undefined {
  if (fitTo === 'catalogue') return undefined;
  if (!readsVectors(tokenizer))
    throw new RunError(
      `ids.fitTo: expected a tokenizer of vectors with 'training', by which other items get codes; got '${tokenizer.kind}'`,
    );
  const places = [...eventsOfItems({ train })].flatMap((events, place) => (events > 0 ? [place] : []));
  if (places.length > 0) return places;
  throw new RunError(
    `ids.fitTo: expected training events with 'training'; got ${train.interactions.name} without one; use 'catalogue' for ids that are fitted before the data is split`,
  );
}

const othersThan = (places: readonly number[], count: number): number[] => {
  const own = new Set(places);
  return Array.from({ length: count }, (_, place) => place).filter((place) => !own.has(place));
};

/** The same of some items, by their places among these. Every item of a pair is one of them. */
function knownAt({ attributes, pairs, events }: ItemsOfCodes, places: readonly number[]): ItemsOfCodes {
  const placeOf = new Map(places.map((place, at) => [place, at]));
  return {
    ...(attributes && { attributes: places.map((place) => attributes[place]) }),
    ...(pairs && { pairs: pairs.map((place) => placeOf.get(place) as number) }),
    ...(events && { events: places.map((place) => events[place]) }),
  };
}
