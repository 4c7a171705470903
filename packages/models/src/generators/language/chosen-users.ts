import { shuffle, streamKey } from '@seqrec/core';

/**
 * So many users of a list, by chance: the beginning of one order of all of them, so that more of them are those and
 * others. Each user counts once.
 *
 * @param count at most the users of the list; `all`: every one.
 */
export function chosenUsers(users: Int32Array, count: number | 'all', seed: number): ReadonlySet<number> {
  const all = [...new Set(users)].sort((a, b) => a - b);
  if (count === 'all') return new Set(all);
  const order = shuffle(streamKey(seed, 'chosen users'), 0, all.length);
  return new Set(Array.from(order.subarray(0, count), (place) => all[place]));
}
