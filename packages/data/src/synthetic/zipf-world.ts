import { createInteractions } from '../create-interactions.ts';
import { OptionError } from '../errors.ts';
import { openIdMap } from '../ids.ts';
import type { Interactions } from '../interactions.ts';
import { randomSource } from '../random.ts';
import { eventColumns, worldRoles } from './event-columns.ts';
import { zipfRank } from './zipf-rank.ts';

export interface ZipfWorldOptions {
  readonly users: number;
  readonly items: number;
  /** Events of a user. */
  readonly length: number;
  /** The item of popularity rank `r` is drawn with a probability of about `r^-exponent`; default 1. */
  readonly exponent?: number;
  readonly seed: number;
}

/** Spreads neighbouring ranks over the ids; a prime, larger than any catalogue it meets in practice. */
const SPREAD = 2_147_483_647;

/**
 * Independent events with Zipf's popularity over a catalogue of any size: for measuring what a catalogue
 * costs. There is nothing to learn but popularity. Users have `length` events, one a minute; popular items
 * lie all over the id range.
 *
 * Ranks come from the continuous inverse of the distribution: `r = floor(((I + 1)^(1 - s) - 1) u + 1)^(1 / (1 - s))`.
 *
 * @throws {OptionError} for an option outside its range
 */
export function zipfWorld(options: ZipfWorldOptions): Interactions {
  const { users, items, length, exponent = 1, seed } = options;
  checkOptions({ users, items, length, exponent });
  const random = randomSource(seed, 'zipf world');
  const itemIds = new Int32Array(users * length);
  for (let e = 0; e < itemIds.length; e++) {
    const rank = Math.min(items, Math.floor(zipfRank(random.uniform(), items, exponent)));
    itemIds[e] = 1 + Number((BigInt(rank) * BigInt(SPREAD)) % BigInt(items));
  }
  const ids = openIdMap({ kind: 'integer', values: Float64Array.from({ length: items }, (_, i) => i + 1) }, 1);
  return createInteractions({
    name: 'zipf',
    users: openIdMap({ kind: 'integer', values: Float64Array.from({ length: users }, (_, u) => u) }, 0),
    items: ids,
    userOffsets: Int32Array.from({ length: users + 1 }, (_, u) => u * length),
    columns: eventColumns(
      ids,
      itemIds,
      Float64Array.from(itemIds, (_, e) => 60 * (e % length)),
    ),
    roles: worldRoles,
    steps: [
      {
        name: 'generate',
        detail: `Generated ${users} users of ${length} independent events over ${items} items, Zipf exponent ${exponent}.`,
        params: { world: 'zipf', seed, exponent, users, items, length },
        counts: { events: users * length },
      },
    ],
  });
}

function checkOptions(options: Required<Omit<ZipfWorldOptions, 'seed'>>): void {
  const fail = (key: keyof typeof options, expected: string): never => {
    throw new OptionError('zipfWorld', `expected ${key} ${expected}; got ${options[key]}`, { key });
  };
  for (const key of ['users', 'items'] as const) {
    if (!Number.isInteger(options[key]) || options[key] < 1) fail(key, 'of 1 or more');
  }
  if (!Number.isInteger(options.length) || options.length < 4) fail('length', 'of 4 or more');
  if (!(options.exponent >= 0 && options.exponent < 10)) fail('exponent', 'in 0..10');
}
