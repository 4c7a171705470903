import type { ExampleSet } from '@seqrec/data';
import { ConfigError } from '../../errors.ts';
import { numbersOf } from './check.ts';
import { type Head, isOfGroups } from './heads.ts';

/**
 * Checks that losses which compare the rows of a group have some to compare: of `pairwise` rows with different labels,
 * of `listwise` a label above 0 among several rows.
 *
 * @param of the group of each event; one below 0 is of that row alone. @param by what groups are.
 * @throws ConfigError
 */
export function checkGroups(
  { interactions, targets }: ExampleSet,
  heads: readonly Head[],
  { of, by }: { readonly of: Int32Array; readonly by: string },
): void {
  const numGroups = 1 + of.reduce((most, group) => Math.max(most, group), -1);
  for (const { name, column, loss } of heads.filter(isOfGroups)) {
    const labels = numbersOf(interactions, column);
    const least = new Float32Array(numGroups).fill(Number.POSITIVE_INFINITY);
    const most = new Float32Array(numGroups).fill(Number.NEGATIVE_INFINITY);
    const rows = new Int32Array(numGroups);
    let alone = 0;
    for (const event of targets) {
      const [label, group] = [labels[event], of[event]];
      if (Number.isNaN(label)) continue;
      if (group < 0) {
        alone++;
        continue;
      }
      least[group] = Math.min(least[group], label);
      most[group] = Math.max(most[group], label);
      rows[group]++;
    }
    const teaches = (count: number, group: number): boolean =>
      loss === 'pairwise' ? least[group] < most[group] : count > 1 && most[group] > 0;
    if (rows.some(teaches)) continue;
    const groups = alone + rows.filter((count) => count > 0).length;
    const expected = loss === 'pairwise' ? 'rows of different labels' : 'several rows and a label above 0';
    throw new ConfigError(
      `task: group: expected a group of training rows with ${expected}, which ${loss} learns ${name} from; got ${groups} groups by ${by}, none with them; group by another column`,
      'group',
    );
  }
}
