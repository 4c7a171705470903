import {
  type ComputeCost,
  computeSeconds,
  imbalance,
  type Partition,
  type PlacedTable,
  type Placement,
  Placements,
  type PlanProblem,
  type StepLoad,
} from '@seqrec/models';

/** The prediction for one number of ranks; means over the steps. */
export interface PlanPoint {
  readonly ranks: number;
  /** Of a step. */
  readonly seconds: number;
  /** Of the rank with most to compute. */
  readonly compute: number;
  /** Counts, ids, rows of tables, their gradients, sums of those of columns. */
  readonly tables: number;
  /** The sum of dense gradients. */
  readonly sum: number;
  /** Losses of the parts. */
  readonly losses: number;
  /** Over one rank. */
  readonly speedUp: number;
  /** Bytes that the rank sends which sends most, and a rank in the mean. */
  readonly sentMost: number;
  readonly sentMean: number;
  /** Largest over mean: of compute without the part that all ranks have alike, and of rows given to others. */
  readonly imbalance: number;
  readonly imbalanceOfRows: number;
  /** Ranks without a sequence in a step. */
  readonly idle: number;
  /** Of the rank that needs most. */
  readonly memory: number;
  /** Kinds of partition of the tables, in their order. */
  readonly partitions: readonly Partition['kind'][];
}

/** The placement of one number of ranks with its reasons, and what each rank has to do. */
export interface ExplainedPlan {
  readonly ranks: number;
  readonly tables: readonly PlacedTable[];
  readonly byRank: readonly RankLoad[];
}

/** Of one rank in a step, in the mean. */
export interface RankLoad {
  readonly sequences: number;
  readonly tokens: number;
  /** Of its own work. */
  readonly seconds: number;
  /** Look-ups and distinct rows of all tables. */
  readonly ids: number;
  readonly distinct: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly memory: number;
}

/** @param alone seconds of a step of one rank; absent: this is it. */
export function pointOf(problem: PlanProblem, placement: Placement, cost: ComputeCost, alone?: number): PlanPoint {
  const { ranks, steps } = problem;
  const placements = new Placements(problem);
  const exchange = placements.exchange(placement.partitions);
  const mean = (read: (s: number) => number): number =>
    steps.reduce((sum, _, s) => sum + read(s), 0) / Math.max(1, steps.length);
  const compute = mean((s) => Math.max(...computeSeconds(cost, steps[s].cost)));
  const seconds = compute + mean((s) => exchange[s].seconds);
  const rowsGiven = placement.partitions.map((partition, t) => placements.traffic(t, partition));
  const given = (s: number): Float64Array =>
    Float64Array.from({ length: ranks }, (_, rank) =>
      rowsGiven.reduce((sum, steps) => sum + steps[s].rows.sent[rank], 0),
    );
  return {
    ...{ ranks, seconds, compute },
    tables: mean((s) => {
      const { counts, ids, rows, gradients, sums } = exchange[s];
      return [counts, ids, rows, gradients, sums].reduce((sum, each) => sum + each.seconds, 0);
    }),
    sum: mean((s) => exchange[s].sum.seconds),
    losses: mean((s) => exchange[s].losses.seconds),
    speedUp: (alone ?? seconds) / seconds,
    sentMost: mean((s) => Math.max(...exchange[s].sent)),
    sentMean: mean((s) => exchange[s].sent.reduce((sum, bytes) => sum + bytes, 0) / ranks),
    imbalance: mean((s) => imbalance(steps[s].cost)),
    imbalanceOfRows: mean((s) => imbalance(given(s))),
    idle: mean((s) => steps[s].sequences.reduce((count, own) => (own === 0 ? count + 1 : count), 0)),
    memory: placement.bytes,
    partitions: placement.partitions.map(({ kind }) => kind),
  };
}

export function explained(
  problem: PlanProblem,
  { partitions }: Placement,
  tables: readonly PlacedTable[],
  cost: ComputeCost,
): ExplainedPlan {
  const { ranks, steps } = problem;
  const placements = new Placements(problem);
  const exchange = placements.exchange(partitions);
  const bytes = placements.bytes(partitions);
  const mean = (read: (step: StepLoad, s: number) => number): number =>
    steps.reduce((sum, step, s) => sum + read(step, s), 0) / steps.length;
  const ofTables = (step: StepLoad, read: 'ids' | 'distinct', rank: number): number =>
    step.tables.reduce((sum, table) => sum + table[read][rank], 0);
  const seconds = steps.map((step) => computeSeconds(cost, step.cost));
  const byRank = Array.from({ length: ranks }, (_, rank): RankLoad => {
    return {
      sequences: mean((step) => step.sequences[rank]),
      tokens: mean((step) => step.tokens[rank]),
      seconds: mean((_, s) => seconds[s][rank]),
      ids: mean((step) => ofTables(step, 'ids', rank)),
      distinct: mean((step) => ofTables(step, 'distinct', rank)),
      bytesSent: mean((_, s) => exchange[s].sent[rank]),
      bytesReceived: mean((_, s) => exchange[s].received[rank]),
      memory: bytes[rank],
    };
  });
  return { ranks, tables, byRank };
}

/** A result without what each of many ranks does: what is kept. */
export function withoutRanks<T extends { readonly networks: readonly { readonly explained?: ExplainedPlan }[] }>(
  plan: T,
): object {
  const networks = plan.networks.map(({ explained: shown, ...network }) => ({
    ...network,
    ...(shown && { explained: { ranks: shown.ranks, tables: shown.tables } }),
  }));
  return { ...plan, networks };
}

/** Whether a placement was refused for want of memory. */
export function tooLarge(error: unknown): error is Error {
  return error instanceof Error && (error as { readonly path?: unknown }).path === 'memory';
}
