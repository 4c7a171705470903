/** How a table `[V, d]` lies on `R` ranks; those of torchrec's sharding types that hold whole rows or whole columns. */
export type Partition =
  /** All of it on every rank; its gradient is summed with that of the dense weights. */
  | { readonly kind: 'replicated' }
  /** All of it on one rank. */
  | { readonly kind: 'table'; readonly rank: number }
  /** Row `v` on rank `floor(v / ceil(V / R))`. */
  | { readonly kind: 'row-blocks' }
  /** Row `v` on rank `v mod R`. */
  | { readonly kind: 'row-cyclic' }
  /** Columns `floor(r d / R)` up to, without, `floor((r + 1) d / R)` of every row on rank `r`. */
  | { readonly kind: 'columns' };

/** The kinds, in the order in which tables of options list them. */
export const PARTITIONS = ['replicated', 'table', 'row-blocks', 'row-cyclic', 'columns'] as const;

export interface TableShape {
  /** `V`. */
  readonly rows: number;
  /** `d`. */
  readonly width: number;
}

/** The rank that holds number `column` of row `row`; nothing where every rank does. */
export function ownerOf(
  partition: Partition,
  { rows, width }: TableShape,
  ranks: number,
  row: number,
  column: number,
): number | undefined {
  switch (partition.kind) {
    case 'replicated':
      return undefined;
    case 'table':
      return partition.rank;
    case 'row-blocks':
      return Math.floor(row / Math.ceil(rows / ranks));
    case 'row-cyclic':
      return row % ranks;
    case 'columns':
      return Math.ceil(((column + 1) * ranks) / width) - 1;
  }
}

/** How many rows a rank holds numbers of, or of columns what there is one of for each row. */
export function ownedRows(partition: Partition, { rows }: TableShape, ranks: number, rank: number): number {
  switch (partition.kind) {
    case 'replicated':
      return rows;
    case 'table':
      return rank === partition.rank ? rows : 0;
    case 'row-blocks':
      return inBlock(rows, ranks, rank);
    case 'row-cyclic':
      return Math.max(0, Math.ceil((rows - rank) / ranks));
    case 'columns':
      return rows;
  }
}

/** How many columns of its rows a rank holds. */
export function ownedColumns(partition: Partition, { width }: TableShape, ranks: number, rank: number): number {
  if (partition.kind !== 'columns') return width;
  return Math.floor(((rank + 1) * width) / ranks) - Math.floor((rank * width) / ranks);
}

function inBlock(count: number, ranks: number, rank: number): number {
  const block = Math.ceil(count / ranks);
  return Math.min(count, (rank + 1) * block) - Math.min(count, rank * block);
}
