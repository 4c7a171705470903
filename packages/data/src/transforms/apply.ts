import { DataError } from '../errors.ts';
import { fnv1a } from '../fnv1a.ts';
import { partitionPoint } from '../partition-point.ts';
import { type Column, rowsOf } from '../table/column.ts';
import { type IdLists, idLists } from './id-lists.ts';
import { dimensions } from './numbers.ts';
import { type EncodedColumn, encodedShape, FIRST_ROW, type FittedTransform, MISSING_ROW, UNKNOWN_ROW } from './spec.ts';
import { stepOf } from './step-of.ts';

type IdTransform = Extract<FittedTransform, { readonly list: boolean }>;

/**
 * Encodes every row of the columns of a fitted transform, of the data that it was fitted on or of others: ids are
 * told apart by their text. A missing value is the row {@link MISSING_ROW}, an unknown id or step
 * {@link UNKNOWN_ROW}, a missing number the mean.
 *
 * @param columns those that the transform names, in that order.
 * @throws {DataError} `bad-columns` for a column of another kind or width than it was fitted on
 */
export function applyTransform(fitted: FittedTransform, columns: readonly Column[]): EncodedColumn {
  checkKinds(fitted, columns);
  const rows = rowsOf(columns[0]);
  switch (fitted.encode) {
    case 'ids':
    case 'words':
    case 'hash':
      return encodeIds(fitted, columns, rows);
    case 'buckets': {
      const { bounds } = fitted;
      const { at } = dimensions(columns[0]);
      const values = new Int32Array(rows);
      for (let row = 0; row < rows; row++) {
        const value = at(row, 0);
        values[row] = Number.isNaN(value) ? MISSING_ROW : FIRST_ROW + reached(bounds, value);
      }
      return { kind: 'row', size: sizeOf(fitted), values };
    }
    case 'steps': {
      const { width, steps } = fitted;
      const of = stepOf(columns[0], width);
      const values = new Int32Array(rows);
      for (let row = 0; row < rows; row++) {
        const step = of(row);
        const last = reached(steps, step) - 1;
        values[row] = Number.isNaN(step) ? MISSING_ROW : steps[last] === step ? FIRST_ROW + last : UNKNOWN_ROW;
      }
      return { kind: 'row', size: sizeOf(fitted), values };
    }
    default:
      return encodeNumbers(fitted, columns[0], rows);
  }
}

function sizeOf(fitted: FittedTransform): number {
  const shape = encodedShape(fitted);
  return shape.kind === 'number' ? 0 : shape.size;
}

function encodeIds(fitted: IdTransform, columns: readonly Column[], rows: number): EncodedColumn {
  const lists = idLists(fitted.columns, columns);
  const rowOf = lookup(fitted, columns, lists);
  const size = sizeOf(fitted);
  const codes: number[] = [];
  if (!fitted.list) {
    const values = new Int32Array(rows);
    for (let row = 0; row < rows; row++) {
      codes.length = 0;
      lists.read(row, codes);
      values[row] = codes.length === 0 ? MISSING_ROW : rowOf(codes[0]);
    }
    return { kind: 'row', size, values };
  }
  const { maxLength = Number.POSITIVE_INFINITY } = fitted;
  const values: number[] = [];
  const offsets = new Int32Array(rows + 1);
  for (let row = 0; row < rows; row++) {
    codes.length = 0;
    lists.read(row, codes);
    const length = Math.min(codes.length, maxLength);
    for (let i = 0; i < length; i++) values.push(rowOf(codes[i]));
    if (length === 0) values.push(MISSING_ROW);
    offsets[row + 1] = values.length;
  }
  return { kind: 'rows', size, values: Int32Array.from(values), offsets };
}

const lookups = new WeakMap<FittedTransform, WeakMap<object, (code: number) => number>>();

/** The row of each code, found once for a transform and the vocabularies of its columns: batches share them. */
function lookup(fitted: IdTransform, columns: readonly Column[], lists: IdLists): (code: number) => number {
  // Of a cross the second vocabulary decides what a code means, so only one column is remembered.
  const key = columns.length === 1 && 'ids' in columns[0] ? columns[0].ids : undefined;
  const known = lookups.get(fitted) ?? new WeakMap<object, (code: number) => number>();
  lookups.set(fitted, known);
  const found = key === undefined ? undefined : known.get(key);
  if (found !== undefined) return found;
  const rowOfText = textRows(fitted);
  const rows = new Map<number, number>();
  const made = (code: number): number => {
    const row = rows.get(code) ?? rowOfText(lists.text(code));
    rows.set(code, row);
    return row;
  };
  if (key !== undefined) known.set(key, made);
  return made;
}

function textRows(fitted: IdTransform): (text: string) => number {
  if (fitted.encode === 'hash') return (text) => FIRST_ROW + (fnv1a(text) % fitted.buckets);
  const rows = new Map(fitted.ids.map((id, i) => [id, FIRST_ROW + i]));
  return (text) => rows.get(text) ?? UNKNOWN_ROW;
}

function encodeNumbers(
  { encode, mean, deviation }: Extract<FittedTransform, { readonly encode: 'standardise' | 'log1p' }>,
  column: Column,
  rows: number,
): EncodedColumn {
  const { width, at } = dimensions(column);
  const values = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (let d = 0; d < width; d++) {
      const given = at(row, d);
      // Below what a logarithm takes, and below all that training has seen: as near as it goes.
      const value = encode === 'log1p' ? Math.log1p(Math.max(given, -1 + 1e-6)) : given;
      values[row * width + d] = Number.isNaN(value) ? 0 : (value - mean[d]) / deviation[d];
    }
  }
  return { kind: 'number', width, values };
}

/** How many of the ascending bounds are at most `value`. */
function reached(bounds: readonly number[], value: number): number {
  return partitionPoint(0, bounds.length, (i) => bounds[i] <= value);
}

function checkKinds(fitted: FittedTransform, columns: readonly Column[]): void {
  const ofWords = fitted.encode === 'words';
  const ofIds = 'list' in fitted;
  for (const [i, column] of columns.entries()) {
    const fits = ofWords
      ? column.kind === 'text'
      : ofIds
        ? column.kind === 'id' || (fitted.list && column.kind === 'ids')
        : column.kind === 'number' || column.kind === 'time';
    const wanted = 'mean' in fitted ? fitted.mean.length : 1;
    if (fits && (ofIds || dimensions(column).width === wanted)) continue;
    const expected = ofWords ? 'text' : ofIds ? (fitted.list ? 'id or ids' : 'id') : `number of width ${wanted}`;
    const got = column.kind === 'number' ? `number of width ${column.width}` : column.kind;
    throw new DataError(
      'applyTransform',
      `expected a column of ${expected} in ${fitted.columns[i]}, as it was fitted; got one of ${got}`,
      { code: 'bad-columns', column: fitted.columns[i] },
    );
  }
}
