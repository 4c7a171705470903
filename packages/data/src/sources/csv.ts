import { assembleInteractions, type TieRule } from '../assemble.ts';
import { DataError, OptionError } from '../errors.ts';
import { EventTable } from '../event-table.ts';
import type { Interactions, ProblemCount } from '../interactions.ts';
import { Interner, smallInteger } from '../interner.ts';
import { optionHint, ProblemLog, type RowProblem } from '../problems.ts';
import { columnBuilder } from '../table/builder.ts';
import type { Column } from '../table/column.ts';
import type { KeyedTable } from '../table/keyed.ts';
import type { Roles } from '../table/roles.ts';
import type { ColumnSpec } from '../table/spec.ts';
import { VocabularyBuilder } from '../table/vocabulary.ts';
import { chooseFile } from './choose-file.ts';
import { type ColumnRef, checkId, locateColumns, parseRating } from './columns.ts';
import { type DelimitedOptions, type RowHandler, readDelimited } from './delimited.ts';
import { needsDuckdb, readDuckdb } from './duckdb.ts';
import type { FileSet } from './file-set.ts';
import { emptyFile } from './files.ts';
import { ItemTitles } from './item-titles.ts';
import { missingRule } from './missing.ts';
import type { ReadContext } from './progress.ts';
import { quoted } from './rating-rows.ts';
import { readSideFile, type SideFile } from './side-file.ts';
import { tidyIds } from './tidy-ids.ts';
import { earliestUsual, parseTime, type TimeUnit } from './time.ts';
import { timeFormat } from './time-format.ts';

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
  /** Take times that all lie in 1970, which otherwise are a wrong unit or a number that is no time; default false. */
  readonly allowEarlyTimes?: boolean;
  /** What says that there is no value, besides an empty field; default {@link missingMarkers}. */
  readonly missing?: readonly string[];
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
  const fileName = chooseFile(preset.operation, files, source.file);
  return readTable(files, originOf(preset.operation, files, fileName, source, context), source, name, context, preset);
}

/** Where the rows of events come from. */
export interface RowOrigin {
  /** For people: the name of the file, or what a query reads. */
  readonly title: string;
  readonly place: { readonly file: string; readonly entry?: string };
  /** Bytes, where they say something about the number of rows. */
  readonly size?: number;
  read(
    log: ProblemLog,
    handler: RowHandler,
    rows: () => number,
    vocabularies: Map<string, VocabularyBuilder>,
  ): Promise<void>;
  /** What the rows said of the users, after all were read. */
  userRows?(): KeyedTable | undefined;
}

function originOf(
  operation: string,
  files: FileSet,
  fileName: string,
  source: Omit<CsvSource, 'format'>,
  context: ReadContext,
): RowOrigin {
  const place = files.place(fileName);
  const title = place.entry ?? fileName;
  if (!needsDuckdb(fileName)) {
    return {
      title,
      place,
      // The size of a .gz says little about its rows.
      ...(/\.gz$/i.test(fileName) ? {} : { size: files.size(fileName) }),
      read: (log, handler, rows) => readDelimited(context.counted(files, fileName, rows), source, log, handler),
    };
  }
  if (place.entry !== undefined) {
    throw new DataError(operation, 'expected a file of its own; got one inside a zip', {
      code: 'unsupported-extension',
      ...place,
      hint: 'unpack it',
    });
  }
  return { title, place, read: (log, handler) => readDuckdb(operation, { file: place.file }, log, handler) };
}

