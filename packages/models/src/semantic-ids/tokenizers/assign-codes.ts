import type { Rows } from '../vectors/rows.ts';
import { nearest } from './nearest.ts';
import { without } from './residual-k-means.ts';
import { sinkhornCodes } from './sinkhorn.ts';
import type { Codes } from './tokenizer.ts';

/** How rows get their codes: by their distances alone, or balanced over the rows that are assigned together. */
export type Assignment =
  | { readonly kind: 'nearest' }
  | {
      readonly kind: 'sinkhorn';
      readonly epsilon: number;
      readonly iterations: number;
      /** Which levels are balanced; the others take the nearest. */
      readonly levels: 'last' | 'all';
    };

/**
 * Codes of rows, level by level, in float64. Fewer rows than codes take the nearest: nothing is to be balanced there,
 * and a row whose share goes to several codes alike would get any of them.
 */
export async function assignCodes(rows: Rows, books: readonly Rows[], assignment: Assignment): Promise<Codes> {
  const levels = books.length;
  const values = new Int32Array(rows.count * levels);
  let residual = rows;
  for (const [level, book] of books.entries()) {
    const isBalanced =
      assignment.kind === 'sinkhorn' &&
      (assignment.levels === 'all' || level === levels - 1) &&
      rows.count >= book.count;
    const codes = isBalanced ? sinkhornCodes(residual, book, assignment) : (await nearest(residual, book)).codes;
    for (let r = 0; r < rows.count; r++) values[r * levels + level] = codes[r];
    residual = without(residual, book, codes);
  }
  return { count: rows.count, sizes: books.map(({ count }) => count), values };
}
