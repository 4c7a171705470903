import type { Partition } from './partition.ts';
import { Placements, type PlanProblem } from './placement.ts';
import { optionsOf, type Placement, withOne } from './planner.ts';
import { imbalance } from './step-time.ts';
import { tableBytes, totalBytes } from './table-bytes.ts';

/** A partition of one table, with all other tables as they are placed. */
export interface PartitionOption {
  readonly partition: Partition;
  /** Mean seconds of the exchange of a step, of all tables. */
  readonly seconds: number;
  /** Most bytes that a rank sends or receives for the table in a step, its part of the sum of gradients included. */
  readonly bytes: number;
  /** Rows that ranks give to others: largest over mean; 1 where none does. */
  readonly imbalance: number;
  /** Bytes of weights and moments on the rank that holds most of the table. */
  readonly memory: number;
  readonly fits: boolean;
}

/** A table's place, and what the others would be. */
export interface PlacedTable {
  readonly name: string;
  readonly rows: number;
  readonly width: number;
  readonly chosen: PartitionOption;
  /** Without the chosen one, the cheapest first. */
  readonly others: readonly PartitionOption[];
}

/** Each table of a placement with its alternatives. */
export function explainPlacement(problem: PlanProblem, { partitions }: Placement): PlacedTable[] {
  const placements = new Placements(problem);
  return problem.tables.map(({ name, rows, width }, t) => {
    const chosen = optionOf(placements, t, partitions, partitions[t]);
    const others = optionsOf(placements, t, partitions)
      .filter(({ kind }) => kind !== partitions[t].kind)
      .map((partition) => optionOf(placements, t, partitions, partition))
      .sort((a, b) => a.seconds - b.seconds);
    return { name, rows, width, chosen, others };
  });
}

function optionOf(
  placements: Placements,
  t: number,
  chosen: readonly Partition[],
  partition: Partition,
): PartitionOption {
  const { tables, ranks } = placements.problem;
  const placed = withOne(chosen, t, partition);
  const traffic = placements.traffic(t, partition);
  const steps = traffic.length;
  let bytes = 0;
  let uneven = 0;
  for (const { ids, rows, gradients, sums, summed } of traffic) {
    const sum = (8 * summed * (ranks - 1)) / ranks;
    const flows = [ids, rows, gradients, sums];
    const of = (side: 'sent' | 'received', rank: number): number =>
      flows.reduce((total, flow) => total + flow[side][rank], sum);
    let most = 0;
    for (let rank = 0; rank < ranks; rank++) most = Math.max(most, of('sent', rank), of('received', rank));
    bytes += most / steps;
    uneven += imbalance(rows.sent) / steps;
  }
  const memory = Array.from({ length: ranks }, (_, rank) => totalBytes(tableBytes(tables[t], partition, ranks, rank)));
  return {
    partition,
    seconds: placements.seconds(placed),
    bytes,
    imbalance: uneven,
    memory: Math.max(...memory),
    fits: placements.fits(placed),
  };
}
