import type { RecipeConfig } from '../config/schema.ts';
import { windowPolicy } from '../config/windows.ts';
import { ConfigError } from '../errors.ts';
import type { PreparedData } from './dataset.ts';
import { watchedSet } from './dataset.ts';

/**
 * Checks what only the data can tell, before the first step and not after the first epoch.
 *
 * @throws ConfigError naming the key.
 */
export function checkAgainstData(config: RecipeConfig, data: PreparedData): void {
  const { evaluation } = config;
  if (evaluation.checkpoint === 'best' && data.split.validation === undefined)
    throw new ConfigError(
      `evaluation.checkpoint: expected last with the split ${data.split.protocol}, which has no validation set; got best`,
      'the best on the test set would flatter the model',
    );
  windowPolicy(config);
  const { numItems } = data.split.interactions;
  const sets = [watchedSet(data.split), data.split.test];
  const open = sets.flatMap((set) => (data.openItems ? Array.from(set.users, (_, e) => data.openItems!(set)(e)) : []));
  const candidates = open.reduce((fewest, items) => Math.min(fewest, items), numItems);
  const largest = Math.max(...evaluation.ks);
  if (largest > candidates)
    throw new ConfigError(
      `evaluation.ks: expected cut-offs of at most ${candidates}, the number of items to choose from; got ${largest}`,
      `set --evaluation.ks "[${evaluation.ks.filter((k) => k <= candidates).join(', ') || 1}]"`,
    );
  const metrics = [...evaluation.ks.flatMap((k) => [`HR@${k}`, `NDCG@${k}`]), 'MRR'];
  if (!metrics.includes(evaluation.selectBy))
    throw new ConfigError(
      `evaluation.selectBy: expected one of ${metrics.join(', ')}; got ${evaluation.selectBy}`,
      'its k must be among evaluation.ks',
    );
}
