import { DataError } from '../errors.ts';
import { takeExamples } from '../examples/take.ts';
import { type ColdItemsOptions, drawColdItems } from './cold-items.ts';
import type { ExampleSet, RowSplit } from './split.ts';

const operation = 'withColdRows';

/**
 * The split without the training and validation rows of a share of the items, whatever their label, and without these
 * items in the histories of the rows that are left: nothing that trains has seen them. The test part stays as it is.
 * Which items depends on the seed and the item alone, and is the same as with `withColdItems`.
 *
 * @throws {OptionError} for a share outside; {DataError} `nobody-left` when no test row is of such an item, or none of
 *   another is left to train on
 */
export function withColdRows(split: RowSplit, { share, seed }: ColdItemsOptions): RowSplit {
  const { interactions, train, validation, test, step } = split;
  const { itemIds, name } = interactions;
  const isCold = drawColdItems(interactions, { share, seed }, operation);
  const rowsOf = (set: ExampleSet): number => set.targets.reduce((sum, event) => sum + isCold[itemIds[event]], 0);
  const [tested, taken] = [rowsOf(test), rowsOf(train)];
  if (tested === 0 || taken === train.targets.length) {
    const needed = tested === 0 ? 'test rows of cold items' : 'training rows of items that are not cold';
    throw new DataError(operation, `expected ${needed}; got none among those of ${name}`, {
      code: 'nobody-left',
      hint: 'change the share or the seed',
    });
  }
  const items = isCold.reduce((sum, cold) => sum + cold, 0);
  const validated = validation && rowsOf(validation);
  const without = (set: ExampleSet): ExampleSet => withoutItems(set, isCold);
  return {
    ...split,
    train: without(train),
    ...(validation && { validation: without(validation) }),
    step: {
      ...step,
      detail: `${step.detail} ${taken} training${validated === undefined ? '' : ` and ${validated} validation`} rows of ${items} cold items (a share of ${share}, seed ${seed}) are left out; ${tested} test rows are of them.`,
      params: { ...step.params, coldItems: share, coldItemsSeed: seed },
      counts: {
        ...step.counts,
        train: train.targets.length - taken,
        ...(validation && validated !== undefined && { validation: validation.targets.length - validated }),
        ...{ coldItems: items, coldTestRows: tested },
      },
    },
  };
}

/** Without the examples of some items, and without these items in the histories of the others. */
function withoutItems(set: ExampleSet, left: Uint8Array): ExampleSet {
  const { itemIds, numEvents } = set.interactions;
  const rows = Int32Array.from(set.targets.keys()).filter((e) => left[itemIds[set.targets[e]]] === 0);
  const kept = takeExamples(set, rows);
  const { starts, targets, events } = kept;
  // Histories are ranges of one list: of the list without these items as well.
  const all = events?.indices ?? Int32Array.from({ length: numEvents }, (_, event) => event);
  const indices = all.filter((event) => left[itemIds[event]] === 0);
  const before = new Int32Array(all.length + 1);
  for (const [at, event] of all.entries()) before[at + 1] = before[at] + 1 - left[itemIds[event]];
  const offsets = new Int32Array(targets.length + 1);
  const cut = new Int32Array(targets.length);
  for (const [e, target] of targets.entries()) {
    const from = events === undefined ? starts[e] : events.offsets[e];
    offsets[e] = before[from];
    cut[e] = target - (before[from + target - starts[e]] - before[from]);
  }
  offsets[targets.length] = indices.length;
  return { ...kept, starts: cut, events: { offsets, indices } };
}
