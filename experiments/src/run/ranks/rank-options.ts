import { choiceOption, integerOption, textOption } from '../../arguments.ts';
import type { RankOptions } from './discover-ranks.ts';

/** The options of a command that ranks share, as the parser gives them. */
export interface GivenRankOptions {
  readonly ranks?: unknown;
  readonly rank?: unknown;
  readonly rendezvous?: unknown;
}

/** `--ranks`, `--rank` and `--rendezvous`. @throws UsageError. */
export function rankOptions({ ranks, rank, rendezvous }: GivenRankOptions): RankOptions {
  const numbers = { ranks: integerOption('ranks', ranks), rank: integerOption('rank', rank, 0) };
  const where = textOption('rendezvous', rendezvous);
  return {
    ...(numbers.ranks !== undefined && { ranks: numbers.ranks }),
    ...(numbers.rank !== undefined && { rank: numbers.rank }),
    ...(where !== undefined && { rendezvous: where }),
  };
}

/** `--shard-tables`. @throws UsageError. */
export function partitionOption(value: unknown): 'row-cyclic' | 'row-blocks' | 'table' | 'columns' | undefined {
  return choiceOption('shard-tables', value, ['row-cyclic', 'row-blocks', 'table', 'columns'] as const);
}
