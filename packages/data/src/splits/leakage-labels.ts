import { constantLabel, labelOf } from '../examples/labels.ts';
import type { LeakageCheck } from './leakage-check.ts';
import type { Split } from './split.ts';

/** Labels that are the same in all rows that train: nothing can be learned of them. */
export function labelChecks({ examples, interactions, train }: Split): LeakageCheck[] {
  if (examples === undefined) return [];
  return interactions.roles.labels.flatMap((name): LeakageCheck[] => {
    const column = interactions.events.columns.get(name);
    if (column?.kind !== 'number' || column.width !== 1) return [];
    const value = constantLabel(train, labelOf(interactions, name, 'leakageReport'));
    if (value === undefined) return [];
    const all = `all ${train.targets.length} training rows`;
    return [
      {
        name: 'constant-label',
        value: 1,
        share: 1,
        verdict: 'warning',
        text: `the label ${name} is ${Number.isNaN(value) ? 'missing' : value} in ${all}: nothing can be learned of it.`,
      },
    ];
  });
}
