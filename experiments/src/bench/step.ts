import { makeBatch } from '@seqrec/data';
import type { RecipeConfig } from '../config/schema.ts';
import { ConfigError } from '../errors.ts';
import { describeEnvironment, type Environment } from '../runs/environment.ts';
import { Progress } from '../terminal/progress.ts';
import { renderPairs, renderTable } from '../terminal/table.ts';
import { findPython, type Peer, runPeer, writePeerInput } from './peer.ts';
import { median, spread } from './statistics.ts';
import { openSubject, type SubjectRequest } from './subject.ts';

/** Seconds of each timed step, by contestant. */
export interface StepBench {
  readonly recipe: string;
  readonly environment: Environment;
  readonly threads: number;
  readonly rounds: number;
  readonly tokens: number;
  readonly seqrec: readonly number[];
  readonly peers: readonly { readonly name: string; readonly seconds: readonly number[]; readonly missing?: string }[];
}

const STEPS = 4;

/** The peers train with the sampled softmax and nothing else. */
function sampledSoftmax({ objective }: RecipeConfig): { readonly numNegatives: number; readonly temperature: number } {
  const sampled = objective.kind === undefined || objective.kind === 'sampled-softmax';
  if (sampled && objective.labels.kind === 'next-item' && objective.weighting === 'token') return objective;
  throw new ConfigError(
    `objective: expected the sampled softmax with next-item labels, which the peers have too; got ${objective.kind} with ${objective.labels.kind}`,
    'seqrec bench epoch and seqrec profile take any objective',
  );
}

/**
 * Times training steps on the recipe's first batch, in turn with the peers: each round runs a few of ours, then a few of
 * every peer, so that a drift of the machine's speed meets all alike.
 */
export async function benchStep(
  request: SubjectRequest & { readonly rounds: number; readonly peers: readonly Peer[] },
): Promise<StepBench> {
  const progress = new Progress({ quiet: request.quiet });
  const { name, config, choice, numItems, examples, model, trainer } = await openSubject(request, progress);
  const threads = Number((choice.details as { threads?: number }).threads ?? 1);
  const start = trainer.position;
  const batch = makeBatch(examples, trainer.batchIndices(0, 0));
  const { numNegatives, temperature } = sampledSoftmax(config);
  const input = writePeerInput(model.config, numItems, numNegatives, temperature, batch);
  const python = request.peers.length > 0 ? findPython() : { missing: '' };
  const ours: number[] = [];
  const theirs = new Map<Peer, { seconds: number[]; missing?: string }>(
    request.peers.map((peer) => [peer, { seconds: [] }]),
  );
  try {
    progress.start();
    // The first steps compile and allocate.
    for (let i = 0; i < 3; i++) await stepOnFirstBatch();
    for (let round = 0; round < request.rounds; round++) {
      for (let i = 0; i < STEPS; i++) ours.push(await stepOnFirstBatch());
      for (const [peer, record] of theirs) {
        progress.update({
          label: `round ${round + 1}/${request.rounds}, ${peer}`,
          done: round,
          total: request.rounds,
          fields: [],
        });
        if (record.missing !== undefined) continue;
        const result = 'missing' in python ? python : runPeer(python.path, input.file, peer, threads, STEPS);
        if ('missing' in result) record.missing = result.missing;
        else record.seconds.push(...result.seconds);
      }
    }
    progress.clear();
  } finally {
    input.remove();
  }
  const peers = [...theirs].map(([peer, record]) => ({ name: `PyTorch ${peer}`, ...record }));
  const environment = describeEnvironment(choice);
  return {
    recipe: name,
    environment,
    threads,
    rounds: request.rounds,
    tokens: batch.itemIds.length,
    seqrec: ours,
    peers,
  };

  async function stepOnFirstBatch(): Promise<number> {
    trainer.restorePosition(start);
    return (await trainer.step()).seconds;
  }
}

export function renderStepBench(bench: StepBench): string {
  const own = median(bench.seqrec);
  const row = (name: string, seconds: readonly number[]): string[] => {
    const { minimum, median: middle, maximum } = spread(seconds);
    const ms = [minimum, middle, maximum].map((s) => (s * 1000).toFixed(1));
    return [name, ...ms, (bench.tokens / middle).toFixed(0), (middle / own).toFixed(1)];
  };
  const measured = bench.peers
    .filter(({ seconds }) => seconds.length > 0)
    .map(({ name, seconds }) => row(name, seconds));
  const titles = ['step', 'min ms', 'median ms', 'max ms', 'tokens/s', 'ratio of medians'];
  const table = renderTable(
    titles.map((title, i) => ({ title, align: i === 0 ? ('left' as const) : ('right' as const) })),
    [row('seqrec', bench.seqrec), ...measured],
  );
  const missing = bench.peers.flatMap(({ name, missing }) => (missing === undefined ? [] : [`${name}: ${missing}`]));
  const facts = renderPairs([
    ['recipe', bench.recipe],
    ['batch', `${bench.tokens} tokens`],
    ['threads', String(bench.threads)],
    ['cpu', `${bench.environment.cpu}, Node ${bench.environment.node}`],
    ['rounds', `${bench.rounds}, contestants in turn`],
  ]);
  return [facts, '', table, ...missing].join('\n');
}
