import { rowsWhere } from '../rows-where.ts';
import { trainingEvents } from '../splits/histories.ts';
import type { ExampleSet } from '../splits/split.ts';

/** Rows of the three tables that a training set reads, ascending; row `i - 1` of `items` is item `i`. */
export interface TrainingRows {
  readonly events: Int32Array;
  readonly users: Int32Array;
  readonly items: Int32Array;
}

/** What transforms are fitted on: the events that are histories or targets of the examples, their users and items. */
export function trainingRows(set: ExampleSet): TrainingRows {
  const { interactions } = set;
  const events = trainingEvents(set);
  const users = new Uint8Array(interactions.numUsers);
  const items = new Uint8Array(interactions.numItems);
  for (const user of set.users) users[user] = 1;
  for (let event = 0; event < events.length; event++)
    if (events[event] === 1) items[interactions.itemIds[event] - 1] = 1;
  return { events: rowsWhere(events), users: rowsWhere(users), items: rowsWhere(items) };
}

/** The items of the training events of each user, in their order; of a user without any none. */
export function* trainingSequences(set: ExampleSet): Generator<Int32Array> {
  const { userOffsets, itemIds, numUsers } = set.interactions;
  const mask = trainingEvents(set);
  for (let user = 0; user < numUsers; user++) {
    const first = userOffsets[user];
    yield itemIds.slice(first, userOffsets[user + 1]).filter((_, i) => mask[first + i] === 1);
  }
}

/** 1 for each item id with a training event; shape `[numItems + 1]`, 0 at the padding. */
export function trainedItems(set: ExampleSet): Uint8Array {
  const trained = new Uint8Array(set.interactions.numItems + 1);
  for (const row of trainingRows(set).items) trained[row + 1] = 1;
  return trained;
}
