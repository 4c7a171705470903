import type { Collective } from '@seqrec/core/collectives';
import { UsageError } from '../../errors.ts';
import { discoverRanks, type RankOptions } from '../../run/ranks/discover-ranks.ts';
import { joinRanks } from '../../run/ranks/join-ranks.ts';
import { benchExchange, type ExchangeBench } from './exchange.ts';
import { benchRankSteps, type RanksBench, type RanksBenchRequest } from './steps.ts';

export interface RankBenchTask extends RanksBenchRequest {
  readonly what: 'exchange' | 'ranks';
}

export type RankBenchResult =
  | { readonly what: 'exchange'; readonly bench: ExchangeBench }
  | { readonly what: 'ranks'; readonly bench: RanksBench };

const PROGRAM = new URL(import.meta.url.endsWith('.ts') ? './bench-thread.ts' : './bench-thread.js', import.meta.url);

/** Runs a benchmark as one of its ranks; gives the result on rank 0. Two threads where nothing says otherwise. */
export async function benchAmongRanks(options: RankOptions, task: RankBenchTask): Promise<RankBenchResult | undefined> {
  const discovered = discoverRanks(options, process.env);
  const plan =
    discovered.kind === 'alone' && options.ranks === undefined ? discoverRanks({ ranks: 2 }, {}) : discovered;
  const ranks = await joinRanks(plan, { program: PROGRAM, task });
  if (ranks === undefined) throw new UsageError('--ranks: expected at least 2; got 1');
  return runBench(ranks, task);
}

/** The same on a rank that has joined. */
export async function runBench(ranks: Collective, task: RankBenchTask): Promise<RankBenchResult | undefined> {
  try {
    const { what } = task;
    const result =
      what === 'exchange'
        ? { what, bench: await benchExchange(ranks, task.rounds) }
        : { what, bench: await benchRankSteps(ranks, task) };
    await ranks.close();
    return ranks.rank === 0 ? result : undefined;
  } catch (error) {
    ranks.abort(error instanceof Error ? error.message : String(error));
    throw error;
  }
}
