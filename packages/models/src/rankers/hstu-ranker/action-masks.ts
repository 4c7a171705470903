import type { ExampleSet, SequenceBatch } from '@seqrec/data';
import { ConfigError } from '../../errors.ts';
import type { HstuRankerConfig } from './config.ts';

type ActionsConfig = HstuRankerConfig['actions'];

/** Kinds of action. */
export function numActions(actions: ActionsConfig): number {
  return actions.kind === 'ratings' ? actions.bounds.length + 1 : actions.bits;
}

/** @throws ConfigError for a column whose numbers are no masks of `bits` actions: what they say would be lost. */
export function checkActionRows({ kind, actions }: HstuRankerConfig, { interactions }: ExampleSet): void {
  if (actions.kind !== 'column') return;
  const { column: name, bits } = actions;
  const column = interactions.events.columns.get(name);
  if (column?.kind !== 'number' || column.width !== 1) return;
  // A missing one is of no action.
  const isMask = (value: number): boolean =>
    Number.isNaN(value) || (Number.isInteger(value) && value >= 0 && value < 2 ** bits);
  const bad = column.values.findIndex((value) => !isMask(value));
  if (bad < 0) return;
  throw new ConfigError(
    `model config (${kind}): actions: expected whole numbers from 0 to ${2 ** bits - 1} in ${name}, masks of ${bits} bits; got ${column.values[bad]} in row ${bad}; ${Number.isInteger(column.values[bad]) && column.values[bad] > 0 ? 'set more actions.bits' : 'name a column of masks'}`,
    'actions',
  );
}

/**
 * What was done at the events of the histories of a batch as bit masks, `[H]`; 0 where it is not known, as for a
 * history without ratings that a server may get.
 *
 * @throws ConfigError in training on data without what the actions are made of.
 */
export function actionMasks(
  actions: ActionsConfig,
  { itemIds, ratings, columns }: SequenceBatch,
  { kind, training }: { readonly kind: string; readonly training: boolean },
): Int32Array {
  if (actions.kind === 'ratings') {
    if (ratings === undefined) return unknown(itemIds, training, kind, 'data with ratings');
    // Ratings are floats: 3.3 must reach 3.3.
    const bounds = actions.bounds.map(Math.fround);
    return Int32Array.from(ratings, (rating) =>
      Number.isNaN(rating) ? 0 : 1 << bounds.filter((bound) => rating >= bound).length,
    );
  }
  const column = columns?.tokens?.get(actions.column);
  if (column?.kind !== 'number' || column.width !== 1)
    return unknown(
      itemIds,
      training,
      kind,
      `a batch with the column ${actions.column} of the events, one number a row`,
    );
  return Int32Array.from(column.values, (mask) => (Number.isNaN(mask) ? 0 : mask));
}

function unknown(itemIds: Int32Array, training: boolean, kind: string, expected: string): Int32Array {
  if (!training || itemIds.length === 0) return new Int32Array(itemIds.length);
  throw new ConfigError(`model config (${kind}): actions: expected ${expected}; got none`, 'actions');
}
