import type { ColumnRef } from '../sources/columns.ts';
import type { TimeUnit } from '../sources/time.ts';

/** How the text of a column is read. */
export type ColumnSpec = {
  /** Where it stands in the file; default: under its own name. */
  readonly column?: ColumnRef;
} & (
  | {
      readonly kind: 'id';
      /** Columns with the same `vocabulary` share their ids; default: the name of the column. */
      readonly vocabulary?: string;
    }
  | {
      readonly kind: 'ids';
      /** Between the ids; default `|`. A list of Python, NumPy or JSON is taken as it is. */
      readonly separator?: string;
      /** Take an id that stands twice in a list once; default false. */
      readonly distinct?: boolean;
      readonly vocabulary?: string;
    }
  | {
      readonly kind: 'number';
      /** Numbers a row, with a separator between them (default a blank); default 1. */
      readonly width?: number;
      readonly separator?: string;
    }
  | { readonly kind: 'time'; readonly unit?: TimeUnit }
  | { readonly kind: 'text' }
);
