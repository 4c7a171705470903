import type { ExampleSet } from '@seqrec/data';
import { ConfigError } from '../../errors.ts';
import { numbersOf } from './check.ts';
import { rowsByGroup } from './group-losses.ts';
import { type Head, isOfGroups } from './heads.ts';

/**
 * Checks that losses which compare the rows of a group have some to compare: of `pairwise` rows with different labels,
 * of `listwise` a label above 0 among several rows.
 *
 * @param of the group of each event. @param by what groups are.
 * @throws ConfigError
 */
export function checkGroups(
  { interactions, targets }: ExampleSet,
  heads: readonly Head[],
  { of, by }: { readonly of: Int32Array; readonly by: string },
): void {
  const groups = targets.map((event) => of[event]);
  for (const { name, column, loss } of heads.filter(isOfGroups)) {
    const values = numbersOf(interactions, column);
    const labels = Float32Array.from(targets, (event) => values[event]);
    const lists = rowsByGroup(groups, labels);
    const teaches = (rows: number[]): boolean =>
      loss === 'pairwise'
        ? rows.some((row) => labels[row] !== labels[rows[0]])
        : rows.length > 1 && rows.some((row) => labels[row] > 0);
    if (lists.some(teaches)) continue;
    const expected = loss === 'pairwise' ? 'rows of different labels' : 'several rows and a label above 0';
    throw new ConfigError(
      `task: group: expected a group of training rows with ${expected}, which ${loss} learns ${name} from; got ${lists.length} groups by ${by}, none with them; group by another column`,
      'group',
    );
  }
}
