/** How a column becomes what a model can embed. */
export const encodings = ['ids', 'hash', 'words', 'buckets', 'steps', 'standardise', 'log1p'] as const;
export type Encoding = (typeof encodings)[number];

/**
 * A feature: a column of a table, or the cross of two columns of ids, and how it is encoded.
 *
 * `ids` (the default of `id` and `ids`): a vocabulary of the training part; `hash`: the id's text hashed into
 * `buckets`; `words` (the default of `text`): the words of a text, in lower case, as `ids`; `buckets` (the default of
 * `number` and `time`): quantiles of the training part; `steps`: `floor(x / width)` as an id (`stepOf`), with a
 * vocabulary of the training part; `standardise`: `(x - mean) / deviation` over the training part; `log1p`: the same of
 * `ln(1 + x)`.
 */
export interface TransformSpec {
  /** Names of columns of one table: one, or the two of a cross. */
  readonly columns: readonly string[];
  readonly encode?: Encoding;
  /** Of `ids`, `words` and `steps`: rarer ones share the row "not known"; default 1. */
  readonly minCount?: number;
  /** Of `buckets`, default 10, and of `hash`, default 1000. */
  readonly buckets?: number;
  /** Of `steps`, which need it: how wide one is, above 0. */
  readonly width?: number;
  /** Of lists: how many of their first ids are taken; default all. */
  readonly maxLength?: number;
}

/** Rows of a table of vectors that stand for no id: a row without a value, and an id that training has not seen. */
export const MISSING_ROW = 0;
export const UNKNOWN_ROW = 1;
/** Row of the first id of a vocabulary. */
export const FIRST_ROW = 2;

/** A transform that knows the training part: plain JSON, kept with a run. */
export type FittedTransform =
  | {
      readonly encode: 'ids' | 'words';
      readonly columns: readonly string[];
      /** A list a row, not one id. */
      readonly list: boolean;
      /** The id of row `FIRST_ROW + i`, ascending; of a cross two ids with U+001F between them. */
      readonly ids: readonly string[];
      readonly maxLength?: number;
    }
  | {
      readonly encode: 'hash';
      readonly columns: readonly string[];
      readonly list: boolean;
      readonly buckets: number;
      readonly maxLength?: number;
    }
  | {
      readonly encode: 'buckets';
      readonly columns: readonly string[];
      /** Ascending; bucket `b` holds the values from `bounds[b - 1]` to below `bounds[b]`. */
      readonly bounds: readonly number[];
    }
  | {
      readonly encode: 'steps';
      readonly columns: readonly string[];
      readonly width: number;
      /** `floor(x / width)` of row `FIRST_ROW + i`, ascending. */
      readonly steps: readonly number[];
    }
  | {
      readonly encode: 'standardise' | 'log1p';
      readonly columns: readonly string[];
      /** A number a dimension. */
      readonly mean: readonly number[];
      readonly deviation: readonly number[];
    };

/** A column as a model reads it: rows of a table of vectors, one or several a row, or numbers. */
export type EncodedColumn =
  | { readonly kind: 'row'; readonly size: number /** shape [rows] */; readonly values: Int32Array }
  | {
      readonly kind: 'rows';
      readonly size: number;
      /** List `l` is `values[offsets[l], offsets[l + 1])`, at least one. */
      readonly values: Int32Array;
      readonly offsets: Int32Array;
      /** The list of each row; shape [rows]. Absent: row `r` has list `r`. */
      readonly lists?: Int32Array;
    }
  | {
      readonly kind: 'number';
      readonly width: number;
      /** shape [rows * width]; 0, the mean, where nothing is known */ readonly values: Float32Array;
    };

/** What {@link EncodedColumn} a fitted transform makes, without its values. */
export type EncodedShape =
  | { readonly kind: 'row' | 'rows'; readonly size: number }
  | { readonly kind: 'number'; readonly width: number };

export function encodedShape(fitted: FittedTransform): EncodedShape {
  switch (fitted.encode) {
    case 'ids':
    case 'words':
      return { kind: fitted.list ? 'rows' : 'row', size: FIRST_ROW + fitted.ids.length };
    case 'hash':
      return { kind: fitted.list ? 'rows' : 'row', size: FIRST_ROW + fitted.buckets };
    case 'buckets':
      return { kind: 'row', size: FIRST_ROW + fitted.bounds.length + 1 };
    case 'steps':
      return { kind: 'row', size: FIRST_ROW + fitted.steps.length };
    default:
      return { kind: 'number', width: fitted.mean.length };
  }
}
