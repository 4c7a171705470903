import type { RecipeConfig } from '../../config/schema.ts';
import { ConfigError } from '../../errors.ts';
import { withoutPlateau } from '../scale/read-keys.ts';

/**
 * A replay trains all users, by the parts that it makes of their events, from random weights.
 *
 * @throws ConfigError for what it would not read.
 */
export function checkReplayed(config: RecipeConfig): void {
  const { data } = config;
  withoutPlateau(config);
  const unread = {
    'data.heldOut': 'heldOut' in data ? data.heldOut : undefined,
    'data.coldItems': 'coldItems' in data ? data.coldItems : undefined,
    initialWeights: config.initialWeights,
    itemVectors: config.itemVectors,
  };
  for (const [key, value] of Object.entries(unread))
    if (value !== undefined)
      throw new ConfigError(
        `${key}: expected none in a replay, which trains on the events of all users from random weights; got ${JSON.stringify(value)}`,
        'leave it out',
      );
}
