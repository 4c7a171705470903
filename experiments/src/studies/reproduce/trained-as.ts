import { isDeepStrictEqual } from 'node:util';
import type { Override } from '../../arguments.ts';
import type { PaperTable, TableRow } from './table.ts';

/** How a run of a row was trained, as far as it is told: seeds of a row that differ in it have no mean. */
export interface TrainedAs {
  readonly recipe: string;
  /** Of the row; what it is of, and what the table trains before it. */
  readonly changes: readonly string[];
  /** Size and changes of the command line. */
  readonly said: readonly string[];
  /** Absent from results of an age when runs did not say. */
  readonly epochs?: number;
  /** Where epochs are not known: how many, where they were fewer than published. */
  readonly fewer?: string;
}

type Rows = Pick<PaperTable, 'before' | 'splitBySeed'>;

/** @param remarks of the command that ran the row. */
export function trainedAs(
  { before = [], splitBySeed }: Rows,
  { recipe, changes = [], from }: Pick<TableRow, 'recipe' | 'changes' | 'from'>,
  remarks: readonly string[],
  epochs?: number,
): TrainedAs {
  const fewer = remarks.flatMap((remark) => epochsIn(remark) ?? [])[0];
  return {
    recipe,
    changes: [
      ...inWords(changes),
      ...(from ? [`of ${from.row}${from.baseline ? `, ${from.baseline}` : ''}`] : []),
      ...before.map((run) => `after ${[run.recipe, ...inWords(run.changes ?? [])].join(' ')}`),
      ...(splitBySeed ? ['a split a seed'] : []),
    ],
    said: remarks.flatMap((remark) => (/^(Size|Changed): /.test(remark) ? sorted(remark) : [])),
    ...(epochs !== undefined && { epochs }),
    ...(fewer !== undefined && { fewer }),
  };
}

/** The same of a run that does not say it itself: by the table and the remarks of a saved result. */
export function trainedThen(
  name: string,
  table: Rows & Pick<PaperTable, 'rows'>,
  remarks: readonly string[],
): TrainedAs {
  const row = table.rows.find((each) => each.name === name) ?? { recipe: 'no recipe' };
  return trainedAs(
    table,
    row,
    remarksOf(
      name,
      table.rows.map((each) => each.name),
      remarks,
    ),
  );
}

export const areAlike = (a: TrainedAs, b: TrainedAs): boolean =>
  a.recipe === b.recipe &&
  isDeepStrictEqual(a.changes, b.changes) &&
  isDeepStrictEqual(a.said, b.said) &&
  (a.epochs !== undefined && b.epochs !== undefined ? a.epochs === b.epochs : a.fewer === b.fewer);

export function inBrief({ recipe, changes, said, epochs, fewer }: TrainedAs): string {
  const trained = epochs === undefined ? fewer : String(epochs);
  return [recipe, ...changes, ...said, ...(trained === undefined ? [] : [`${trained} epochs`])].join(', ');
}

/** Of a result that included others: what is said of the rows that it ran, or of those of one that it included. */
function remarksOf(name: string, names: readonly string[], remarks: readonly string[]): readonly string[] {
  for (const remark of remarks) {
    const included = /^Not run again: (.*?), of \d{4}-\d\d-\d\d at commit \S+, `[^`]*`\.(?: (.*))?$/s.exec(remark);
    if (included === null || !namedIn(included[1], names).includes(name)) continue;
    const tail = included[2] ?? '';
    const nested = tail.indexOf('Not run again: ');
    const own = (nested < 0 ? tail : tail.slice(0, nested)).trim();
    const inner = nested < 0 ? [] : [tail.slice(nested)];
    return remarksOf(name, names, [...inner, ...parted(own)]);
  }
  return remarks.filter((remark) => !remark.startsWith('Not run again: '));
}

/** Remarks that were joined: each begins as one of a command does. */
const parted = (joined: string): string[] =>
  joined === '' ? [] : joined.split(/ (?=Size: |Changed: |\d+ of \d+(?:, \d+ of \d+)* epochs: )/);

/** `LSA, LETTER` or `LSA (seeds 1, 2), LETTER (seed 1)`; names may hold commas. */
function namedIn(list: string, names: readonly string[]): string[] {
  const found: string[] = [];
  const longest = names.toSorted((a, b) => b.length - a.length);
  for (let at = 0; at < list.length; ) {
    const rest = list.slice(at);
    const name = longest.find(
      (each) => rest.startsWith(each) && /^(?: \(seeds? [\d, ]+\))?(?:, |$)/.test(rest.slice(each.length)),
    );
    if (name !== undefined) found.push(name);
    // A row that the table has no more is skipped up to the next comma.
    const skipped = name === undefined ? rest.indexOf(', ') : name.length;
    const end = /^(?: \(seeds? [\d, ]+\))?(?:, )?/.exec(rest.slice(Math.max(0, skipped)))?.[0].length ?? 0;
    at += skipped < 0 ? rest.length : skipped + Math.max(end, name === undefined ? 2 : 0);
  }
  return found;
}

/** Changes in the order of their keys, which says nothing. */
function sorted(remark: string): string[] {
  const changed = /^Changed: (.*?)\.(?: Data or evaluation are not .*)?$/s.exec(remark)?.[1];
  return changed === undefined ? [remark.replace(/\.$/, '')] : changed.split(/, (?=\w+(?:\.\w+)+ )/).toSorted();
}

/** In the order of their keys, which says nothing. */
const inWords = (changes: readonly Override[]): string[] => changes.map(({ key, text }) => `${key} ${text}`).toSorted();

/** `4` of `4 of 9, 4 of 12 epochs: not the published experiment.`: the others are of other rows. */
function epochsIn(remark: string): string | undefined {
  const all = /^((?:\d+ of \d+(?:, )?)+) epochs: not the published experiment\./.exec(remark)?.[1];
  return all === undefined ? undefined : [...new Set(all.match(/\d+(?= of )/g))].join(', ');
}
