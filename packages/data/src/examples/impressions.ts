import { OptionError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import { partitionPoint } from '../partition-point.ts';
import type { ExampleSet } from '../splits/split.ts';
import { labelOf, positiveEvents } from './labels.ts';
import { usersOf } from './points.ts';
import { type Requests, requestsOf, requestTimes } from './requests.ts';

export interface ImpressionOptions {
  /** Default `train`. */
  readonly name?: ExampleSet['name'];
  /**
   * Which events count as history. `positive`: those with a label above 0; `all`: every row; or 1 for each event that
   * counts, shape [numEvents]. Default `positive` where the data have labels, else `all`.
   */
  readonly history?: 'positive' | 'all' | Uint8Array;
  /** Which label; default the first. */
  readonly label?: string;
  /** Latest events of a history that are kept; default all. */
  readonly maxHistory?: number;
}

/**
 * Every row that was shown as an example: example `e` is event `e`, and its history the events of its user that count
 * as history and are strictly older than its request.
 *
 * A request is the rows with the same id in the role `request`, its time that of its earliest row, so that no row of a
 * request is in the history of another one of it, nor a row of another request of the same time. A row without a
 * request is one of its own. Histories are ranges of one list of events: memory grows with the events, not with the
 * lengths of histories.
 * @throws {OptionError} without times, or for a label or a `maxHistory` that makes no sense
 */
export function impressionExamples(interactions: Interactions, options: ImpressionOptions = {}): ExampleSet {
  const operation = 'impressionExamples';
  const { name = 'train', maxHistory = Number.POSITIVE_INFINITY } = options;
  if (interactions.hasTimestamps === false) {
    throw new OptionError(
      operation,
      `expected times, as histories end at a request; got none in ${interactions.name}`,
      {
        key: 'history',
        hint: 'name the column of the times (--data.columns.time), or take examples without a history (pointExamples)',
      },
    );
  }
  if (!(maxHistory >= 1) || (Number.isFinite(maxHistory) && !Number.isInteger(maxHistory))) {
    throw new OptionError(operation, `expected maxHistory of 1 or more; got ${maxHistory}`, { key: 'maxHistory' });
  }
  const requests = requestsOf(interactions, operation);
  const counting = countingEvents(interactions, options, operation);
  return { name, interactions, ...histories(interactions, requests, counting, maxHistory) };
}

/** 1 for each event that counts as history. */
function countingEvents(interactions: Interactions, options: ImpressionOptions, operation: string): Uint8Array {
  const { history = interactions.roles.labels.length > 0 ? 'positive' : 'all', label } = options;
  if (history === 'all') return new Uint8Array(interactions.numEvents).fill(1);
  if (history === 'positive') return positiveEvents(labelOf(interactions, label, operation));
  if (history instanceof Uint8Array && history.length === interactions.numEvents) return history;
  const got = history instanceof Uint8Array ? `${history.length} entries` : String(history);
  throw new OptionError(
    operation,
    `expected history positive, all or ${interactions.numEvents} entries, one an event; got ${got}`,
    { key: 'history' },
  );
}

function histories(
  interactions: Interactions,
  requests: Requests,
  counting: Uint8Array,
  maxHistory: number,
): Pick<ExampleSet, 'users' | 'starts' | 'targets' | 'events'> {
  const { numEvents, numUsers, userOffsets, timestamps } = interactions;
  const times = requestTimes(interactions, requests);
  const indices = new Int32Array(counting.reduce((sum, counts) => sum + (counts === 0 ? 0 : 1), 0));
  const offsets = new Int32Array(numEvents + 1);
  const starts = new Int32Array(numEvents);
  const targets = new Int32Array(numEvents);
  let listed = 0;
  for (let u = 0; u < numUsers; u++) {
    const first = listed;
    for (let e = userOffsets[u]; e < userOffsets[u + 1]; e++) if (counting[e] !== 0) indices[listed++] = e;
    // Requests of neighbouring rows mostly have the same time.
    let time = Number.NaN;
    let end = first;
    for (let e = userOffsets[u]; e < userOffsets[u + 1]; e++) {
      if (times[requests.of[e]] !== time) {
        time = times[requests.of[e]];
        end = firstNotBefore(timestamps, indices, first, listed, time);
      }
      const begin = Math.max(first, end - maxHistory);
      offsets[e] = begin;
      targets[e] = e;
      starts[e] = e - (end - begin);
    }
  }
  offsets[numEvents] = listed;
  return { users: usersOf(interactions), starts, targets, events: { offsets, indices } };
}

/** Of the ascending events `indices[from, to)` the first that is not older than `time`. */
function firstNotBefore(times: Float64Array, indices: Int32Array, from: number, to: number, time: number): number {
  return partitionPoint(from, to, (i) => times[indices[i]] < time);
}
