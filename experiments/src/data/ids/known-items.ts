import { type ExampleSet, eventsOfItems, type Interactions, trainingSequences } from '@seqrec/data';
import type { ItemsOfCodes } from '@seqrec/models';

/** What a report of codes reads of a data set: attributes, neighbours in training histories, training events. */
export function knownItems(train: ExampleSet): ItemsOfCodes {
  const { interactions } = train;
  const pairs: number[] = [];
  for (const items of trainingSequences(train))
    for (const [t, item] of items.entries()) if (t > 0) pairs.push(items[t - 1] - 1, item - 1);
  const attributes = attributesOf(interactions);
  return { events: eventsOfItems({ train }), pairs: Int32Array.from(pairs), ...(attributes && { attributes }) };
}

/** The ids of all columns of ids of the items, but for those that all items have; undefined where there is none. */
function attributesOf({ itemTable }: Interactions): Set<number>[] | undefined {
  const columns = [...itemTable.columns.values()].filter(({ kind }) => kind === 'ids' || kind === 'id');
  if (columns.length === 0) return undefined;
  const sets = Array.from({ length: itemTable.rows }, () => new Set<number>());
  let first = 0;
  for (const column of columns) {
    if (column.kind !== 'ids' && column.kind !== 'id') continue;
    for (const [row, own] of sets.entries()) {
      const values =
        column.kind === 'id'
          ? column.values.subarray(row, row + 1)
          : column.values.subarray(column.offsets[row], column.offsets[row + 1]);
      for (const value of values) if (value > 0) own.add(first + value);
    }
    first += column.ids.size + 1;
  }
  const counts = new Int32Array(first);
  for (const own of sets) for (const attribute of own) counts[attribute]++;
  for (const own of sets) for (const attribute of own) if (counts[attribute] === sets.length) own.delete(attribute);
  return sets;
}