/** Rows of any origin, with the files of users and items, to a data set. */
export async function readTable(
  files: FileSet | undefined,
  origin: RowOrigin,
  source: Omit<CsvSource, 'format' | 'path'>,
  name: string,
  context: ReadContext,
  preset: CsvPreset,
): Promise<Interactions> {
  const { operation } = preset;
  checkMapping(operation, source.columns);
  const problems: ProblemCount[] = [];
  // A list of items that were shown has the ids of the items.
  const itemNotes: string[] = [];
  const itemVocabulary = new VocabularyBuilder((ids) => {
    const { ids: tidy, notes } = tidyIds('item', ids);
    itemNotes.splice(0, itemNotes.length, ...notes);
    return tidy;
  });
  const vocabularies = new Map([[columnName('item', source.columns.item), itemVocabulary]]);
  const side = <S extends SideFile>(of: 'user' | 'item', file: S | undefined) =>
    file && readSideFile(operation, of, files, file, vocabularies, context, problems);
  const itemRows = await side('item', source.items);
  const ofUsers = await side('user', source.users);
  const { corpus = 'listed' } = source.items ?? {};
  const listed = corpus === 'occurring' ? undefined : itemRows?.keys;
  for (const id of listed?.texts() ?? []) itemVocabulary.interner.intern(id);
  const items = itemVocabulary.interner;
  const read = await readEvents(operation, origin, source, items, listed, vocabularies, context, problems);
  const { table, titles, further, skipped, withoutUser } = read;
  const userRows = ofUsers ?? origin.userRows?.();
  const users = tidyIds('user', read.users.ids());
  const vocabulary = itemVocabulary.build();
  const notes = [...users.notes, ...itemNotes];
  const ofTitles = itemRows === undefined ? titles?.build() : undefined;
  return assembleInteractions({
    name,
    table,
    users: users.ids,
    items: vocabulary,
    roles: rolesFor(operation, source, further),
    ...(source.columns.rating === undefined ? {} : { ratingColumn: columnName('rating', source.columns.rating) }),
    columns: further,
    ...(userRows === undefined ? {} : { userRows }),
    ...(itemRows === undefined ? (ofTitles === undefined ? {} : { itemRows: ofTitles }) : { itemRows }),
    ties: source.ties ?? 'file-order',
    tieSeed: source.tieSeed ?? 0,
    step: {
      name: 'read',
      detail:
        `Read ${table.length} events of ${read.users.size} users from ${origin.title}${formatNotes(source)}; ` +
        `${corpusNote(items.size, itemRows === undefined ? undefined : corpus, source.items?.file ?? source.items?.path)}` +
        `${source.withoutUser === 'skip' ? `; ${withoutUser} rows without a user were left out` : ''}` +
        `${skipped === 0 ? '.' : `; ${skipped} corrupt rows were skipped.`}${notes.map((note) => ` ${note}`).join('')}`,
      ...(notes.length === 0 ? {} : { notes }),
      params: {
        format: preset.format,
        timeUnit: source.columns.time === undefined ? 'none' : (source.timeFormat ?? source.timeUnit ?? 's'),
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

function corpusNote(items: number, corpus: ItemsFile['corpus'], file = ''): string {
  if (corpus === 'listed') return `the corpus is all ${items} items of ${file}`;
  if (corpus === 'both') return `the corpus is the ${items} items that occur or stand in ${file}`;
  return `the corpus is the ${items} items that occur`;
}

/** The name of a role's column: that of the file, or that of the role where columns are given by position. */
function columnName(key: keyof EventColumns, column: ColumnRef | undefined): string {
  return typeof column === 'string' ? column : key;
}

/** @throws {OptionError} for a role whose column is not among the further ones, and for a name that stands twice */
function rolesFor(
  operation: string,
  source: Omit<CsvSource, 'format' | 'path'>,
  further: ReadonlyMap<string, Column>,
): Roles {
  const { columns, labels = [], items } = source;
  const rating = columns.rating === undefined ? undefined : columnName('rating', columns.rating);
  for (const [key, names] of Object.entries({ action: [source.action], request: [source.request], labels })) {
    for (const name of names) {
      if (name === undefined || further.has(name) || name === rating) continue;
      const known = [...further.keys()].join(', ') || 'none';
      throw new OptionError(operation, `expected a further column for ${key}; got "${name}" of ${known}`, { key });
    }
  }
  const action = source.action ?? rating;
  const roles = {
    user: columnName('user', columns.user),
    item: columnName('item', columns.item),
    ...(columns.time === undefined ? {} : { time: columnName('time', columns.time) }),
    ...(action === undefined ? {} : { action }),
    ...(source.request === undefined ? {} : { request: source.request }),
    labels,
    ...(items === undefined
      ? columns.title === undefined
        ? {}
        : { title: columnName('title', columns.title) }
      : {
          ...(items.title === undefined ? {} : { title: items.title }),
          ...(items.categories === undefined ? {} : { categories: items.categories }),
        }),
  };
  const taken = [
    roles.user,
    roles.item,
    roles.time,
    columns.rating === undefined ? undefined : columnName('rating', columns.rating),
  ];
  for (const name of further.keys()) {
    if (!taken.includes(name)) continue;
    throw new OptionError(operation, `expected a column once; got "${name}" as a role and as a further column`, {
      key: `columns.${name}`,
    });
  }
  return roles;
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

/** Times below this many seconds are numbers of steps; a date that was misread is larger. */
const countedFromZero = 10_000;

function noId(text: string, column: 'user' | 'item'): RowProblem {
  const empty = text.trim() === '';
  return {
    reason: 'missing-id',
    column,
    message: `expected ${column === 'item' ? 'an item' : 'a user'} id; got ${empty ? 'an empty field' : quoted(text)}`,
    ...(empty ? {} : { hint: 'if that is an id, say what else stands for none: missing (--data.missing none)' }),
  };
}

/** Rows whose ids are looked up together. */
const rowsAtOnce = 1 << 12;

async function readEvents(
  operation: string,
  origin: RowOrigin,
  source: Omit<CsvSource, 'format' | 'path'>,
  items: Interner,
  listed: Interner | undefined,
  vocabularies: Map<string, VocabularyBuilder>,
  context: ReadContext,
  problems: ProblemCount[],
) {
  const { place, size } = origin;
  const log = new ProblemLog({ operation, ...place, lenient: context.lenient });
  const { columns, timeUnit = 's' } = source;
  const byFormat = source.timeFormat === undefined ? undefined : timeFormat(source.timeFormat);
  const timeOf = (text: string) => (byFormat === undefined ? parseTime(text, timeUnit) : byFormat(text));
  const isMissing = missingRule(source.missing);
  const header = source.header ?? Object.values(columns).some((column) => typeof column === 'string');
  let bytes = 0;
  const expected = size === undefined ? undefined : () => (table.length * size) / Math.max(1, bytes);
  const table = new EventTable(columns.rating !== undefined, undefined, expected);
  const users = new Interner();
  const needed = source.items?.corpus === 'both' ? undefined : listed;
  const titles = columns.title === undefined ? undefined : new ItemTitles(columnName('title', columns.title));
  const further = Object.entries(source.further ?? {}).map(([name, spec]) =>
    columnBuilder(name, spec, vocabularies, isMissing),
  );
  const furtherAt: number[] = [];
  let at = { user: 0, item: 0, time: -1, rating: -1, title: -1 };

  let width = 0;
  let withoutUser = 0;
  let resolved = 0;
  let latest = Number.NEGATIVE_INFINITY;
  const resolve = (): void => {
    users.resolve(table.users, resolved, table.length);
    items.resolve(table.items, resolved, table.length);
    resolved = table.length;
  };

  const keepFurther = (fields: readonly string[]): RowProblem | undefined => {
    for (let c = 0; c < further.length; c++) {
      const problem = further[c].read(fields[furtherAt[c]]);
      if (problem !== undefined) return problem;
    }
    for (const column of further) column.keep();
    return undefined;
  };

  const row = (fields: readonly string[], _line: number, end: number): RowProblem | undefined => {
    bytes = end;
    let user = fields[at.user];
    let item = fields[at.item];
    // An integer id, the usual kind, is a good one; its code is looked up later, with many others.
    let userInteger = smallInteger(user);
    let itemInteger = smallInteger(item);
    if (userInteger < 0) {
      user = user.trim();
      if (isMissing(user) && source.withoutUser === 'skip') {
        withoutUser++;
        return undefined;
      }
      const problem = isMissing(user) ? noId(fields[at.user], 'user') : checkId(user, 'user');
      if (problem !== undefined) return problem;
      userInteger = smallInteger(user);
    }
    if (itemInteger < 0) {
      item = item.trim();
      const problem = isMissing(item) ? noId(fields[at.item], 'item') : checkId(item, 'item');
      if (problem !== undefined) return problem;
      itemInteger = smallInteger(item);
    }
    const time = at.time < 0 ? 0 : timeOf(fields[at.time]);
    if (typeof time === 'object') return time;
    if (time > latest) latest = time;
    const rating = at.rating < 0 ? 0 : parseRating(fields[at.rating]);
    if (typeof rating === 'object') return rating;
    if (needed !== undefined && needed.find(item) === undefined) {
      const message = `expected an item of ${source.items?.file}; got "${item}"`;
      return { reason: 'unknown-item', column: 'item', message };
    }
    const problem = further.length === 0 ? undefined : keepFurther(fields);
    if (problem !== undefined) return problem;
    if (at.title >= 0) titles?.see(item, fields[at.title]);
    const itemKey = itemInteger >= 0 ? itemInteger : -1 - items.intern(item);
    table.push(userInteger >= 0 ? userInteger : -1 - users.intern(user), itemKey, time, rating);
    if (table.length === resolved + rowsAtOnce) resolve();
    return undefined;
  };

  await origin.read(
    log,
    {
      header,
      first(fields, line) {
        // Rows of a query have no line of names.
        const where = line > 0 ? { ...place, line } : place;
        at = {
          user: 0,
          item: 0,
          time: -1,
          rating: -1,
          title: -1,
          ...locateColumns(operation, columns, fields, header, where),
        };
        for (const [name, spec] of Object.entries(source.further ?? {})) {
          const ref = { [name]: spec.column ?? name };
          furtherAt.push(locateColumns(operation, ref, fields, header, where)[name] as number);
        }
        width = fields.length;
      },
      row,
      // Without a number in the row any text with as many commas would be one.
      isRow: (fields) =>
        fields.length === width &&
        (at.time >= 0 || at.rating >= 0) &&
        checkId(fields[at.user], 'user') === undefined &&
        checkId(fields[at.item], 'item') === undefined &&
        (at.time < 0 || typeof timeOf(fields[at.time]) === 'number') &&
        (at.rating < 0 || typeof parseRating(fields[at.rating]) === 'number'),
    },
    () => table.length,
    vocabularies,
  );
  resolve();
  if (table.length === 0) {
    if (size === 0) throw emptyFile(place.file, place.entry);
    throw log.noRows('rows of events');
  }
  if (at.time >= 0 && latest >= countedFromZero && latest < earliestUsual && source.allowEarlyTimes !== true) {
    throw log.error(undefined, {
      reason: 'early-times',
      column: 'time',
      message: `expected times of after 1970; got all of ${table.length} in 1970, the last at ${latest} s`,
      hint:
        `set the unit (${optionHint('timeUnit', 'ms')}), or say how dates are written (${optionHint('timeFormat', '%Y%m%d')}); ` +
        `times that count from 0 are taken with ${optionHint('allowEarlyTimes', true)}`,
    });
  }
  problems.push(...log.counts(origin.title));
  return {
    table,
    users,
    titles,
    further: new Map(further.map((column): [string, Column] => [column.name, column.build()])),
    skipped: log.total,
    withoutUser,
  };
}
