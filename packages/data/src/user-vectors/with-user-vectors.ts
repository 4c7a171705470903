import { createInteractions } from '../create-interactions.ts';
import { DataError, OptionError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import type { Column } from '../table/column.ts';
import { type Refresh, requestTimes, vectorsInPlace } from './refresh.ts';

/** Vectors that another model has made of the users, one after each event. */
export interface UserVectors {
  readonly width: number;
  /** Row-major; shape `[numEvents, width]`. The row of an event is of its user's history up to it, with it. */
  readonly values: Float32Array;
}

export interface UserVectorsOptions {
  readonly vectors: UserVectors;
  readonly refresh: Refresh;
  /** Of the new column; default `userVector`. */
  readonly name?: string;
}

export const USER_VECTOR = 'userVector';
/** Ends the name of the column of the ages. */
const AGE = 'Age';
export const USER_VECTOR_AGE = `${USER_VECTOR}${AGE}`;
const OPERATION = 'withUserVectors';

/**
 * The same data with two more columns of the events: the vector of the user that a service has at hand when what
 * follows the event is asked for, computed some time before, see {@link Refresh}; and, under the name with `Age`, how
 * many requests before that was. Where a user had none yet the vector is the mean of those of all users that were
 * computed before the request, zeros where there is none or the data have no times, and the age missing.
 *
 * @throws {DataError} `bad-columns` for vectors that are not one an event; {OptionError} for a name that is taken
 */
export function withUserVectors(
  interactions: Interactions,
  { vectors, refresh, name = USER_VECTOR }: UserVectorsOptions,
): Interactions {
  const { numEvents, events, roles } = interactions;
  const { width, values } = vectors;
  if (!(Number.isInteger(width) && width >= 1) || values.length !== numEvents * width) {
    throw new DataError(
      OPERATION,
      `expected a vector for each of the ${numEvents} events of ${interactions.name}; got ${values.length} numbers, ${width} a vector`,
      { code: 'bad-columns', hint: 'make them of the same data, after the same filters' },
    );
  }
  for (const taken of [name, `${name}${AGE}`]) {
    if (taken !== roles.user && !events.columns.has(taken)) continue;
    throw new OptionError(OPERATION, `expected a name that no column of the events has; got ${taken}`, { key: 'name' });
  }
  const inPlace = vectorsInPlace(interactions, refresh);
  const column = new Float32Array(values.length);
  const ages = new Float32Array(numEvents);
  for (let event = 0; event < numEvents; event++) {
    const row = inPlace[event];
    ages[event] = row < 0 ? Number.NaN : event - row;
    if (row >= 0) column.set(values.subarray(row * width, (row + 1) * width), event * width);
  }
  const without = ages.reduce((count, age) => count + Number(Number.isNaN(age)), 0);
  if (interactions.hasTimestamps && without > 0) fillWithComputed(column, ages, vectors, interactions);
  const { digest: _, ...parts } = interactions;
  const [[key, value]] = Object.entries(refresh);
  return createInteractions({
    ...parts,
    columns: new Map<string, Column>([
      ...events.columns,
      [name, { kind: 'number', width, values: column }],
      [`${name}${AGE}`, { kind: 'number', width: 1, values: ages }],
    ]),
    steps: [
      ...interactions.steps,
      {
        name: 'user-vectors',
        detail: `Added ${name}, ${width} numbers an event: the vector of the user in place (${key} ${String(value)}); before the first, at ${without} events, the mean of those of all users that were computed before the request.`,
        params: Object.fromEntries(Object.entries(refresh).map(([option, given]) => [option, String(given)])),
        counts: { without },
      },
    ],
  });
}

/**
 * Where there is no age, the mean of the vectors of all users that were computed earlier than the request: what a
 * service has by then. The vector after an event may come long after it, at the request after it. In float64, in order
 * of the time of computing, then of the events.
 */
function fillWithComputed(
  column: Float32Array,
  ages: Float32Array,
  { width, values }: UserVectors,
  interactions: Interactions,
): void {
  const times = requestTimes(interactions);
  const order = Uint32Array.from(times, (_, event) => event);
  order.sort((a, b) => times[a] - times[b] || a - b);
  const sums = new Float64Array(width);
  // Vectors in the sums: the first so many in order.
  let taken = 0;
  for (const event of order) {
    if (!Number.isNaN(ages[event])) continue;
    for (; times[order[taken]] < times[event]; taken++)
      for (let i = 0; i < width; i++) sums[i] += values[order[taken] * width + i];
    if (taken > 0) for (let i = 0; i < width; i++) column[event * width + i] = sums[i] / taken;
  }
}
