import { availableParallelism } from 'node:os';
import type { Collective, TransportKind } from '@seqrec/core/collectives';
import type { TablePartition, Trainer } from '@seqrec/models';
import { makeTrainer } from '../../run/open/make-trainer.ts';
import { startBackend } from '../../run/process/backend.ts';
import { formatBytes } from '../../terminal/format.ts';
import { figures, type Listing } from '../../terminal/listing.ts';
import { Progress } from '../../terminal/progress.ts';
import { spread } from '../bench/statistics.ts';
import { openSubjectData, type SubjectRequest } from '../bench/subject.ts';

/** Who trains a step in a round. */
interface Contestant {
  readonly name: string;
  readonly ranks: boolean;
  readonly parts: number;
  readonly threads: number;
}

export interface StepsOf extends Contestant {
  readonly seconds: readonly number[];
  /** Of a step: what a rank sends, and the seconds that rank 0 is in exchanges, waiting included. */
  readonly bytes: number;
  readonly exchanging: number;
}

export interface RanksBench {
  readonly recipe: string;
  readonly transport: TransportKind;
  readonly ranks: number;
  readonly partition?: TablePartition;
  readonly shardOptimizer?: boolean;
  readonly rounds: number;
  readonly tokens: number;
  readonly contestants: readonly StepsOf[];
  /** Bytes of the item table and of what the optimiser keeps of it, on each rank. */
  readonly tableBytes: readonly number[];
  /** Bytes that the optimiser keeps of the other weights, on each rank. */
  readonly momentBytes: readonly number[];
}

export interface RanksBenchRequest {
  readonly rounds: number;
  readonly subject: SubjectRequest;
  readonly partition?: TablePartition;
  /** Whether what the optimiser keeps of the dense weights lies on several ranks. */
  readonly shardOptimizer?: boolean;
}

const WARM_UP = 3;
const STEPS = 6;

/**
 * Times the same batch by one process and by ranks, in turn: every round starts the backend anew for each. All ranks
 * run it; those above 0 wait while one process alone is timed.
 */
export async function benchRankSteps(ranks: Collective, request: RanksBenchRequest): Promise<RanksBench> {
  const { rounds, subject, partition, shardOptimizer } = request;
  const progress = new Progress({ quiet: subject.quiet || ranks.rank > 0 });
  const { name, config, data } = await openSubjectData(subject, progress);
  const cores = availableParallelism();
  const threads = Math.max(1, Math.floor(cores / ranks.size));
  const contestants: Contestant[] = [
    { name: 'one process, one part', ranks: false, parts: 1, threads: cores },
    { name: `one process, ${ranks.size} parts`, ranks: false, parts: ranks.size, threads: cores },
    { name: `${ranks.size} ranks`, ranks: true, parts: ranks.size, threads },
  ];
  const found = contestants.map((each) => ({ ...each, seconds: [] as number[], bytes: 0, exchanging: 0 }));
  let tokens = 0;
  let tableBytes: readonly number[] = [];
  let momentBytes: readonly number[] = [];
  const embeddings = partition === undefined ? config.optimizer.embeddings : 'rowwise';
  progress.start();
  for (let round = 0; round < rounds; round++) {
    for (const contestant of found) {
      await ranks.broadcast(new Uint8Array(0), 0, { operation: 'next contestant', waits: true });
      if (!contestant.ranks && ranks.rank > 0) continue;
      progress.update({ label: `round ${round + 1}/${rounds}, ${contestant.name}`, done: round, total: rounds });
      await startBackend({ backend: 'simd', threads: contestant.threads });
      const training = { ...config.training, parts: contestant.parts };
      const own = { ...config, training, optimizer: { ...config.optimizer, embeddings } };
      const sharded = { ...(partition && { partition }), ...(shardOptimizer && { shardOptimizer }) };
      const among = contestant.ranks ? { ranks, ...sharded } : {};
      const trainer = await makeTrainer(own, data, {}, { progress: new Progress({ quiet: true }), ...among });
      tokens = await timeSteps(trainer, ranks, contestant);
      if (contestant.ranks) {
        tableBytes = await ranks.gatherJson(bytesOfTables(trainer));
        momentBytes = await ranks.gatherJson(bytesOfMoments(trainer));
      }
      trainer.model.dispose();
      trainer.dispose();
    }
  }
  await ranks.barrier();
  progress.clear();
  const transport = ranks.kind;
  return {
    recipe: name,
    transport,
    ranks: ranks.size,
    ...(partition && { partition }),
    ...(shardOptimizer && { shardOptimizer }),
    rounds,
    tokens,
    contestants: found,
    tableBytes,
    momentBytes,
  };
}

