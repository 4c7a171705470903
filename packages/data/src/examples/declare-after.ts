import { withRoles } from '../create-interactions.ts';
import { OptionError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';

/**
 * The same data, with columns of the events declared to be known only after the event: `checkFeatureColumns` refuses
 * them. Nothing is inferred: who has the data says so.
 *
 * @throws {OptionError} for a name that is no column of the events
 */
export function declareAfter(interactions: Interactions, names: readonly string[]): Interactions {
  const { events, roles } = interactions;
  for (const name of names) {
    if (events.columns.has(name)) continue;
    const known = [...events.columns.keys()].join(', ');
    throw new OptionError('declareAfter', `expected a column of the events; got "${name}" of ${known}`, {
      key: 'after',
    });
  }
  const after = [...new Set([...(roles.after ?? []), ...names])];
  return withRoles(interactions, { after });
}
