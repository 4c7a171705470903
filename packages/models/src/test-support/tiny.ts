import { integers, streamKey } from '@seqrec/core';
import { type ExampleSet, interactionsFromArrays, latestWindow, leaveLastOut, type Split } from '@seqrec/data';
import { casesOf } from './encoder-cases.ts';

/** Configurations small enough for the `cpu` backend, of each kind. */
export const tinyConfigs = casesOf(({ tiny }) => tiny);

type Column = 'users' | 'items' | 'timestamps' | 'ratings';

export interface WorldOptions {
  readonly users?: number;
  readonly items?: number;
  readonly length?: number;
  readonly seed?: number;
}

/** Random users without repeated items, split leave-last-out, not windowed. */
export function tinySplit({ users = 12, items = 20, length = 7, seed = 1 }: WorldOptions = {}): Split {
  const columns = { users: [], items: [], timestamps: [], ratings: [] } as Record<Column, number[]>;
  for (let user = 0; user < users; user++) {
    const pool = Array.from({ length: items }, (_, i) => i + 1);
    const draws = integers(streamKey(seed, 'world'), user, 2 * length, 0, 2 ** 20);
    let time = 1_000_000;
    for (let e = 0; e < length - (user % 3); e++) {
      time += draws[length + e] % 5000;
      columns.users.push(user);
      columns.items.push(pool.splice(draws[e] % pool.length, 1)[0]);
      columns.timestamps.push(time);
      columns.ratings.push(1 + (draws[e] % 5));
    }
  }
  const catalogue = Array.from({ length: items }, (_, i) => ({ item: i + 1 }));
  return leaveLastOut(interactionsFromArrays({ name: 'tiny', ...columns, catalogue }));
}

/** The training part of {@link tinySplit}, windowed for {@link tinyConfigs}. */
export function tinyTrain(options?: WorldOptions): ExampleSet {
  return latestWindow(tinySplit(options).train, { maxLength: 6 });
}
