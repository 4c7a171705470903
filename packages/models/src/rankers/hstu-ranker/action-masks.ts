import type { SequenceBatch } from '@seqrec/data';
import { ConfigError } from '../../errors.ts';
import type { HstuRankerConfig } from './config.ts';

type ActionsConfig = HstuRankerConfig['actions'];

/** Kinds of action. */
export function numActions(actions: ActionsConfig): number {
  return actions.kind === 'ratings' ? actions.bounds.length + 1 : actions.bits;
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
