import { collectiveSeconds, type Network } from './network.ts';
import { FLOAT } from './table-bytes.ts';
import { type Flow, ROW_COLLECTIVES, type TableTraffic } from './traffic.ts';

/** The dense weights, whose gradients are summed over the ranks in every step. */
export interface DenseWeights {
  /** Numbers, without tables. */
  readonly numbers: number;
  /** Variables of the model: ranks tell each other which of them have a gradient. */
  readonly variables: number;
}

/** Bytes and seconds of one collective of a step. */
export interface CollectiveCost {
  /** Of the rank that sends or receives most. */
  readonly bytes: number;
  readonly seconds: number;
}

/** What the exchange of a step costs. */
export interface ExchangeCost {
  /** Counts, ids, rows, gradients of rows and, of columns, their sums. */
  readonly counts: CollectiveCost;
  readonly ids: CollectiveCost;
  readonly rows: CollectiveCost;
  readonly gradients: CollectiveCost;
  readonly sums: CollectiveCost;
  /** The sum of the dense gradients: reduce-scatter and all-gather; of weights with owners, and their new values. */
  readonly sum: CollectiveCost;
  /** Losses and weights of the parts. */
  readonly losses: CollectiveCost;
  /** Of all of them. */
  readonly seconds: number;
  /** Bytes that each rank sends and receives in all of them, `[R]`. */
  readonly sent: Float64Array;
  readonly received: Float64Array;
}

const NOTHING: CollectiveCost = { bytes: 0, seconds: 0 };

/**
 * The exchange of a step: `sum over collectives of alpha + bytes / beta`. Tables share the collectives: all ids of a
 * rank travel in one. A sum over ranks is a reduce-scatter and an all-gather, `2 (R - 1) / R` times its bytes a rank.
 * One rank sends nothing.
 *
 * With owners of dense weights a rank that owns `o` of their `n` numbers sends gradients of the others to their owners,
 * `4 (n - o)` bytes, and new values to all, `4 (R - 1) o`; clipped gradients are summed as without owners.
 */
export function exchangeCost(
  tables: readonly TableTraffic[],
  { numbers, variables }: DenseWeights,
  ranks: number,
  network: Network,
  owned?: OwnedNumbers,
): ExchangeCost {
  const sent = new Float64Array(ranks);
  const received = new Float64Array(ranks);
  /** A collective in which every rank sends and receives the same. */
  const even = (bytes: number, times = 1): CollectiveCost => {
    if (ranks === 1 || bytes === 0) return NOTHING;
    for (let rank = 0; rank < ranks; rank++) {
      sent[rank] += times * bytes;
      received[rank] += times * bytes;
    }
    return { bytes: times * bytes, seconds: times * collectiveSeconds(network, bytes) };
  };
  const uneven = (flow: Flow): CollectiveCost => {
    let most = 0;
    for (let rank = 0; rank < ranks; rank++) {
      sent[rank] += flow.sent[rank];
      received[rank] += flow.received[rank];
      most = Math.max(most, flow.sent[rank], flow.received[rank]);
    }
    return most === 0 ? NOTHING : { bytes: most, seconds: collectiveSeconds(network, most) };
  };
  const byRows = ROW_COLLECTIVES.map((name) =>
    uneven(
      addFlows(
        tables.map((table) => table[name]),
        ranks,
      ),
    ),
  );
  const [ids, rows, gradients, sums] = byRows;
  const cut = tables.filter(({ ids: own }) => own.sent.some((bytes) => bytes > 0)).length;
  const counts = even(FLOAT * cut * (ranks - 1));
  const summed = numbers + tables.reduce((total, table) => total + table.summed, 0);
  const withOwner = owned?.numbers.reduce((all, own) => all + own, 0) ?? 0;
  const toAll = owned === undefined || owned.clipped ? summed : summed - withOwner;
  const ofOwners = owned === undefined || ranks === 1 ? [] : ownerFlows(owned, withOwner).map(uneven);
  const sum = [even((FLOAT * toAll * (ranks - 1)) / ranks, 2), ...ofOwners].reduce((all, each) => ({
    bytes: all.bytes + each.bytes,
    seconds: all.seconds + each.seconds,
  }));
  // Float64: how many parts, loss and weight of one, a flag for each variable.
  const losses = even(8 * (1 + 2 + variables) * (ranks - 1));
  const seconds = [counts, ids, rows, gradients, sums, sum, losses].reduce((all, each) => all + each.seconds, 0);
  return { counts, ids, rows, gradients, sums, sum, losses, seconds, sent, received };
}

/** Numbers of dense weights that each rank owns, `[R]`. */
export interface OwnedNumbers {
  readonly numbers: Float64Array;
  readonly clipped: boolean;
}

/** Gradients to owners, unless they went to all, and new values from owners. */
function ownerFlows({ numbers, clipped }: OwnedNumbers, total: number): Flow[] {
  const ofOthers = numbers.map((own) => FLOAT * (total - own));
  const toOthers = numbers.map((own) => FLOAT * (numbers.length - 1) * own);
  const values: Flow = { sent: toOthers, received: ofOthers };
  return clipped ? [values] : [{ sent: ofOthers, received: toOthers }, values];
}

function addFlows(flows: readonly Flow[], ranks: number): Flow {
  const sent = new Float64Array(ranks);
  const received = new Float64Array(ranks);
  for (const flow of flows) {
    for (let rank = 0; rank < ranks; rank++) {
      sent[rank] += flow.sent[rank];
      received[rank] += flow.received[rank];
    }
  }
  return { sent, received };
}

/** What a rank's own work takes. */
export interface ComputeCost {
  /** Seconds of a step that do not depend on the batch: the optimiser of the dense weights, and what stands around. */
  readonly fixed: number;
  /** Seconds for each unit of `historyCost`. */
  readonly perCost: number;
  /** Ranks that run at the same time, where they share cores; absent: all of them. */
  readonly atOnce?: number;
}

/** Seconds of each rank's own work, `[R]`: in turns where there are more ranks than cores for them. */
export function computeSeconds({ fixed, perCost, atOnce }: ComputeCost, cost: Float64Array): Float64Array {
  const turns = atOnce === undefined ? 1 : Math.max(1, cost.length / atOnce);
  return cost.map((units) => turns * (fixed + perCost * units));
}

/** Largest over mean; 1 where all are 0. */
export function imbalance(values: ArrayLike<number>): number {
  let [most, total] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    most = Math.max(most, values[i]);
    total += values[i];
  }
  return total === 0 ? 1 : (most * values.length) / total;
}
