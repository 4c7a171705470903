import { OptionError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';

/** The requests that occur: of each event its number, from 0 in the order of the events. */
export interface Requests {
  readonly count: number;
  /** shape [numEvents] */
  readonly of: Int32Array;
}

/**
 * Which events were shown together, by the column in the role request; a row without one is a request of its own, and
 * so is every row where there is no such role.
 *
 * @throws {OptionError} when the column in the role is not one of ids
 */
export function requestsOf({ events, roles, numEvents }: Interactions, operation = 'requestsOf'): Requests {
  const of = new Int32Array(numEvents);
  const column = roles.request === undefined ? undefined : events.columns.get(roles.request);
  if (column === undefined) {
    for (let e = 0; e < numEvents; e++) of[e] = e;
    return { count: numEvents, of };
  }
  if (column.kind !== 'id') {
    throw new OptionError(operation, `expected ids in the role request; got a column of ${column.kind}`, {
      key: 'request',
      hint: `read it as ids (--data.columns.${roles.request} id)`,
    });
  }
  const { values, ids } = column;
  const numberOf = new Int32Array(ids.size + 1).fill(-1);
  let count = 0;
  for (let e = 0; e < numEvents; e++) {
    const id = values[e];
    if (id > 0 && numberOf[id] >= 0) of[e] = numberOf[id];
    else {
      if (id > 0) numberOf[id] = count;
      of[e] = count++;
    }
  }
  return { count, of };
}

/** When each request was made: the time of its earliest row; shape [requests]. */
export function requestTimes({ timestamps }: Interactions, { count, of }: Requests): Float64Array {
  const times = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  for (let e = 0; e < of.length; e++) if (timestamps[e] < times[of[e]]) times[of[e]] = timestamps[e];
  return times;
}
