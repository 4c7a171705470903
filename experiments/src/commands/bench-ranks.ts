import { integerOption } from '../arguments.ts';
import type { Action } from '../invocation.ts';
import type { SubjectRequest } from '../measure/bench/subject.ts';
import { type GivenRankOptions, partitionOption, rankOptions } from '../run/ranks/rank-options.ts';
import type { Listing } from '../terminal/listing.ts';

interface RanksOptions extends GivenRankOptions {
  readonly rounds?: unknown;
  readonly shardTables?: unknown;
  readonly shardOptimizer?: boolean;
  readonly training: SubjectRequest;
}

type Show = <T>(result: T, list: (result: T) => Listing, kind?: string) => Action;

/** `seqrec bench exchange` and `seqrec bench ranks`; only rank 0 shows anything. */
export async function benchRanksCommand(what: 'exchange' | 'ranks', options: RanksOptions, show: Show): Action {
  const rounds = integerOption('rounds', options.rounds) ?? 5;
  const partition = partitionOption(options.shardTables);
  const { benchAmongRanks } = await import('../measure/ranks/bench-among-ranks.ts');
  const { listExchangeBench } = await import('../measure/ranks/exchange.ts');
  const { listRanksBench } = await import('../measure/ranks/steps.ts');
  const sharded = { ...(partition && { partition }), ...(options.shardOptimizer && { shardOptimizer: true }) };
  const task = { what, rounds, subject: options.training, ...sharded };
  const result = await benchAmongRanks(rankOptions(options), task);
  if (result === undefined) return 0;
  return result.what === 'exchange' ? show(result.bench, listExchangeBench) : show(result.bench, listRanksBench);
}
