import type { Action } from '../../invocation.ts';
import { partitionOption, rankOptions } from '../../run/ranks/rank-options.ts';
import { type Bench, type BenchRequest, RECIPE } from './request.ts';

const RANKS = ['ranks', 'rank', 'rendezvous', 'rounds'];

/** What ranks tell each other. */
export const exchange: Bench = { reads: RANKS, run: (request) => amongRanks('exchange', request) };

/** Steps of a recipe on several ranks. */
export const ranks: Bench = {
  reads: [...RECIPE, ...RANKS, 'shard-tables', 'shard-optimizer'],
  run: (request) => amongRanks('ranks', request),
};

/** Only rank 0 shows anything. */
async function amongRanks(what: 'exchange' | 'ranks', { options, training, rounds = 5, show }: BenchRequest): Action {
  const partition = partitionOption(options.shardTables);
  const { benchAmongRanks } = await import('../../measure/ranks/bench-among-ranks.ts');
  const { listExchangeBench } = await import('../../measure/ranks/exchange.ts');
  const { listRanksBench } = await import('../../measure/ranks/steps.ts');
  const sharded = { ...(partition && { partition }), ...(options.shardOptimizer && { shardOptimizer: true }) };
  const result = await benchAmongRanks(rankOptions(options), { what, rounds, subject: training, ...sharded });
  if (result === undefined) return 0;
  return result.what === 'exchange' ? show(result.bench, listExchangeBench) : show(result.bench, listRanksBench);
}
