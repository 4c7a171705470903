import type { RunConfig } from '../../config/run-config.ts';
import { ConfigError } from '../../errors.ts';
import type { PaperTable } from './table.ts';

/**
 * A configuration under a seed. With `splitBySeed` the split is drawn by the seed too, so that the interval over seeds
 * has what the choice of test rows does to the figures; rows of one seed are still of one split.
 *
 * @throws ConfigError for a table with `splitBySeed` whose split is not by chance.
 */
export function underSeed(table: Pick<PaperTable, 'splitBySeed'>, config: RunConfig, seed: number): RunConfig {
  if (!table.splitBySeed) return { ...config, seed };
  const split = 'split' in config.data ? config.data.split : undefined;
  const isByChance =
    typeof split === 'object' &&
    'seed' in split &&
    (split.kind !== 'global-time' || split.target === 'random') &&
    (split.kind !== 'last-rows' || split.by === 'user');
  if (!isByChance)
    throw new ConfigError(
      `table: splitBySeed: expected a split by chance; got ${JSON.stringify(split ?? config.data.format)}`,
      'leave splitBySeed out',
    );
  return { ...config, seed, data: { ...config.data, split: { ...split, seed } } } as RunConfig;
}
