import type { ExampleSet, Interactions } from '@seqrec/data';
import {
  collaborativeVectors,
  fitIdVectors,
  fitSemanticIds,
  readsVectors,
  type SemanticIdsConfig,
  type StoredIds,
} from '@seqrec/models';
import { formatCount } from '../../terminal/format.ts';
import type { Progress } from '../../terminal/progress.ts';
import { knownItems } from './known-items.ts';
import { readCodes } from './read-codes.ts';
import { readVectors } from './read-vectors.ts';

/** Fits ids to the items of a data set, on the backend that is in use. Of its events those of training are read. */
export async function fitIdsTo(
  { interactions, train }: { readonly interactions: Interactions; readonly train: ExampleSet },
  config: SemanticIdsConfig,
  progress: Progress,
): Promise<StoredIds> {
  const { tokenizer } = config;
  const made = readsVectors(tokenizer)
    ? await fitIdVectors({ ...config, readFile: readVectors, onKind }, train)
    : { rows: undefined, state: { tensors: new Map(), texts: new Map() }, without: 0 };
  if (made.without > 0)
    progress.note(
      `${formatCount(made.without)} of ${formatCount(interactions.numItems)} items have no vector (no term or neighbour that another item has): they share their codes`,
    );
  const behaviour = await collaborativeVectors(tokenizer, { seed: config.seed, readFile: readVectors }, train);
  const given = tokenizer.kind === 'file' ? await readCodes(tokenizer.path, interactions) : undefined;
  progress.start();
  const ids = await fitSemanticIds({
    ...{ config, items: interactions.numItems, vectors: made.rows, behaviour, given, seed: config.seed },
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
