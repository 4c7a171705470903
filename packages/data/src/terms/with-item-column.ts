import { createInteractions } from '../create-interactions.ts';
import { OptionError } from '../errors.ts';
import type { Interactions, ProcessingStep } from '../interactions.ts';
import type { Column } from '../table/column.ts';
import { createTable } from '../table/table.ts';

/** A column to add to the items. */
export interface NewItemColumn {
  readonly name: string;
  readonly column: Column;
  /** What was done, for the record of the data. */
  readonly step: ProcessingStep;
}

/** The same data with one column of the items more. @throws {OptionError} for a name that is taken */
export function withItemColumn(
  interactions: Interactions,
  { name, column, step }: NewItemColumn,
  operation: string,
): Interactions {
  const { itemTable, numItems, roles } = interactions;
  if (itemTable.columns.has(name) || name === roles.item)
    throw new OptionError(operation, `expected a name that no column of the items has; got ${name}`, { key: 'name' });
  const { digest: _, ...parts } = interactions;
  return createInteractions({
    ...parts,
    columns: interactions.events.columns,
    itemTable: createTable(numItems, new Map<string, Column>([...itemTable.columns, [name, column]])),
    steps: [...interactions.steps, step],
  });
}
