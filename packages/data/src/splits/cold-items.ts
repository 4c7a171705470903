import { counterRandom } from '../counter-random.ts';
import { DataError, OptionError } from '../errors.ts';
import { selectEvents } from '../filters/select.ts';
import type { Interactions } from '../interactions.ts';
import type { Split } from './split.ts';

export interface ColdItemsOptions {
  /** Share of the items, between 0 and 1. */
  readonly share: number;
  readonly seed: number;
}

/**
 * The data without the events of a share of the items, but for those that are targets of validation or test: these
 * items are cold, nothing that trains has seen them. Split the result anew by the same rule: each user's targets stay
 * where they were. Which items depends on the seed and the item alone.
 *
 * @throws {OptionError} for a share outside, or a split whose cuts depend on the events that are left; {DataError}
 *   `nobody-left` when no target is of such an item
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
  let targets = 0;
  for (const set of [validation, test]) {
    for (const event of set?.targets ?? []) {
      targets += isCold[interactions.itemIds[event]];
      keep[event] = 1;
    }
  }
  if (targets === 0) {
    throw new DataError(operation, `expected targets of cold items; got none among those of ${interactions.name}`, {
      code: 'nobody-left',
      hint: 'raise the share, or change the seed',
    });
  }
  const items = isCold.reduce((sum, cold) => sum + cold, 0);
  return selectEvents(interactions, {
    keep,
    dropItems: false,
    name: 'coldItems',
    params: { share, seed },
    detail: `Took the events of ${items} cold items out of training (a share of ${share}, seed ${seed}); ${targets} targets are of them`,
    counts: { coldItems: items, coldTargets: targets },
  });
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
