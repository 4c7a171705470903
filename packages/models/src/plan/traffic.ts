import { ownedColumns, ownerOf, type Partition, type TableShape } from './partition.ts';
import { FLOAT, ID, isByRows, type PlannedTable } from './table-bytes.ts';

/** Distinct rows that ranks ask of others, and that they give to others; `[R]` each, with equal sums. */
export interface RowRequests {
  readonly asked: Int32Array;
  readonly served: Int32Array;
}

/** What the ranks read of a table in one step. */
export interface TableLoad {
  /** Look-ups of each rank, `[R]`. */
  readonly ids: Int32Array;
  /** Distinct ids of each rank, `[R]`. */
  readonly distinct: Int32Array;
  /** Distinct ids of all ranks together, `U`. */
  readonly distinctOfAll: number;
  readonly blocks: RowRequests;
  readonly cyclic: RowRequests;
}

/** Bytes that each rank sends and receives in one collective, `[R]`. */
export interface Flow {
  readonly sent: Float64Array;
  readonly received: Float64Array;
}

/** What a table adds to the collectives of a step. */
export interface TableTraffic {
  /** Distinct ids to their owners. */
  readonly ids: Flow;
  /** Rows back. */
  readonly rows: Flow;
  /** Gradients of rows to their owners. */
  readonly gradients: Flow;
  /** Of columns the sums of gradients, to all ranks. */
  readonly sums: Flow;
  /** Numbers in the sum of gradients over all ranks. */
  readonly summed: number;
}

/** The collectives that tables take part in by rows. */
export const ROW_COLLECTIVES = ['ids', 'rows', 'gradients', 'sums'] as const;

/** Rows that each rank asks of each owner, itself included: `[R, R]`, row-major, of partitions by rows. */
export function requestMatrix(
  partition: Extract<Partition, { readonly kind: 'row-blocks' | 'row-cyclic' | 'table' }>,
  shape: TableShape,
  distinct: readonly Int32Array[],
): Int32Array {
  const ranks = distinct.length;
  const matrix = new Int32Array(ranks * ranks);
  for (const [rank, ids] of distinct.entries()) {
    for (const id of ids) matrix[rank * ranks + ownerOf(partition, shape, ranks, id, 0)!]++;
  }
  return matrix;
}

/** {@link requestMatrix} without its diagonal, summed by row and by column: what 1,024 ranks have room for. */
export function rowRequests(
  partition: Extract<Partition, { readonly kind: 'row-blocks' | 'row-cyclic' }>,
  { rows }: TableShape,
  distinct: readonly Int32Array[],
): RowRequests {
  const ranks = distinct.length;
  const asked = new Int32Array(ranks);
  const served = new Int32Array(ranks);
  const block = Math.ceil(rows / ranks);
  const isCyclic = partition.kind === 'row-cyclic';
  for (const [rank, ids] of distinct.entries()) {
    for (let i = 0; i < ids.length; i++) {
      const owner = isCyclic ? ids[i] % ranks : Math.floor(ids[i] / block);
      if (owner === rank) continue;
      asked[rank]++;
      served[owner]++;
    }
  }
  return { asked, served };
}

/**
 * Bytes of a table in a step, by rank. A distinct id goes to its owner (4 bytes), its row comes back (`4 d`) and the
 * gradient of the row follows (`4 d`); of columns an id goes to every rank and each gives its numbers. What a rank
 * owns itself is not sent. A rule that takes the mean square of a row needs all columns of its gradient, and every rank
 * keeps that mean: 4 bytes for each number of the owner in the `U` rows of the step, to every other rank. A replicated
 * table puts its gradient into the sum of the dense ones: `V d` numbers, or those of the `U` rows of the step where it
 * is trained by rows. Of a frozen table ids and rows alone travel.
 */
export function tableTraffic(table: PlannedTable, partition: Partition, load: TableLoad): TableTraffic {
  const traffic = trainedTraffic(table, partition, load);
  if (!table.frozen) return traffic;
  return { ...noTraffic(load.distinct.length), ids: traffic.ids, rows: traffic.rows };
}

function trainedTraffic(table: PlannedTable, partition: Partition, load: TableLoad): TableTraffic {
  const ranks = load.distinct.length;
  const none = noTraffic(ranks);
  switch (partition.kind) {
    case 'replicated': {
      const rows = table.trained === 'rows' ? load.distinctOfAll : table.rows;
      return { ...none, summed: ranks === 1 ? 0 : rows * table.width };
    }
    case 'table':
      return { ...none, ...wholeRows(requestsOfOne(partition.rank, load.distinct), table.width) };
    case 'row-blocks':
      return { ...none, ...wholeRows(load.blocks, table.width) };
    case 'row-cyclic':
      return { ...none, ...wholeRows(load.cyclic, table.width) };
    case 'columns':
      return { ...none, ...byColumns(table, partition, load) };
  }
}

export function noTraffic(ranks: number): TableTraffic {
  const flow = (): Flow => ({ sent: new Float64Array(ranks), received: new Float64Array(ranks) });
  return { ids: flow(), rows: flow(), gradients: flow(), sums: flow(), summed: 0 };
}

function requestsOfOne(owner: number, distinct: Int32Array): RowRequests {
  const asked = distinct.slice();
  asked[owner] = 0;
  const served = new Int32Array(distinct.length);
  served[owner] = sum(asked);
  return { asked, served };
}

function wholeRows({ asked, served }: RowRequests, width: number): Pick<TableTraffic, 'ids' | 'rows' | 'gradients'> {
  const times = (counts: Int32Array, bytes: number): Float64Array =>
    Float64Array.from(counts, (count) => bytes * count);
  const row = FLOAT * width;
  return {
    ids: { sent: times(asked, ID), received: times(served, ID) },
    rows: { sent: times(served, row), received: times(asked, row) },
    gradients: { sent: times(asked, row), received: times(served, row) },
  };
}

function byColumns(
  table: PlannedTable,
  partition: Extract<Partition, { readonly kind: 'columns' }>,
  { distinct, distinctOfAll }: TableLoad,
): Omit<TableTraffic, 'summed'> {
  const ranks = distinct.length;
  const own = Int32Array.from(distinct, (_, rank) => ownedColumns(partition, table, ranks, rank));
  const all = sum(distinct);
  const each = (of: (rank: number) => number): Float64Array => Float64Array.from(distinct, (_, rank) => of(rank));
  const asked = each((rank) => FLOAT * distinct[rank] * (table.width - own[rank]));
  const served = each((rank) => FLOAT * (all - distinct[rank]) * own[rank]);
  const ofStep = isByRows(table, partition) ? FLOAT * distinctOfAll : 0;
  return {
    ids: {
      sent: each((rank) => ID * distinct[rank] * (ranks - 1)),
      received: each((rank) => ID * (all - distinct[rank])),
    },
    rows: { sent: served, received: asked },
    gradients: { sent: asked, received: served },
    sums: {
      sent: each((rank) => ofStep * own[rank] * (ranks - 1)),
      received: each((rank) => ofStep * (table.width - own[rank])),
    },
  };
}

function sum(values: Int32Array): number {
  return values.reduce((total, value) => total + value, 0);
}
