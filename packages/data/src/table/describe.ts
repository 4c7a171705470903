import type { Interactions } from '../interactions.ts';
import { textAt } from '../text-column.ts';
import { type Column, isMissing } from './column.ts';
import { rolesOf } from './roles.ts';

/** What is known of a column, for people. */
export interface ColumnDescription {
  readonly table: 'events' | 'users' | 'items';
  readonly name: string;
  readonly kind: Column['kind'];
  readonly roles: readonly string[];
  /** Distinct ids, of `id` and `ids`. */
  readonly vocabulary?: number;
  /** Numbers a row, where it is not one. */
  readonly width?: number;
  /** Rows without a value, 0..1. */
  readonly missing: number;
  /** Entries a row in the mean, of `ids`. */
  readonly length?: number;
  /** Smallest and largest, of `number` and `time`. */
  readonly range?: readonly [number, number];
  /** The first values that differ. */
  readonly examples: readonly string[];
}

const EXAMPLES = 3;
/** Examples are looked for in so many rows. */
const LOOKED_AT = 1000;

/** Every column of a data set: kind, role, vocabulary, missing values, examples. */
export function describeColumns(i: Interactions): ColumnDescription[] {
  const tables = [
    ['events', i.events],
    ['users', i.userTable],
    ['items', i.itemTable],
  ] as const;
  return tables.flatMap(([table, { rows, columns }]) =>
    Array.from(columns, ([name, stored]) => [name, asNumbers(stored, i)] as const).map(([name, column]) => ({
      table,
      name,
      kind: column.kind,
      roles: rolesOf(i.roles, table, name),
      ...(column.kind === 'id' || column.kind === 'ids' ? { vocabulary: column.ids.size } : {}),
      ...(column.kind === 'number' && column.width > 1 ? { width: column.width } : {}),
      ...(column.kind === 'ids' ? { length: column.values.length / Math.max(1, rows) } : {}),
      ...rangeOf(column),
      missing: missingShare(column, rows),
      examples: examplesOf(column, rows),
    })),
  );
}

/** Where data have no times, the places of events stand for them: numbers, and no dates. */
function asNumbers(column: Column, { roles, timestamps }: Interactions): Column {
  const isPlace = roles.time === undefined && column.kind === 'time' && column.values === timestamps;
  return isPlace ? { kind: 'number', width: 1, values: Float32Array.from(column.values) } : column;
}

function missingShare(column: Column, rows: number): number {
  let missing = 0;
  for (let row = 0; row < rows; row++) if (isMissing(column, row)) missing++;
  return rows === 0 ? 0 : missing / rows;
}

function rangeOf(column: Column): { readonly range?: readonly [number, number] } {
  if (column.kind !== 'number' && column.kind !== 'time') return {};
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of column.values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return least <= most ? { range: [least, most] } : {};
}

function examplesOf(column: Column, rows: number): string[] {
  const examples = new Set<string>();
  for (let row = 0; row < Math.min(rows, LOOKED_AT) && examples.size < EXAMPLES; row++) {
    if (!isMissing(column, row)) examples.add(valueText(column, row));
  }
  return [...examples];
}

/** The value of a row as people read it: external ids, ISO times. */
export function valueText(column: Column, row: number): string {
  switch (column.kind) {
    case 'id':
      return column.values[row] === 0 ? '' : column.ids.external(column.values[row]);
    case 'ids':
      return Array.from(column.values.subarray(column.offsets[row], column.offsets[row + 1]), (id) =>
        column.ids.external(id),
      ).join('|');
    case 'number':
      return Array.from(column.values.subarray(row * column.width, (row + 1) * column.width), shortNumber).join(' ');
    case 'time':
      return new Date(1000 * column.values[row]).toISOString().replace(/\.000Z$/, 'Z');
    case 'text':
      return textAt(column.values, row);
  }
}

/** The shortest decimal that is this float. */
export function shortNumber(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}
