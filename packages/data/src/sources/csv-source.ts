import type { TieRule } from '../assemble.ts';
import type { ColumnSpec } from '../table/spec.ts';
import type { CsvReader } from './choose-reader.ts';
import type { ColumnRef } from './columns.ts';
import type { DelimitedOptions } from './delimited.ts';
import type { SideFile } from './side-file.ts';
import type { TimeUnit } from './time.ts';

/** Which column is what. */
export interface EventColumns {
  readonly user: ColumnRef;
  readonly item: ColumnRef;
  /** Without it events keep the order of the file, and `hasTimestamps` is false. */
  readonly time?: ColumnRef;
  readonly rating?: ColumnRef;
  /** Title of the item, taken from the first row that has one. */
  readonly title?: ColumnRef;
}

export interface ItemsFile extends SideFile {
  /**
   * The items that can be recommended: those of this file, and an event of another item is a bad row (`listed`,
   * default); those with events (`occurring`); or all of them (`both`). Items without a row miss its values.
   */
  readonly corpus?: 'listed' | 'occurring' | 'both';
  /** Names among `columns`: what people read, and what groups the items. */
  readonly title?: string;
  readonly categories?: string;
}

export interface CsvSource extends DelimitedOptions {
  readonly format: 'csv';
  /** A `.csv`, `.tsv`, `.txt`, `.dat`, `.data` or `.inter` file, plain or `.gz`, or a zip or folder that holds it. */
  readonly path: string;
  readonly name?: string;
  readonly columns: EventColumns;
  /** Default: true when a column is given by name. */
  readonly header?: boolean;
  /** Default `s`. */
  readonly timeUnit?: TimeUnit;
  /** A pattern of strptime (`%d.%m.%Y %H:%M`), in place of a unit. */
  readonly timeFormat?: string;
  /** Take times that all lie in 1970 and do not count from 0, which otherwise are a wrong unit; default false. */
  readonly allowEarlyTimes?: boolean;
  /** What says that there is no value, besides an empty field; default {@link missingMarkers}. */
  readonly missing?: readonly string[];
  /** What reads delimited text; the result is the same. Default `auto`: DuckDB for big files, where it is installed. */
  readonly reader?: CsvReader;
  /** Name of the events file inside a zip or folder, when there are several. */
  readonly file?: string;
  /** Further columns of the events, by the name that they get. */
  readonly further?: Readonly<Record<string, ColumnSpec>>;
  /** Roles of further columns. */
  readonly action?: string;
  readonly request?: string;
  readonly labels?: readonly string[];
  /** A file with one item a row. */
  readonly items?: ItemsFile;
  /** A file with one user a row. */
  readonly users?: SideFile;
  /**
   * Rows with an empty user: `error` (default), or `skip` and count them, as purchases of visitors without an account.
   */
  readonly withoutUser?: 'error' | 'skip';
  /** Default `file-order`. */
  readonly ties?: TieRule;
  readonly tieSeed?: number;
}

/** How a reader that is a preset of this one presents itself. */
export interface CsvPreset {
  readonly operation: string;
  readonly format: string;
}

/** What the rows of a table are, whatever they come from. */
export type TableSource = Omit<CsvSource, 'format' | 'path'>;
