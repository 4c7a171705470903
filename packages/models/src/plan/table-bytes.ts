import { ownedColumns, ownedRows, type Partition, type TableShape } from './partition.ts';

/** A table as the planner sees it. */
export interface PlannedTable extends TableShape {
  readonly name: string;
  /** The rule of its optimiser. */
  readonly rule: 'adamw' | 'adagrad';
  /**
   * `rows`: a step changes the rows that it reads. `dense`: it changes all of them where the table is replicated; on
   * the owners of a table that is cut up the rows that were read, unless it is regularised.
   */
  readonly trained: 'rows' | 'dense';
  /** A regulariser of the model pulls at every row in every step, so that owners keep the moments of the dense rule. */
  readonly regularised: boolean;
  /** Evaluations take a mean of the weights over the steps, which is kept beside them. */
  readonly averaged: boolean;
  /** No step changes it: it has neither gradient nor moments. */
  readonly frozen?: boolean;
}

/** Bytes of a float32. */
export const FLOAT = 4;
/** Bytes of an id. */
export const ID = 4;

/** Whether the rows of a table are changed by the row-wise form of its rule. */
export function isByRows({ trained, regularised }: PlannedTable, partition: Partition): boolean {
  return partition.kind === 'replicated' ? trained === 'rows' : !regularised;
}

/** What a rank keeps of a table, in bytes. */
export interface TableBytes {
  readonly weights: number;
  /** Of the optimiser, and the mean of the weights where there is one. */
  readonly state: number;
  /** A gradient as large as the table, where the table is trained densely. */
  readonly gradient: number;
}

/**
 * Bytes of a table on a rank. The optimiser keeps of a row of `d` numbers: AdamW `8 d`, Adagrad `4 d`; row-wise AdamW
 * `4 d + 4 + 4` (the first moment, one second moment, the step of the row), row-wise Adagrad 4; of a frozen table
 * nothing. Of columns each rank keeps the numbers of its own, and what there is one of for each row.
 */
export function tableBytes(table: PlannedTable, partition: Partition, ranks: number, rank: number): TableBytes {
  const rows = ownedRows(partition, table, ranks, rank);
  const numbers = rows * ownedColumns(partition, table, ranks, rank);
  const weights = FLOAT * numbers;
  const mean = table.averaged ? weights : 0;
  if (table.frozen) return { weights, state: mean, gradient: 0 };
  const isAdamW = table.rule === 'adamw';
  if (!isByRows(table, partition)) return { weights, state: mean + weights * (isAdamW ? 2 : 1), gradient: weights };
  return { weights, state: mean + (isAdamW ? weights + 2 * FLOAT * rows : FLOAT * rows), gradient: 0 };
}

export function totalBytes({ weights, state, gradient }: TableBytes): number {
  return weights + state + gradient;
}
