import { EventTable } from '../event-table.ts';
import type { ProblemCount } from '../interactions.ts';
import { Interner, smallInteger } from '../interner.ts';
import { optionHint, ProblemLog, type RowProblem } from '../problems.ts';
import { columnBuilder } from '../table/builder.ts';
import type { Column } from '../table/column.ts';
import type { VocabularyBuilder } from '../table/vocabulary.ts';
import { hasKey } from './check-source.ts';
import { type ColumnRef, checkId, locateColumns, markedMissing, missingId, parseRating } from './columns.ts';
import type { CsvPreset, TableSource } from './csv-source.ts';
import type { Purpose, SoughtColumn } from './duckdb-types.ts';
import { type ChunkHandler, EventChunks, type EventFloats, purposeOf } from './event-chunks.ts';
import { emptyFile } from './files.ts';
import { ItemTitles } from './item-titles.ts';
import { missingRule } from './missing.ts';
import type { ReadContext } from './progress.ts';
import type { RowOrigin } from './row-origin.ts';
import { columnName } from './table-roles.ts';
import { earliestUsual, parseTime, unitHint } from './time.ts';
import { timeFormat } from './time-format.ts';

/** Times that begin below this many seconds are counted from 0; dates that were misread all lie above. */
const countedFromZero = 10_000;

/** Rows whose ids are looked up together. */
const rowsAtOnce = 1 << 12;

