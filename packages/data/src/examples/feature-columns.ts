import { OptionError } from '../errors.ts';
import type { Roles } from '../table/roles.ts';

/** Why a column of the event to predict is no feature; `undefined` when it may be one. */
export function whyNoFeature(roles: Roles, column: string): string | undefined {
  if (roles.labels.includes(column)) return 'the label, which is what is to be predicted';
  if (roles.labelSources?.includes(column)) return 'what the label is made from';
  if (roles.action === column) return 'the action, what the user did at the event';
  if (roles.rating === column) return 'the rating, which the user gave at the event';
  if (roles.after?.includes(column)) return 'declared to be known only after the event';
  if (roles.part === column) return 'the part of the split that the row is in';
  return undefined;
}

/**
 * Refuses columns of the target event that would tell what is to be predicted: a label, what a label is made from, the
 * action, the rating, a column that is declared to be known only after the event (`after`), the part of a given split.
 *
 * It goes by the roles and by nothing else: a column that leaks and has none of them is not found here; `leakageReport`
 * warns of those that predict a label alone. The same columns are fine as features of the history.
 * @throws {OptionError} `leaking-column` naming the column and its role
 */
export function checkFeatureColumns(roles: Roles, names: readonly string[], operation = 'checkFeatureColumns'): void {
  for (const name of names) {
    const why = whyNoFeature(roles, name);
    if (why === undefined) continue;
    const { labels, labelSources = [], action, rating, after = [], part } = roles;
    const leaking = [...new Set([...labels, ...labelSources, action, rating, ...after, part])].filter(Boolean);
    throw new OptionError(
      operation,
      `expected features that are known before the event; got the column ${name}, which is ${why}`,
      {
        code: 'leaking-column',
        key: 'features',
        column: name,
        hint: `leave it out (no features here: ${leaking.join(', ')}), or use it in the history alone`,
      },
    );
  }
}
