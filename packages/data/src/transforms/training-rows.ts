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
  return { events: marked(events), users: marked(users), items: marked(items) };
}

function marked(flags: Uint8Array): Int32Array {
  const rows = new Int32Array(flags.reduce((sum, flag) => sum + flag, 0));
  let count = 0;
  for (let row = 0; row < flags.length; row++) if (flags[row] === 1) rows[count++] = row;
  return rows;
}