/** Reads the rows of events: what the roles need, and the further columns, in the order of the file. */
export async function readEvents(
  { operation, format }: CsvPreset,
  origin: RowOrigin,
  source: TableSource,
  items: Interner,
  listed: Interner | undefined,
  floats: EventFloats,
  vocabularies: Map<string, VocabularyBuilder>,
  context: ReadContext,
  problems: ProblemCount[],
) {
  const { place, size } = origin;
  const has = (option: string): boolean => hasKey(format, option);
  const option = (key: string): string | undefined => (has(key) ? key : undefined);
  const log = new ProblemLog({ operation, ...place, lenient: context.lenient, option });
  const { columns, timeUnit = 's' } = source;
  const byFormat = source.timeFormat === undefined ? undefined : timeFormat(source.timeFormat);
  const timeOf = (text: string) => (byFormat === undefined ? parseTime(text, timeUnit) : byFormat(text));
  const missing = missingRule(source.missing);
  const header = source.header ?? Object.values(columns).some((column) => typeof column === 'string');
  let bytes = 0;
  let totalRows: number | undefined;
  const expected = (): number =>
    totalRows ?? (size === undefined ? 1.5 * table.length : (table.length * size) / Math.max(1, bytes));
  const table = new EventTable(columns.rating !== undefined, undefined, expected);
  const users = new Interner();
  const needed = source.items?.corpus === 'both' ? undefined : listed;
  const titles = columns.title === undefined ? undefined : new ItemTitles(columnName('title', columns.title), missing);
  const specs = Object.entries(source.further ?? {});
  const further = specs.map(([name, spec]) => columnBuilder(name, spec, vocabularies, missing));
  const furtherAt: number[] = [];
  let at = { user: 0, item: 0, time: -1, rating: -1, title: -1 };
  const ofRoles: readonly [ColumnRef | undefined, Purpose][] = [
    [columns.user, 'id'],
    [columns.item, 'id'],
    [columns.time, byFormat === undefined ? 'time' : 'date'],
    [columns.rating, 'number'],
    [columns.title, 'text'],
  ];
  const sought: readonly SoughtColumn[] = [
    ...ofRoles.flatMap(([column, purpose]) => (column === undefined ? [] : { column, purpose })),
    ...specs.map(([name, spec]) => ({ column: spec.column ?? name, purpose: purposeOf(spec) })),
  ];

  let width = 0;
  let withoutUser = 0;
  let resolved = 0;
  let latest = Number.NEGATIVE_INFINITY;
  let earliest = Number.POSITIVE_INFINITY;
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
    let userInteger = missing.amongValues ? -1 : smallInteger(user);
    let itemInteger = missing.amongValues ? -1 : smallInteger(item);
    if (userInteger < 0) {
      user = floats.user.read(user.trim());
      if (missing.text(user) && source.withoutUser === 'skip') {
        withoutUser++;
        return undefined;
      }
      const problem = missing.text(user) ? missingId(fields[at.user], 'user') : checkId(user, 'user');
      if (problem !== undefined) return problem;
      userInteger = smallInteger(user);
    }
    if (itemInteger < 0) {
      item = floats.item.read(item.trim());
      const problem = missing.text(item) ? missingId(fields[at.item], 'item') : checkId(item, 'item');
      if (problem !== undefined) return problem;
      itemInteger = smallInteger(item);
    }
    const time = at.time < 0 ? 0 : timeOf(fields[at.time]);
    if (typeof time === 'object') return time;
    if (missing.amongValues && at.time >= 0 && missing.time(fields[at.time].trim())) {
      return markedMissing('time', fields[at.time]);
    }
    if (time > latest) latest = time;
    if (time < earliest) earliest = time;
    const rating = at.rating < 0 ? 0 : parseRating(fields[at.rating]);
    if (typeof rating === 'object') return rating;
    if (at.rating >= 0 && missing.number(rating)) return markedMissing('rating', fields[at.rating]);
    if (needed !== undefined && needed.find(item) === undefined) {
      const message = `expected an item of ${source.items?.file ?? source.items?.path}; got "${item}"`;
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

  const first = (fields: readonly string[], line: number): void => {
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
    for (const [name, spec] of specs) {
      const ref = { [name]: spec.column ?? name };
      furtherAt.push(locateColumns(operation, ref, fields, header, where)[name] as number);
    }
    width = fields.length;
  };
  // Without a number in the row any text with as many commas would be one.
  const isRow = (fields: readonly string[]): boolean =>
    fields.length === width &&
    (at.time >= 0 || at.rating >= 0) &&
    checkId(fields[at.user], 'user') === undefined &&
    checkId(fields[at.item], 'item') === undefined &&
    (at.time < 0 || typeof timeOf(fields[at.time]) === 'number') &&
    (at.rating < 0 || typeof parseRating(fields[at.rating]) === 'number');

  const inChunks = (): ChunkHandler => {
    const chunks = new EventChunks({
      table,
      users,
      items,
      needed,
      floats,
      titles,
      further: specs.map(([, spec], c) => ({ spec, builder: further[c] })),
      vocabularies,
      missing,
      timeUnit,
      parseTime: byFormat,
      skipWithoutUser: source.withoutUser === 'skip',
    });
    const places = () => ({ ...at, further: furtherAt });
    return {
      header,
      sought,
      first(fields, line, about) {
        totalRows = about;
        first(fields, line);
      },
      wanted() {
        const ofSought = [at.user, at.item, at.time, at.rating, at.title].filter((place) => place >= 0);
        return [...ofSought, ...furtherAt].map((place, s) => ({ at: place, purpose: sought[s].purpose }));
      },
      chunk(vectors, rows) {
        chunks.take(vectors, rows, places());
        resolve();
        ({ earliest, latest, withoutUser } = chunks);
      },
    };
  };

  if (origin.readChunks !== undefined) await origin.readChunks(inChunks());
  else await origin.read(log, { header, sought, first, row, isRow }, () => table.length, vocabularies);
  resolve();
  if (table.length === 0) {
    if (size === 0) throw emptyFile(place.file, place.entry);
    throw log.noRows('rows of events');
  }
  if (at.time >= 0 && earliest >= countedFromZero && latest < earliestUsual && source.allowEarlyTimes !== true) {
    const { hint: unit } = byFormat === undefined ? unitHint(latest, timeUnit) : {};
    throw log.error(undefined, {
      reason: 'early-times',
      column: 'time',
      message: `expected times of after 1970; got all of ${table.length} in 1970, from ${earliest} to ${latest} s`,
      hint:
        `${unit === undefined ? '' : `${unit}, or `}say how dates are written (${optionHint('timeFormat', '%Y%m%d')})` +
        (has('allowEarlyTimes') ? `; such times are taken with ${optionHint('allowEarlyTimes', true)}` : ''),
      option: 'timeFormat',
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
