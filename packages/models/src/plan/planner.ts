import { ConfigError } from '../errors.ts';
import type { Partition } from './partition.ts';
import { Placements, type PlanProblem } from './placement.ts';

/** A partition of each table, in their order, and what it costs. */
export interface Placement {
  readonly partitions: readonly Partition[];
  /** Mean seconds of the exchange of a step. */
  readonly seconds: number;
  /** Bytes of the rank that holds most. */
  readonly bytes: number;
}

/** Sweeps over all tables in which a table may move; each lowers the cost, and a few find nothing more. */
const SWEEPS = 8;

/**
 * A placement by greedy choice: tables in the order of size times traffic, the largest first; each gets the partition
 * with which the exchange of all tables so far is cheapest, among those that leave room for the rest cut by rows. From
 * there, from all tables cut by rows and from all replicated, where that fits, tables then move one after the other
 * while the whole gets cheaper; the cheapest of the three ends is taken.
 *
 * The memory bound is never broken; the cost is not always the least one, see {@link exhaustivePlacement}.
 *
 * @throws ConfigError when the tables do not fit even cut by rows.
 */
export function greedyPlacement(problem: PlanProblem): Placement {
  const placements = new Placements(problem);
  const { tables } = problem;
  const cyclic = tables.map((): Partition => ({ kind: 'row-cyclic' }));
  if (!placements.fits(cyclic)) throw tooLarge(placements, cyclic);
  const replicated = tables.map((): Partition => ({ kind: 'replicated' }));
  // Of ends that cost the same the first is taken: what needs no exchange by rows is the plainest.
  const starts = [...(placements.fits(replicated) ? [replicated] : []), greedyChoice(placements, cyclic), cyclic];
  const ends = starts.map((start) => placementOf(placements, descend(placements, start)));
  return ends.reduce((best, each) => (each.seconds < best.seconds ? each : best));
}

/** Tables are cut by rows until it is their turn. */
function greedyChoice(placements: Placements, cyclic: readonly Partition[]): Partition[] {
  const chosen = [...cyclic];
  const placed = new Set<number>();
  for (const t of bySizeAndTraffic(placements.problem)) {
    placed.add(t);
    const soFar = (partition: Partition) =>
      chosen.map((each, i) => (i === t ? partition : placed.has(i) ? each : undefined));
    chosen[t] = cheapest(placements, t, chosen, (partition) => placements.seconds(soFar(partition)));
  }
  return chosen;
}

/** Moves table by table while that makes the whole cheaper. */
function descend(placements: Placements, start: readonly Partition[]): Partition[] {
  const chosen = [...start];
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const before = placements.seconds(chosen);
    for (let t = 0; t < chosen.length; t++)
      chosen[t] = cheapest(placements, t, chosen, (partition) => placements.seconds(withOne(chosen, t, partition)));
    if (placements.seconds(chosen) >= before) break;
  }
  return chosen;
}

/** Less than a byte, however many rows there are. */
const LITTLE = 1e-9;

/** Most tables of {@link exhaustivePlacement}. */
const MOST_EXHAUSTIVE = 6;

/**
 * The cheapest placement of all: `(4 + R)^tables` are looked at, since whole tables may go to any rank. What
 * {@link greedyPlacement} is compared with.
 *
 * @throws ConfigError for more than 6 tables, and when no placement fits.
 */
export function exhaustivePlacement(problem: PlanProblem): Placement {
  const { tables, ranks } = problem;
  if (tables.length > MOST_EXHAUSTIVE)
    throw new ConfigError(
      `plan: expected at most ${MOST_EXHAUSTIVE} tables for an exhaustive search; got ${tables.length}; take greedyPlacement`,
      'tables',
    );
  const placements = new Placements(problem);
  const options: Partition[] = [
    ...kindsWithoutRank(),
    ...Array.from({ length: ranks }, (_, rank): Partition => ({ kind: 'table', rank })),
  ];
  let best: Placement | undefined;
  const visit = (chosen: readonly Partition[]): void => {
    if (chosen.length < tables.length) {
      for (const option of options) visit([...chosen, option]);
      return;
    }
    if (!placements.fits(chosen)) return;
    const seconds = placements.seconds(chosen);
    if (best === undefined || seconds < best.seconds) best = placementOf(placements, chosen);
  };
  visit([]);
  if (best === undefined)
    throw tooLarge(
      placements,
      tables.map(() => ({ kind: 'row-cyclic' })),
    );
  return best;
}

/** The partitions that a table may have: whole, it goes to the rank that sends and receives least for the others. */
export function optionsOf(placements: Placements, t: number, chosen: readonly Partition[]): Partition[] {
  const others = placements.exchange(chosen.map((each, i) => (i === t ? undefined : each)));
  const busy = new Float64Array(placements.problem.ranks);
  for (const { sent, received } of others)
    for (let rank = 0; rank < busy.length; rank++) busy[rank] += sent[rank] + received[rank];
  // Of ranks that are as idle, the one that reads the table most: what it holds itself is not sent.
  for (const { tables } of placements.problem.steps)
    for (let rank = 0; rank < busy.length; rank++) busy[rank] -= LITTLE * tables[t].distinct[rank];
  const idlest = busy.reduce((best, bytes, rank) => (bytes < busy[best] ? rank : best), 0);
  return [...kindsWithoutRank(), { kind: 'table', rank: idlest }];
}

export function withOne(chosen: readonly Partition[], t: number, partition: Partition): Partition[] {
  return chosen.map((each, i) => (i === t ? partition : each));
}

function kindsWithoutRank(): Partition[] {
  return [{ kind: 'replicated' }, { kind: 'row-cyclic' }, { kind: 'row-blocks' }, { kind: 'columns' }];
}

/** The first of the cheapest partitions that fit with the others; the one that a table has, where none is cheaper. */
function cheapest(
  placements: Placements,
  t: number,
  chosen: readonly Partition[],
  secondsOf: (partition: Partition) => number,
): Partition {
  let best = chosen[t];
  let least = secondsOf(best);
  for (const option of optionsOf(placements, t, chosen)) {
    if (!placements.fits(withOne(chosen, t, option))) continue;
    const seconds = secondsOf(option);
    if (seconds >= least) continue;
    [best, least] = [option, seconds];
  }
  return best;
}

function bySizeAndTraffic({ tables, steps }: PlanProblem): number[] {
  const weight = tables.map(({ rows, width }, t) => {
    const read = steps.reduce((sum, step) => sum + step.tables[t].distinct.reduce((all, count) => all + count, 0), 0);
    return rows * width * read * width;
  });
  return [...tables.keys()].sort((a, b) => weight[b] - weight[a]);
}

function placementOf(placements: Placements, partitions: readonly Partition[]): Placement {
  return {
    partitions: [...partitions],
    seconds: placements.seconds(partitions),
    bytes: Math.max(...placements.bytes(partitions)),
  };
}

function tooLarge(placements: Placements, cyclic: readonly Partition[]): ConfigError {
  const { memory = 0, ranks, denseBytes, tables } = placements.problem;
  const needed = Math.max(...placements.bytes(cyclic));
  const most = tables
    .map(({ name }, t) => ({ name, bytes: Math.max(...placements.tableBytes(t, cyclic[t])) }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 3)
    .map(({ name, bytes }) => `${name} ${bytes}`);
  const list = [`dense weights ${denseBytes}`, ...most].join(', ');
  return new ConfigError(
    `plan: expected tables that fit into ${memory} bytes of each of ${ranks} ranks; got ${needed} bytes on one of them even with every table cut by rows: ${list}; raise the memory or take more ranks`,
    'memory',
  );
}
