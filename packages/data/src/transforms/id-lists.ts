import { OptionError } from '../errors.ts';
import type { Column } from '../table/column.ts';
import { wordsOf } from './words.ts';

/** The ids of a row, whatever the columns: of one column its id or list, of two every pair. */
export interface IdLists {
  readonly list: boolean;
  /** Codes of row `r`, appended to `into`; equal codes are equal ids. */
  read(row: number, into: number[]): void;
  /** The text of a code: an id, or two with U+001F between them. */
  text(code: number): string;
}

export const CROSS = '\u001f';

/**
 * The columns as lists of codes.
 *
 * @throws {OptionError} for a column of another kind, and for a cross of more than 2^53 pairs
 */
export function idLists(names: readonly string[], columns: readonly Column[]): IdLists {
  const parts = columns.map((column, i) => single(names[i], column));
  if (parts.length === 1) return parts[0];
  const [left, right] = parts;
  const base = right.size;
  const [a, b]: [number[], number[]] = [[], []];
  return {
    list: left.list || right.list,
    read(row, into) {
      a.length = 0;
      b.length = 0;
      left.read(row, a);
      right.read(row, b);
      for (const x of a) for (const y of b) into.push(x * base + y);
    },
    text: (code) => left.text(Math.floor(code / base)) + CROSS + right.text(code % base),
  };
}

interface OneColumn extends IdLists {
  /** How many codes there may be. */
  readonly size: number;
}

function single(name: string, column: Column): OneColumn {
  if (column.kind === 'text') return wordsOf(column.values);
  if (column.kind === 'id') {
    const { values, ids } = column;
    return {
      list: false,
      size: ids.size + ids.first,
      read: (row, into) => {
        if (values[row] !== 0) into.push(values[row]);
      },
      text: (code) => ids.external(code),
    };
  }
  if (column.kind === 'ids') {
    const { values, offsets, ids } = column;
    return {
      list: true,
      size: ids.size + ids.first,
      read: (row, into) => {
        for (let at = offsets[row]; at < offsets[row + 1]; at++) into.push(values[at]);
      },
      text: (code) => ids.external(code),
    };
  }
  throw new OptionError('transform', `expected a column of id or ids in ${name}; got one of ${column.kind}`, {
    key: name,
    hint: 'numbers and times are encoded as buckets, steps, standardise or log1p',
  });
}
