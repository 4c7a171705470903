import { counterRandom } from '../counter-random.ts';
import { DataError, OptionError } from '../errors.ts';
import { selectEvents } from '../filters/select.ts';
import type { Interactions } from '../interactions.ts';
import type { ExampleSet, Split } from './split.ts';

export interface ColdItemsOptions {
  /** Share of the items, between 0 and 1. */
  readonly share: number;
  readonly seed: number;
}

/**
 * The data without the events of a share of the items, but for those that are targets of validation or test: these
 * items are cold, nothing that trains has seen them. Split the result anew by the same rule: each user's targets stay
 * where they were, but users who are then too short for it are left out. The step counts them (`shortUsers`), and the
 * targets of cold items that the others have (`coldTargets`). Which items depends on the seed and the item alone.
 *
 * @throws {OptionError} for a share outside, or a split whose cuts depend on the events that are left; {DataError}
 *   `nobody-left` when no target that is left is of such an item
 */
export function withColdItems(split: Split, { share, seed }: ColdItemsOptions): Interactions {
  const operation = 'withColdItems';
  if (split.protocol !== 'leave-last-out' && split.protocol !== 'train-test') {
    throw new OptionError(operation, `expected the split leave-last-out or train-test; got ${split.protocol}`, {
      key: 'split',
      hint: 'a split by time has cold items of its own',
    });
  }
  const { interactions, validation, test } = split;
  const isCold = drawColdItems(interactions, { share, seed }, operation);
  const keep = Uint8Array.from(interactions.itemIds, (item) => 1 - isCold[item]);
  const sets = validation === undefined ? [test] : [validation, test];
  for (const { targets } of sets) for (const event of targets) keep[event] = 1;
  const minLength = Number(split.step.params.minLength);
  const isShort = usersBelow(minLength, interactions, keep);
  const shortUsers = test.users.reduce((sum, user) => sum + isShort[user], 0);
  const coldTargets = sets.reduce((sum, set) => sum + coldOf(set, isCold, isShort), 0);
  if (coldTargets === 0) {
    throw new DataError(operation, `expected targets of cold items; got none among those of ${interactions.name}`, {
      code: 'nobody-left',
      hint: 'raise the share, or change the seed',
    });
  }
  const items = isCold.reduce((sum, cold) => sum + cold, 0);
  const took = `Took the events of ${items} cold items out of training (a share of ${share}, seed ${seed}); ${coldTargets} targets are of them`;
  const left = `${shortUsers} users have fewer than ${minLength} events then and leave the split`;
  return selectEvents(interactions, {
    keep,
    dropItems: false,
    name: 'coldItems',
    params: { share, seed },
    detail: shortUsers === 0 ? took : `${took}; ${left}`,
    counts: { coldItems: items, coldTargets, shortUsers },
  });
}

/** 1 for each user with fewer than `minLength` events that stay, `[numUsers]`. */
function usersBelow(minLength: number, { userOffsets, numUsers }: Interactions, keep: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: numUsers }, (_, user) => {
    const kept = keep.subarray(userOffsets[user], userOffsets[user + 1]).reduce((sum, one) => sum + one, 0);
    return Number(kept < minLength);
  });
}

/** Targets of cold items, without those of short users. */
function coldOf({ users, targets, interactions }: ExampleSet, isCold: Uint8Array, isShort: Uint8Array): number {
  return targets.reduce((sum, event, e) => sum + (1 - isShort[users[e]]) * isCold[interactions.itemIds[event]], 0);
}

/** 1 for each cold item, by its id, shape `[numItems + 1]`. @throws {OptionError} for a share outside. */
export function drawColdItems(
  { numItems }: Pick<Interactions, 'numItems'>,
  { share, seed }: ColdItemsOptions,
  operation: string,
): Uint8Array {
  if (!(share > 0 && share < 1))
    throw new OptionError(operation, `expected a share between 0 and 1; got ${share}`, { key: 'share' });
  const random = counterRandom(seed, 'cold items');
  return Uint8Array.from({ length: numItems + 1 }, (_, item) => (item > 0 && random.uniform(item) < share ? 1 : 0));
}
