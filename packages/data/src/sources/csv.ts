import { assembleInteractions, type TieRule } from '../assemble.ts';
import type { ItemCatalogue } from '../catalogue.ts';
import { OptionError } from '../errors.ts';
import { EventTable } from '../event-table.ts';
import type { Interactions, ProblemCount } from '../interactions.ts';
import { Interner, smallInteger } from '../interner.ts';
import { ProblemLog, type RowProblem } from '../problems.ts';
import { CatalogueBuilder } from './catalogue-builder.ts';
import { chooseFile } from './choose-file.ts';
import { type ColumnRef, checkId, locateColumns, parseRating } from './columns.ts';
import { readItemsFile } from './csv-items.ts';
import { type DelimitedOptions, readDelimited } from './delimited.ts';
import { emptyFile, type FileSet } from './files.ts';
import type { ReadContext } from './progress.ts';
import { parseTime, type TimeUnit } from './time.ts';

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

export interface ItemsFile extends DelimitedOptions {
  /** Name of the file inside the zip or folder. */
  readonly file: string;
  readonly columns: { readonly item: ColumnRef; readonly title?: ColumnRef; readonly categories?: ColumnRef };
  /** Default true. */
  readonly header?: boolean;
  /** The columns for title and categories may be missing; default false. */
  readonly optionalColumns?: boolean;
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
  /** Name of the events file inside a zip or folder, when there are several. */
  readonly file?: string;
  /** A file of the same zip or folder that lists the items: they become the corpus. */
  readonly items?: ItemsFile;
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

const plain: CsvPreset = { operation: 'readCsv', format: 'csv' };

/**
 * Reads events from any delimited text with a column mapping, in one streaming pass.
 *
 * @throws {OptionError} `missing-column`; {DataError} for a corrupt row (file and line), an empty file, no rows
 */
export async function readCsv(
  files: FileSet,
  source: Omit<CsvSource, 'format'>,
  name: string,
  context: ReadContext,
  preset: CsvPreset = plain,
): Promise<Interactions> {
  const { operation } = preset;
  checkMapping(operation, source.columns);
  const fileName = chooseFile(operation, files, source.file);
  const place = files.place(fileName);
  const problems: ProblemCount[] = [];
  const listed =
    source.items === undefined ? undefined : await readItemsFile(operation, files, source.items, context, problems);
  const read = await readEvents(operation, files, fileName, source, listed, context, problems);
  const { table, users, items, titles, skipped, withoutUser } = read;
  const catalogue = listed?.build() ?? titleCatalogue(items, titles);
  const corpus =
    listed === undefined
      ? `the corpus is the ${items.size} items that occur`
      : `the corpus is all ${listed.size} items of ${source.items?.file}`;
  return assembleInteractions({
    name,
    table,
    users: users.ids(),
    items: items.ids(),
    ...(catalogue === undefined ? {} : { catalogue }),
    hasTimestamps: source.columns.time !== undefined,
    ties: source.ties ?? 'file-order',
    tieSeed: source.tieSeed ?? 0,
    step: {
      name: 'read',
      detail:
        `Read ${table.length} events of ${users.size} users from ${place.entry ?? fileName}${formatNotes(source)}; ${corpus}` +
        `${source.withoutUser === 'skip' ? `; ${withoutUser} rows without a user were left out` : ''}` +
        `${skipped === 0 ? '.' : `; ${skipped} corrupt rows were skipped.`}`,
      params: {
        format: preset.format,
        itemsFile: listed !== undefined,
        timeUnit: source.columns.time === undefined ? 'none' : (source.timeUnit ?? 's'),
      },
      counts: {
        rows: table.length + skipped + withoutUser,
        events: table.length,
        skipped,
        items: items.size,
        ...(source.withoutUser === 'skip' ? { withoutUser } : {}),
      },
      ...(problems.length === 0 ? {} : { problems }),
    },
  });
}

function checkMapping(operation: string, columns: EventColumns): void {
  for (const key of ['user', 'item'] as const) {
    if (columns?.[key] === undefined) {
      throw new OptionError(operation, `expected a column for ${key}; got none`, { key: `columns.${key}` });
    }
  }
  for (const key of Object.keys(columns)) {
    if (!['user', 'item', 'time', 'rating', 'title'].includes(key)) {
      throw new OptionError(operation, `expected the keys user, item, time, rating, title; got "${key}"`, {
        key: `columns.${key}`,
      });
    }
  }
}

/** What was said about the format of the file. */
function formatNotes({ encoding = 'utf8', quote }: DelimitedOptions): string {
  const quotes = quote === false ? ', quotes as ordinary characters' : quote === undefined ? '' : `, quote ${quote}`;
  return `${encoding === 'utf8' ? '' : `, in ${encoding}`}${quotes}`;
}

function titleCatalogue(items: Interner, titles: ReadonlyMap<string, string>): ItemCatalogue | undefined {
  if (titles.size === 0) return undefined;
  const builder = new CatalogueBuilder();
  for (const item of items.texts()) builder.add(item, titles.get(item) ?? '', []);
  return builder.build();
}

/** Rows whose ids are looked up together. */
const rowsAtOnce = 1 << 12;

async function readEvents(
  operation: string,
  files: FileSet,
  fileName: string,
  source: Omit<CsvSource, 'format'>,
  listed: CatalogueBuilder | undefined,
  context: ReadContext,
  problems: ProblemCount[],
) {
  const place = files.place(fileName);
  const log = new ProblemLog({ operation, ...place, lenient: context.lenient });
  const { columns, timeUnit = 's' } = source;
  const header = source.header ?? Object.values(columns).some((column) => typeof column === 'string');
  let bytes = 0;
  // The size of a .gz says little about its rows.
  const size = /\.gz$/i.test(fileName) ? undefined : files.size(fileName);
  const expected = size === undefined ? undefined : () => (table.length * size) / Math.max(1, bytes);
  const table = new EventTable(columns.rating !== undefined, undefined, expected);
  const users = new Interner();
  const items = listed?.ids ?? new Interner();
  const titles = new Map<string, string>();
  let at = { user: 0, item: 0, time: -1, rating: -1, title: -1 };

  let width = 0;
  let withoutUser = 0;
  let resolved = 0;
  const resolve = (): void => {
    users.resolve(table.users, resolved, table.length);
    items.resolve(table.items, resolved, table.length);
    resolved = table.length;
  };

  const row = (fields: readonly string[], _line: number, end: number): RowProblem | undefined => {
    bytes = end;
    const user = fields[at.user];
    const item = fields[at.item];
    if (user === '' && source.withoutUser === 'skip') {
      withoutUser++;
      return undefined;
    }
    // An integer id, the usual kind, is a good one; its code is looked up later, with many others.
    const userInteger = smallInteger(user);
    const itemInteger = smallInteger(item);
    const badId =
      (userInteger < 0 ? checkId(user, 'user') : undefined) ?? (itemInteger < 0 ? checkId(item, 'item') : undefined);
    if (badId !== undefined) return badId;
    const time = at.time < 0 ? 0 : parseTime(fields[at.time], timeUnit);
    if (typeof time === 'object') return time;
    const rating = at.rating < 0 ? 0 : parseRating(fields[at.rating]);
    if (typeof rating === 'object') return rating;
    const known = listed === undefined ? undefined : items.find(item);
    if (listed !== undefined && known === undefined) {
      const message = `expected an item of ${source.items?.file}; got "${item}"`;
      return { reason: 'unknown-item', column: 'item', message };
    }
    if (at.title >= 0 && fields[at.title] !== '' && !titles.has(item)) titles.set(item, fields[at.title]);
    const itemKey = known !== undefined ? -1 - known : itemInteger >= 0 ? itemInteger : -1 - items.intern(item);
    table.push(userInteger >= 0 ? userInteger : -1 - users.intern(user), itemKey, time, rating);
    if (table.length === resolved + rowsAtOnce) resolve();
    return undefined;
  };

  await readDelimited(
    context.counted(files, fileName, () => table.length),
    source,
    log,
    {
      header,
      first(fields, line) {
        at = {
          user: 0,
          item: 0,
          time: -1,
          rating: -1,
          title: -1,
          ...locateColumns(operation, columns, fields, header, { ...place, line }),
        };
        width = fields.length;
      },
      row,
      // Without a number in the row any text with as many commas would be one.
      isRow: (fields) =>
        fields.length === width &&
        (at.time >= 0 || at.rating >= 0) &&
        checkId(fields[at.user], 'user') === undefined &&
        checkId(fields[at.item], 'item') === undefined &&
        (at.time < 0 || typeof parseTime(fields[at.time], timeUnit) === 'number') &&
        (at.rating < 0 || typeof parseRating(fields[at.rating]) === 'number'),
    },
  );
  resolve();
  if (table.length === 0) {
    if (files.size(fileName) === 0) throw emptyFile(place.file, place.entry);
    throw log.noRows('rows of events');
  }
  problems.push(...log.counts(place.entry ?? fileName));
  return { table, users, items, titles, skipped: log.total, withoutUser };
}
