import { type Interactions, interactionsFromArrays } from '../src/index.ts';

/** Users with the given numbers of events; item and time of an event are its number. */
export function world(lengths: readonly number[]): Interactions {
  const users = lengths.flatMap((length, user) => new Array<number>(length).fill(user));
  return interactionsFromArrays({
    name: 'world',
    users,
    items: users.map((_, e) => e),
    timestamps: users.map((_, e) => e * e),
  });
}
