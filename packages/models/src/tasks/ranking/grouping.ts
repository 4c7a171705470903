import type { ExampleSet } from '@seqrec/data';
import { ConfigError } from '../../errors.ts';

/**
 * A number for each event that is equal in rows of one group; a row without a value is a group of its own.
 *
 * @param by `user`, `request`, or a column of the events.
 * @throws ConfigError for a column that is not there, or is of lists or vectors.
 */
export function groupsOfEvents(
  { interactions }: Pick<ExampleSet, 'interactions'>,
  by: string,
  key: string,
): Int32Array {
  const { numEvents, numUsers, userOffsets, roles, events } = interactions;
  const groups = new Int32Array(numEvents);
  const name = by === 'request' ? roles.request : by;
  if (by === 'user' && !events.columns.has('user')) {
    for (let u = 0; u < numUsers; u++) groups.fill(u, userOffsets[u], userOffsets[u + 1]);
    return groups;
  }
  const column = name === undefined ? undefined : events.columns.get(name);
  const isPlain = column?.kind === 'id' || (column?.kind === 'number' && column.width === 1);
  if (!isPlain) {
    const got = name === undefined ? 'data without the role request' : `${name}, ${column?.kind ?? 'no column'}`;
    throw new ConfigError(
      `task: ${key}: expected user, request, or a column of the events of one id or number a row; got ${got}`,
      key,
    );
  }
  const numbers = new Map<number, number>();
  for (let e = 0; e < numEvents; e++) {
    const value = column.values[e];
    const isMissing = column.kind === 'id' ? value === 0 : Number.isNaN(value);
    if (isMissing) {
      // Below 0, where no other group is.
      groups[e] = -1 - e;
      continue;
    }
    let number = numbers.get(value);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(value, number);
    }
    groups[e] = number;
  }
  return groups;
}
