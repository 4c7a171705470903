import type { Split } from '@seqrec/data';
import type { RecipeConfig } from '../../config/schema.ts';
import type { Dimension } from '../../config/search-space.ts';
import { ConfigError } from '../../errors.ts';
import { isRankedByWindow } from '../../run/evaluation/protocol.ts';

/** @throws ConfigError for a split without a set to choose by. */
export function checkChooses({ validation }: Split): void {
  if (validation !== undefined) return;
  throw new ConfigError(
    'data.split: expected a split with a validation set to choose by; got one without',
    'leave-last-out and global-time have one',
  );
}

/**
 * @param baselines beside the trials, which may read what the models read.
 * @throws ConfigError for a space whose trials would choose from different items.
 */
export function checkRankedAlike(
  space: readonly Dimension[],
  evaluation: RecipeConfig['evaluation'],
  baselines: readonly string[] = [],
): void {
  const key = 'model.maxSequenceLength';
  if (!isRankedByWindow(evaluation, baselines) || !space.some(({ keys }) => keys.includes(key))) return;
  const { excludeSeen, baselineHistory } = evaluation;
  const [given, other] =
    baselines.length === 0
      ? ['', '']
      : [` and baselineHistory ${baselineHistory}`, ' and --evaluation.baselineHistory all'];
  throw new ConfigError(
    `${key}: expected one for all trials where the window decides which items are ranked; got it in the space, with evaluation.excludeSeen ${excludeSeen}${given}`,
    `set --evaluation.excludeSeen all${other}, or --${key}`,
  );
}
