import { assignOwners } from '../train/assign-owners.ts';
import type { Partition } from './partition.ts';
import { FLOAT, isByRows, type PlannedTable } from './table-bytes.ts';

/** A weight of which one rank keeps what the optimiser keeps. */
export interface OwnedWeight {
  readonly numbers: number;
  /** Bytes that the optimiser keeps of it. */
  readonly state: number;
}

/** What the optimiser keeps of dense weights, spread over the ranks. */
export interface OptimizerSharding {
  /** The dense weights that are trained, in the order of the model, without tables. */
  readonly weights: readonly OwnedWeight[];
  /** The gradients of all are clipped by their norm, so that they go to all ranks. */
  readonly clipped: boolean;
}

/** What each rank owns, `[R]`. */
export interface OwnedLoad {
  readonly numbers: Float64Array;
  /** Bytes that the optimiser keeps. */
  readonly state: Float64Array;
}

/**
 * Owners of the dense weights and of the tables that are replicated and trained densely, by the rule of a trainer. Of
 * sizes that are equal tables come first here: ranks may change places then.
 */
export function ownedLoad(
  { weights }: OptimizerSharding,
  tables: readonly PlannedTable[],
  partitions: readonly (Partition | undefined)[],
  ranks: number,
): OwnedLoad {
  const dense = tables.filter((table, t) => {
    const partition = partitions[t];
    return partition?.kind === 'replicated' && !table.frozen && !isByRows(table, partition);
  });
  const owned = [...dense.map(ownedTable), ...weights];
  const owners = assignOwners(
    owned.map(({ numbers }) => numbers),
    ranks,
  );
  const load: OwnedLoad = { numbers: new Float64Array(ranks), state: new Float64Array(ranks) };
  for (const [w, { numbers, state }] of owned.entries()) {
    load.numbers[owners[w]] += numbers;
    load.state[owners[w]] += state;
  }
  return load;
}

function ownedTable({ rows, width, rule }: PlannedTable): OwnedWeight {
  const numbers = rows * width;
  return { numbers, state: FLOAT * numbers * (rule === 'adamw' ? 2 : 1) };
}
