import type { InitialRows, RowStore } from '@seqrec/core';

/** A table of ids that a model is about to have. */
export interface TableSpec {
  /** Among the weights, for example `fields.item.weight`. */
  readonly name: string;
  readonly rows: number;
  readonly width: number;
  /** The vectors that a variable would start with. */
  readonly initial: InitialRows;
}

/**
 * Says which tables lie in a store, such as a file, instead of a variable: it opens the store of a table, with room for
 * what its optimiser keeps, or gives nothing. Who opens a store closes it; the model does not.
 */
export type TableStores = (table: TableSpec) => RowStore | undefined;
