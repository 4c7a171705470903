import type { Comparison, GridRow, TableComparisons } from './result.ts';

const isOneTable = (a: TableComparisons, b: Pick<GridRow, 'data' | 'protocol' | 'test'>): boolean =>
  a.data === b.data && a.protocol === b.protocol && a.test === b.test;

/** Results from before seeds were kept say how many they were, where there were users enough. */
const seedsOf = ({ seeds, behind, ahead, equal }: Comparison): number => seeds?.length ?? behind + ahead + equal;

/** Whether each pair of rows is among others too, over as many seeds or more. */
function isAmong(own: TableComparisons, other: TableComparisons): boolean {
  if (!isOneTable(own, other)) return false;
  const pair = ({ row, best }: Comparison): string => JSON.stringify([row, best].toSorted());
  return own.rows.every((each) => other.rows.some((one) => pair(one) === pair(each) && seedsOf(one) >= seedsOf(each)));
}

/**
 * Comparisons of rows that were run together, then those of another result with what they say beyond them: other rows,
 * or the same over more seeds, which replace those of fewer.
 *
 * @param replaced rows of the other result that another run stands for: what was compared with them is left out.
 */
export function withComparisons(
  own: readonly TableComparisons[],
  others: readonly TableComparisons[],
  replaced: readonly GridRow[],
): TableComparisons[] {
  const isGone = (table: TableComparisons, name: string, seeds: readonly number[] | undefined): boolean =>
    replaced.some(
      ({ row, seed, ...place }) =>
        row === name && isOneTable(table, place) && (seeds === undefined || seeds.includes(seed as number)),
    );
  const left = others.map((table) => ({
    ...table,
    rows: table.rows.filter(({ row, best, seeds }) => ![row, best].some((name) => isGone(table, name, seeds))),
  }));
  const all = own.filter(({ rows }) => rows.length > 0);
  for (const table of left) {
    if (table.rows.length === 0 || all.some((each) => isAmong(table, each))) continue;
    const kept = all.filter((each) => !isAmong(each, table));
    all.splice(0, all.length, ...kept, table);
  }
  return all;
}
