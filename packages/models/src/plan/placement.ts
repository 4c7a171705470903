import type { Network } from './network.ts';
import { type OptimizerSharding, ownedLoad } from './owned-weights.ts';
import type { Partition } from './partition.ts';
import type { StepLoad } from './simulate.ts';
import { type DenseWeights, type ExchangeCost, exchangeCost } from './step-time.ts';
import { FLOAT, isByRows, type PlannedTable, tableBytes, totalBytes } from './table-bytes.ts';
import { type TableTraffic, tableTraffic } from './traffic.ts';

/** What a planner knows. */
export interface PlanProblem {
  readonly tables: readonly PlannedTable[];
  readonly dense: DenseWeights;
  /** Bytes of the dense weights, their moments and gradients, on every rank. */
  readonly denseBytes: number;
  readonly ranks: number;
  readonly network: Network;
  /** What the ranks read in some steps; `tables` of a step in the order of `tables`. */
  readonly steps: readonly StepLoad[];
  /** Bytes that a rank has for all of it; absent: any number. */
  readonly memory?: number;
  /** The optimiser's state of dense weights lies with owners; absent: all of it on every rank. */
  readonly sharding?: OptimizerSharding;
}

/** A partition of each table, in their order; nothing for a table that has none yet. */
export type PartialPlacement = readonly (Partition | undefined)[];

/** Evaluates placements of one problem; what a table costs by a partition is counted once. */
export class Placements {
  readonly problem: PlanProblem;
  readonly #traffic = new Map<string, readonly TableTraffic[]>();
  readonly #bytes = new Map<string, Float64Array>();

  constructor(problem: PlanProblem) {
    this.problem = problem;
  }

  /** The exchange of each step; tables without a partition take no part. */
  exchange(partitions: PartialPlacement): ExchangeCost[] {
    const { dense, ranks, network, steps, sharding, tables } = this.problem;
    const owned = sharding && {
      numbers: ownedLoad(sharding, tables, partitions, ranks).numbers,
      clipped: sharding.clipped,
    };
    const traffic = partitions.flatMap((partition, t) => (partition === undefined ? [] : [this.traffic(t, partition)]));
    return steps.map((_, s) =>
      exchangeCost(
        traffic.map((ofSteps) => ofSteps[s]),
        dense,
        ranks,
        network,
        owned,
      ),
    );
  }

  /** Mean seconds of the exchange of a step. */
  seconds(partitions: PartialPlacement): number {
    const all = this.exchange(partitions);
    return all.reduce((sum, { seconds }) => sum + seconds, 0) / all.length;
  }

  /** What a table adds to each step. */
  traffic(t: number, partition: Partition): readonly TableTraffic[] {
    const { tables, steps } = this.problem;
    return remembered(this.#traffic, keyOf(t, partition), () =>
      steps.map((step) => tableTraffic(tables[t], partition, step.tables[t])),
    );
  }

  /**
   * Bytes that a table takes of each rank, `[R]`: weights, moments, a dense gradient, and in a step the rows that the
   * rank works on with their gradients (none of a frozen table), of the step with most of them.
   */
  tableBytes(t: number, partition: Partition): Float64Array {
    const { tables, ranks, steps } = this.problem;
    const table = tables[t];
    return remembered(this.#bytes, keyOf(t, partition), () =>
      Float64Array.from({ length: ranks }, (_, rank) => {
        const kept = totalBytes(tableBytes(table, partition, ranks, rank));
        if (partition.kind === 'replicated' && (table.frozen || !isByRows(table, partition))) return kept;
        const rows = Math.max(...steps.map((step) => step.tables[t].distinct[rank]));
        return kept + (table.frozen ? 1 : 2) * FLOAT * table.width * rows;
      }),
    );
  }

  /** Bytes that a placement takes of each rank, `[R]`. */
  bytes(partitions: PartialPlacement): Float64Array {
    const { ranks, denseBytes, tables, sharding } = this.problem;
    const total = new Float64Array(ranks).fill(denseBytes);
    if (sharding !== undefined) {
      // Of what every rank would keep, what its owner keeps.
      const { state } = ownedLoad(sharding, tables, partitions, ranks);
      const all = state.reduce((sum, bytes) => sum + bytes, 0);
      for (let rank = 0; rank < ranks; rank++) total[rank] += state[rank] - all;
    }
    for (const [t, partition] of partitions.entries()) {
      if (partition === undefined) continue;
      const own = this.tableBytes(t, partition);
      for (let rank = 0; rank < total.length; rank++) total[rank] += own[rank];
    }
    return total;
  }

  /** Whether every rank has room for a placement. */
  fits(partitions: PartialPlacement): boolean {
    const { memory = Number.POSITIVE_INFINITY } = this.problem;
    return this.bytes(partitions).every((bytes) => bytes <= memory);
  }
}

function keyOf(t: number, partition: Partition): string {
  return `${t} ${partition.kind} ${partition.kind === 'table' ? partition.rank : ''}`;
}

function remembered<T>(known: Map<string, T>, key: string, make: () => T): T {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  known.set(key, made);
  return made;
}
