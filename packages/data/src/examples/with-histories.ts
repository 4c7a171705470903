import { OptionError } from '../errors.ts';
import type { SameTime } from '../splits/row-history-options.ts';
import type { ExampleSet } from '../splits/split.ts';
import { impressionExamples } from './impressions.ts';
import { happenedRows } from './labels.ts';
import { takeExamples } from './take.ts';

export interface HistoryOptions {
  /** Newest events that are kept. */
  readonly maxEvents: number;
  /**
   * `hidden` (default): events strictly earlier than the row, or, where rows have a request, than its earliest row.
   * `seen`: events before the row in the order of the data, those of the same time among them.
   */
  readonly sameTime?: SameTime;
  /** 1 for each event that may be in a history, shape [numEvents]; default: all. */
  readonly events?: Uint8Array;
}

/**
 * The same examples with the newest earlier events of their users as histories. Neither the event of the example nor
 * anything after it is in its history.
 *
 * An event counts whatever part of a split it is in, unless `events` says otherwise: it is what is known at the time of
 * the row. A row that was drawn is none, and has the history of the event that it was drawn for. Histories are ranges
 * of one list of events, so memory grows with the events and not with the lengths.
 *
 * @throws {OptionError} for a `maxEvents` below 1, or `hidden` without times
 */
export function withHistories(set: ExampleSet, options: HistoryOptions): ExampleSet {
  const { interactions } = set;
  const { maxEvents, sameTime = 'hidden', events } = options;
  const operation = 'withHistories';
  if (!Number.isInteger(maxEvents) || maxEvents < 1) {
    throw new OptionError(operation, `expected maxEvents of 1 or more; got ${maxEvents}`, { key: 'maxEvents' });
  }
  if (events !== undefined && events.length !== interactions.numEvents) {
    throw new OptionError(operation, `expected ${interactions.numEvents} entries, one an event; got ${events.length}`, {
      key: 'events',
    });
  }
  const happened = happenedRows(interactions);
  const counting = events === undefined ? happened : events.map((counts, e) => (happened[e] === 0 ? 0 : counts));
  if (sameTime === 'seen') return inOrder(set, maxEvents, { counting, happened });
  if (interactions.hasTimestamps === false) {
    throw new OptionError(
      operation,
      `expected times, as histories end before the time of a row; got none in ${interactions.name}`,
      {
        key: 'sameTime',
        hint: "name the column of the times (--data.columns.time), or go by the order of the data ('seen')",
      },
    );
  }
  const all = impressionExamples(interactions, { name: set.name, history: counting, maxHistory: maxEvents });
  return takeExamples(all, set.targets);
}

/** Histories by the order of the events. */
function inOrder(
  set: ExampleSet,
  maxEvents: number,
  { counting, happened }: Readonly<Record<'counting' | 'happened', Uint8Array>>,
): ExampleSet {
  const { interactions, targets, users } = set;
  const { numEvents, userOffsets } = interactions;
  // Of each event how many before it count: its place in the list of those that do.
  const before = new Int32Array(numEvents + 1);
  for (let e = 0; e < numEvents; e++) before[e + 1] = before[e] + (counting[e] === 0 ? 0 : 1);
  const indices = new Int32Array(before[numEvents]);
  for (let e = 0; e < numEvents; e++) if (counting[e] !== 0) indices[before[e]] = e;
  // Drawn rows follow their event, which is not in their history.
  const ends = before.slice();
  for (let e = 1; e < numEvents; e++) if (happened[e] === 0) ends[e] = ends[e - 1];
  const offsets = new Int32Array(targets.length + 1);
  const starts = new Int32Array(targets.length);
  for (let k = 0; k < targets.length; k++) {
    const first = before[userOffsets[users[k]]];
    const end = Math.max(first, ends[targets[k]]);
    offsets[k] = Math.max(first, end - maxEvents);
    starts[k] = targets[k] - (end - offsets[k]);
  }
  offsets[targets.length] = indices.length;
  return { name: set.name, interactions, users, starts, targets, events: { offsets, indices } };
}

/** The same examples without their histories. */
export function withoutHistories({ name, interactions, users, targets }: ExampleSet): ExampleSet {
  return { name, interactions, users, starts: targets, targets };
}
