import { DataError } from '../errors.ts';
import type { Column } from '../table/column.ts';
import type { Roles } from '../table/roles.ts';
import type { Table } from '../table/table.ts';
import { textAt } from '../text-column.ts';
import { quantilesOf } from '../transforms/quantiles.ts';
import { characterRuns, ngramsOf, wordsOf } from './words.ts';

export interface ItemTermsOptions {
  /** Columns that are read; default: all but times. */
  readonly columns?: readonly string[];
  /** Longest run of words of a text that is a term; default 2. */
  readonly ngrams?: number;
  /** Also runs of so many characters inside words; 0, the default: none. */
  readonly characters?: number;
  /** Equal parts into which the numbers of a column are cut; default 10. */
  readonly buckets?: number;
}

/** Of each column of numbers, and of each of its numbers, where one part ends and the next begins. */
export type TermBounds = ReadonlyMap<string, readonly (readonly number[])[]>;

const operation = 'itemTerms';

/**
 * What a table says of each row, as terms that begin with the name of their column: of a text its runs of words; of
 * ids each as it is written; of a number the tenth of all numbers that it is in, or that there is none.
 *
 * ```
 * title:red lip    categories:Lip Balms    price:#7    brand:
 * ```
 *
 * @param bounds of the columns of numbers, {@link termBounds} of this table or of another.
 * @returns the terms of each row, repeats included.
 * @throws {DataError} `unknown-column` for a column that is not there, or of times, and where none is left.
 */
export function itemTerms(
  table: Table,
  options: ItemTermsOptions = {},
  bounds: TermBounds = termBounds(table, options),
): string[][] {
  const names = options.columns ?? termColumns(table);
  const documents = Array.from({ length: table.rows }, (): string[] => []);
  if (names.length === 0) throw noColumn('a column of texts, ids or numbers of the items', 'none', table);
  for (const name of names) {
    const column = table.columns.get(name);
    if (column === undefined || column.kind === 'time')
      throw noColumn(
        `a column of texts, ids or numbers; got ${name}, which is ${column?.kind ?? 'not there'}`,
        '',
        table,
      );
    const termsOf = reader(column, options, bounds.get(name) ?? []);
    for (let row = 0; row < table.rows; row++) for (const term of termsOf(row)) documents[row].push(`${name}:${term}`);
  }
  return documents;
}

/** Columns that {@link itemTerms} reads when none is named: all but times and, of given roles, `overAllTime`. */
export function termColumns({ columns }: Table, { overAllTime = [] }: Pick<Roles, 'overAllTime'> = {}): string[] {
  return [...columns].flatMap(([name, { kind }]) => (kind === 'time' || overAllTime.includes(name) ? [] : [name]));
}

/**
 * Where the parts of the numbers of a table end: what {@link itemTerms} of another table reads to mean the same.
 *
 * @param rows of the table whose numbers are read; default: all.
 */
export function termBounds(
  table: Table,
  { columns, buckets = 10 }: ItemTermsOptions = {},
  rows?: readonly number[],
): TermBounds {
  const found = (columns ?? termColumns(table)).flatMap((name): [string, number[][]][] => {
    const column = table.columns.get(name);
    if (column?.kind !== 'number') return [];
    const { width, values } = column;
    const own = (w: number): Float64Array =>
      rows === undefined
        ? Float64Array.from(values.filter((_, i) => i % width === w))
        : Float64Array.from(rows, (row) => values[row * width + w]);
    return [[name, Array.from({ length: width }, (_, w) => quantilesOf(own(w), buckets))]];
  });
  return new Map(found);
}

function reader(
  column: Exclude<Column, { kind: 'time' }>,
  { ngrams = 2, characters = 0 }: ItemTermsOptions,
  bounds: readonly (readonly number[])[],
): (row: number) => string[] {
  switch (column.kind) {
    case 'text':
      return (row) => {
        const words = wordsOf(textAt(column.values, row));
        return [...ngramsOf(words, ngrams), ...(characters > 0 ? characterRuns(words, characters) : [])];
      };
    case 'id':
      return (row) => [column.values[row] === 0 ? '' : column.ids.external(column.values[row])];
    case 'ids':
      return (row) =>
        Array.from(column.values.subarray(column.offsets[row], column.offsets[row + 1]), (id) =>
          column.ids.external(id),
        );
    case 'number': {
      return (row) =>
        Array.from({ length: column.width }, (_, w) => {
          const own = bounds[w] ?? [];
          const value = column.values[row * column.width + w];
          const bucket = Number.isNaN(value) ? '' : `#${own.filter((bound) => value >= bound).length}`;
          return column.width === 1 ? bucket : `${w}${bucket}`;
        });
    }
  }
}

function noColumn(expected: string, got: string, { columns }: Table): DataError {
  const names = [...columns].map(([name, { kind }]) => `${name} (${kind})`).join(', ') || 'none';
  return new DataError(operation, `expected ${expected}${got === '' ? '' : `; got ${got}`}`, {
    code: 'unknown-column',
    hint: `columns of the items: ${names}`,
  });
}
