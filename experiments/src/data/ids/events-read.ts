import { createHash } from 'node:crypto';
import { type ExampleSet, trainingSequences } from '@seqrec/data';
import type { StoredIds } from '@seqrec/models';
import { readsTrainingEvents } from '../../config/preparation-schema.ts';

/** SHA-256 of the events that train, in hex: the items, and the sequences of them. */
export function eventsDigest(train: ExampleSet): string {
  const { items, numItems } = train.interactions;
  const ids = Array.from({ length: numItems }, (_, i) => items.external(i + 1));
  const hash = createHash('sha256').update(JSON.stringify(ids));
  for (const sequence of trainingSequences(train)) {
    const own = Int32Array.from([sequence.length, ...sequence]);
    hash.update(new Uint8Array(own.buffer));
  }
  return hash.digest('hex');
}

/**
 * What is said of ids that were made of other events than those that train here, which may be the ones that are
 * tested; nothing of ids of content.
 *
 * @param path where the ids are from.
 */
export function warnOfEvents({ config, events }: StoredIds, train: ExampleSet, path: string): string[] {
  if (!readsTrainingEvents(config) || events === eventsDigest(train)) return [];
  const of =
    events === undefined
      ? 'and the file does not say of which events'
      : 'and not of the training events here, but of those of another split, or of other data';
  return [
    `warning: ${path}: its ids are made of behaviour, ${of}: what is tested here may have shaped the codes; fit ids to this training part, by \`seqrec ids fit\` with the same data and split`,
  ];
}
