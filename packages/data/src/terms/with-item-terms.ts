import { DataError } from '../errors.ts';
import type { Interactions, ProcessingStep } from '../interactions.ts';
import { Interner } from '../interner.ts';
import type { Column } from '../table/column.ts';
import { vocabularyOf } from '../table/vocabulary.ts';
import { withItemColumn } from './with-item-column.ts';

export interface ItemTermsColumn {
  /** Of the new column of the items. */
  readonly name: string;
  /** Of each item, in the order of the dense ids. */
  readonly terms: readonly (readonly string[])[];
  /** What was done, for the record of the data. */
  readonly step: ProcessingStep;
}

const operation = 'withItemTerms';

/**
 * The same data with a column of lists of ids of the items.
 *
 * @throws {DataError} `bad-columns` for lists that are not one an item; {OptionError} for a name that is taken
 */
export function withItemTerms(interactions: Interactions, { name, terms, step }: ItemTermsColumn): Interactions {
  const { numItems } = interactions;
  if (terms.length !== numItems)
    throw new DataError(operation, `expected a list for each of the ${numItems} items; got ${terms.length}`, {
      code: 'bad-columns',
    });
  const interner = new Interner();
  const codes = terms.flatMap((own) => own.map((term) => interner.intern(term)));
  const { ids, denseOf } = vocabularyOf(interner.ids());
  const offsets = new Int32Array(numItems + 1);
  for (const [item, own] of terms.entries()) offsets[item + 1] = offsets[item] + own.length;
  const column: Column = { kind: 'ids', values: Int32Array.from(codes, (code) => denseOf[code]), offsets, ids };
  return withItemColumn(interactions, { name, column, step }, operation);
}
