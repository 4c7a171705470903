import { createInteractions } from '../create-interactions.ts';
import { DataError, OptionError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import type { Column } from '../table/column.ts';
import { type Refresh, vectorsInPlace } from './refresh.ts';

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
 * many requests before that was. Where a user had none yet the vector is the mean of all, and the age missing.
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
  const mean = meanRow(vectors);
  const column = new Float32Array(values.length);
  const ages = new Float32Array(numEvents);
  let without = 0;
  for (let event = 0; event < numEvents; event++) {
    const row = inPlace[event];
    if (row < 0) without++;
    ages[event] = row < 0 ? Number.NaN : event - row;
    column.set(row < 0 ? mean : values.subarray(row * width, (row + 1) * width), event * width);
  }
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
        detail: `Added ${name}, ${width} numbers an event: the vector of the user in place (${key} ${String(value)}); before the first, at ${without} events, the mean of all.`,
        params: Object.fromEntries(Object.entries(refresh).map(([option, given]) => [option, String(given)])),
        counts: { without },
      },
    ],
  });
}

/** In float64, in order. */
function meanRow({ width, values }: UserVectors): Float32Array {
  const sums = new Float64Array(width);
  for (let i = 0; i < values.length; i++) sums[i % width] += values[i];
  return Float32Array.from(sums, (sum) => sum / Math.max(1, values.length / width));
}
