import type { EncodedColumn } from '@seqrec/data';
import { ConfigError } from '../errors.ts';
import type { Run } from '../layers/layer.ts';
import type { FittedFeatures } from './fitted.ts';
import { knownRows } from './id-mask.ts';
import { UNKNOWN_ID } from './unknown-id.ts';

/** The field of the item's id. */
export const ITEM_FIELD = 'item';

/**
 * Items that a model of rows reads as not known, so that the row of those without a training row is trained: for a
 * share of the items of a training step the field of the item's id has {@link UNKNOWN_ID}, in the row and in histories.
 */
export interface IdDropout {
  /** The values of a field as a step reads them. */
  drop(field: { readonly name: string }, column: EncodedColumn, run: Run): EncodedColumn;
  /** What a training step may read of the field's table besides the values of its batch. */
  reads(field: string): readonly Int32Array[];
}

const NONE: IdDropout = { drop: (_, column) => column, reads: () => [] };
const UNKNOWN = Int32Array.of(UNKNOWN_ID);

/** @throws ConfigError for a rate above 0 without the item's id. */
export function idDropoutOf(
  { kind, itemId, idDropout = 0 }: { readonly kind: string; readonly itemId: boolean; readonly idDropout?: number },
  { numItems, features }: { readonly numItems: number; readonly features?: FittedFeatures },
): IdDropout {
  if (idDropout === 0) return NONE;
  if (!itemId) {
    throw new ConfigError(
      `model config (${kind}): idDropout: expected it with itemId alone; got ${idDropout} and itemId false`,
      'idDropout',
    );
  }
  const trained = features?.trained ?? Uint8Array.from({ length: numItems + 1 }, (_, item) => Number(item > 0));
  return {
    drop: (field, column, run) =>
      field.name === ITEM_FIELD && column.kind === 'row' && run.training
        ? { ...column, values: knownRows(column.values, trained, idDropout, run) }
        : column,
    reads: (field) => (field === ITEM_FIELD ? [UNKNOWN] : []),
  };
}
