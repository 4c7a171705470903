import { DataError } from '../errors.ts';
import type { Interactions, ProcessingStep } from '../interactions.ts';
import { withItemColumn } from './with-item-column.ts';

export interface ItemVectorsColumn {
  /** Of the new column of the items. */
  readonly name: string;
  readonly width: number;
  /** Row-major, in the order of the dense ids; shape `[numItems, width]`. */
  readonly values: Float32Array;
  /** What was done, for the record of the data. */
  readonly step: ProcessingStep;
}

const operation = 'withItemVectors';

/**
 * The same data with a column of vectors of the items.
 *
 * @throws {DataError} `bad-columns` for vectors that are not one an item; {OptionError} for a name that is taken
 */
export function withItemVectors(
  interactions: Interactions,
  { name, width, values, step }: ItemVectorsColumn,
): Interactions {
  const { numItems } = interactions;
  if (!(Number.isInteger(width) && width >= 1) || values.length !== numItems * width)
    throw new DataError(
      operation,
      `expected a vector for each of the ${numItems} items; got ${values.length} numbers, ${width} a vector`,
      { code: 'bad-columns' },
    );
  return withItemColumn(interactions, { name, column: { kind: 'number', width, values }, step }, operation);
}