/** Of the tables of a model: 4 bytes a number of the weight and of each slot. */
function bytesOfTables({ model, update }: Trainer): number {
  let bytes = 0;
  for (const [name, { variable }] of model.tables()) {
    bytes += 4 * variable.size;
    const dense = update.groups.flatMap(({ optimizer }) => Object.values(optimizer.state().get(variable.name) ?? {}));
    const byRows = Object.values(update.rows.get(name)?.state() ?? {}).filter((slot) => typeof slot !== 'number');
    for (const slot of [...dense, ...byRows]) bytes += 4 * ('size' in slot ? slot.size : slot.length);
  }
  return bytes;
}

/** Of the weights that are no tables. */
function bytesOfMoments({ model, update }: Trainer): number {
  const tables = new Set(Array.from(model.tables().values(), ({ variable }) => variable.name));
  const kept = update.groups.flatMap(({ optimizer }) => [...optimizer.state()]);
  const others = kept.filter(([name]) => !tables.has(name)).flatMap(([, slots]) => Object.values(slots));
  return others.reduce((bytes, { size }) => bytes + 4 * size, 0);
}

async function timeSteps(
  trainer: Trainer,
  ranks: Collective,
  into: { seconds: number[]; bytes: number; exchanging: number },
): Promise<number> {
  const start = trainer.position;
  let tokens = 0;
  for (let i = 0; i < WARM_UP + STEPS; i++) {
    trainer.restorePosition(start);
    const before = { ...ranks.traffic };
    const info = await trainer.step();
    tokens = info.tokens;
    if (i < WARM_UP) continue;
    into.seconds.push(info.seconds);
    into.bytes = ranks.traffic.bytes - before.bytes;
    into.exchanging += (ranks.traffic.seconds - before.seconds) / STEPS;
  }
  return tokens;
}

export function listRanksBench(bench: RanksBench): Listing {
  const { recipe, transport, ranks, partition, rounds, tokens, contestants, tableBytes, momentBytes } = bench;
  const base = spread(contestants[0].seconds).median;
  const rows = contestants.map(({ name, threads, seconds, bytes, exchanging }) => {
    const { minimum, median, maximum } = spread(seconds);
    const ms = [minimum, median, maximum].map((s) => (1000 * s).toFixed(1));
    const sent = bytes === 0 ? ['', ''] : [formatBytes(bytes), ((1000 * exchanging) / rounds).toFixed(1)];
    return [name, String(threads), ...ms, (median / base).toFixed(2), ...sent];
  });
  const titles = [
    'contestant',
    'threads',
    'min ms',
    'median ms',
    'max ms',
    'of the first',
    'sent by a rank',
    'ms in exchanges',
  ];
  const pairs = [
    ['recipe', recipe],
    ['ranks', `${ranks} (${transport})${partition === undefined ? '' : `, item table ${partition}`}`],
    ['item table', `${tableBytes.map(formatBytes).join(', ')} on the ranks, its optimiser included`],
    ['moments of other weights', `${momentBytes.map(formatBytes).join(', ')} on the ranks`],
    ['batch', `${tokens} tokens`],
    ['rounds', `${rounds}, in turn, ${STEPS} steps each; threads of each rank`],
  ] as const;
  return [{ pairs }, figures(titles, rows, { left: [0] })];
}
