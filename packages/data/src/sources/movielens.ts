import { assembleInteractions, type TieRule } from '../assemble.ts';
import { EventTable } from '../event-table.ts';
import type { Interactions, ProblemCount } from '../interactions.ts';
import { Interner } from '../interner.ts';
import { otherTables, ProblemLog } from '../problems.ts';
import type { Column } from '../table/column.ts';
import type { KeyedTable, KeyedTableBuilder } from '../table/keyed.ts';
import type { FileSet } from './file-set.ts';
import { emptyFile } from './files.ts';
import { scanLines } from './lines.ts';
import { type FoundLayout, findMovieLensLayout, layoutNotFound } from './movielens-layouts.ts';
import { readMovies } from './movielens-movies.ts';
import { readTags } from './movielens-tags.ts';
import { readUsers } from './movielens-users.ts';
import type { ReadContext } from './progress.ts';
import { explainRow, parseRatingRow, type RatingRow } from './rating-rows.ts';

export interface MovieLensSource {
  readonly format: 'movielens';
  /** A `.zip`, an unpacked folder, or a single `u.data`, `ratings.dat` or `ratings.csv` (also `.gz`). */
  readonly path: string;
  /** Name of the dataset; default: the file name without extension. */
  readonly name?: string;
  /** Default `file-order`. */
  readonly ties?: TieRule;
  /** Default 0. */
  readonly tieSeed?: number;
}

const operation = 'readMovieLens';
const latin1 = new TextDecoder('latin1');

/**
 * Reads MovieLens in any published layout: all ratings, no threshold, ids in ascending order.
 *
 * The items are all movies of the movies file, rated or not: they are the candidate corpus of the public HSTU code.
 * With a single ratings file, the items are the rated ones.
 * Source: Harper and Konstan 2015; preparation as in `facebookresearch/generative-recommenders`, but with dense ids.
 */
export async function readMovieLens(
  files: FileSet,
  source: MovieLensSource,
  name: string,
  context: ReadContext,
): Promise<Interactions> {
  const found = findMovieLensLayout(files);
  if (found === undefined) throw layoutNotFound(files);
  const problems: ProblemCount[] = [];
  const movies = found.movies === undefined ? undefined : await readMovies(files, found, context, problems);
  const tags = movies && (await readTags(files, found, movies.keys, context, problems));
  const userRows = await readUsers(files, found, context, problems);
  const read = await readRatings(files, found, movies, context, problems);
  const { table, users, items, rows } = read;
  const skipped = rows - table.length;
  const place = files.place(found.ratings);
  const corpus =
    movies === undefined
      ? `no movies file, so the corpus is the ${items.size} rated items`
      : `the corpus is all ${movies.size} movies of the movies file`;
  return assembleInteractions({
    name,
    table,
    users: users.ids(),
    items: items.ids(),
    ...(movies === undefined ? {} : { itemRows: withTags(movies.build(), tags) }),
    ...(userRows === undefined ? {} : { userRows }),
    roles: {
      user: 'user',
      item: 'item',
      time: 'timestamp',
      action: 'rating',
      labels: [],
      ...(movies === undefined ? {} : { title: 'title', categories: 'genres' }),
      ...(tags === undefined ? {} : { overAllTime: ['tags'] }),
    },
    ties: source.ties ?? 'file-order',
    tieSeed: source.tieSeed ?? 0,
    step: {
      name: 'read',
      detail:
        `Read ${table.length} ratings of ${users.size} users in the ${found.layout.name} layout of MovieLens ` +
        `(${place.entry ?? found.ratings}); ${corpus}; every rating is an event, whatever its value` +
        `${skipped === 0 ? '.' : `; ${skipped} corrupt rows were skipped.`}`,
      params: { format: 'movielens', layout: found.layout.name, moviesFile: movies !== undefined },
      counts: { rows, events: table.length, skipped, items: items.size },
      ...(problems.length === 0 ? {} : { problems }),
    },
  });
}

function withTags(movies: KeyedTable, tags: Column | undefined): KeyedTable {
  return tags === undefined ? movies : { ...movies, columns: new Map([...movies.columns, ['tags', tags]]) };
}

interface RatingsRead {
  readonly table: EventTable;
  readonly users: Interner;
  readonly items: Interner;
  readonly rows: number;
}

async function readRatings(
  files: FileSet,
  found: FoundLayout,
  movies: KeyedTableBuilder | undefined,
  context: ReadContext,
  problems: ProblemCount[],
): Promise<RatingsRead> {
  const { layout, ratings: fileName } = found;
  const place = files.place(fileName);
  const log = new ProblemLog({ operation, ...place, lenient: context.lenient });
  const separator = new TextEncoder().encode(layout.separator);
  // About 21 bytes a row, so that the columns seldom grow.
  const table = new EventTable(true, Math.max(1024, Math.ceil(files.size(fileName) / 20)));
  const users = new Interner();
  const items = movies?.keys ?? new Interner();
  const row: RatingRow = { user: 0, item: 0, rating: 0, time: 0 };
  let rows = 0;

  const onLine = (bytes: Uint8Array, start: number, end: number, line: number): void => {
    if (end === start) return;
    if (line === 1 && layout.header !== undefined) {
      const header = latin1.decode(bytes.subarray(start, end));
      if (header === layout.header) return;
      throw log.error(line, {
        reason: 'bad-header',
        message: `expected the header "${layout.header}"; got ${JSON.stringify(header.slice(0, 80))}`,
        hint: otherTables,
      });
    }
    rows++;
    if (!parseRatingRow(bytes, start, end, separator, row)) {
      log.report(line, explainRow(latin1.decode(bytes.subarray(start, end)), layout.separator));
      return;
    }
    const item = movies === undefined ? items.internInteger(row.item) : items.findInteger(row.item);
    if (item === undefined) {
      log.report(line, {
        reason: 'unknown-item',
        column: 'item',
        message: `expected an item of the movies file; got item ${row.item}`,
      });
      return;
    }
    table.push(users.internInteger(row.user), item, row.time, row.rating);
  };

  await scanLines(
    context.counted(files, fileName, () => rows),
    onLine,
    (line) => {
      throw log.error(line, { reason: 'long-line', message: 'expected lines of less than 1 MiB; got a longer one' });
    },
  );
  if (rows === 0) {
    if (files.size(fileName) === 0) throw emptyFile(place.file, place.entry);
    throw log.error(undefined, { reason: 'no-rows', message: 'expected rows after the header; got none' });
  }
  if (table.length === 0) {
    throw log.noRows('valid rows', rows);
  }
  problems.push(...log.counts(place.entry ?? fileName));
  return { table, users, items, rows };
}
