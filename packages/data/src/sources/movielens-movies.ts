import { parse } from 'csv-parse/sync';
import { DataError } from '../errors.ts';
import type { ProblemCount } from '../interactions.ts';
import { ProblemLog, type RowProblem } from '../problems.ts';
import { columnBuilder } from '../table/builder.ts';
import { KeyedTableBuilder } from '../table/keyed.ts';
import type { FileSet } from './file-set.ts';
import { readText } from './files.ts';
import type { FoundLayout } from './movielens-layouts.ts';
import type { ReadContext } from './progress.ts';
import { quoted } from './rating-rows.ts';

interface Movie {
  readonly id: string;
  readonly title: string;
  readonly genres: readonly string[];
  /** As `01-Jan-1995`, in the layout of ml-100k. */
  readonly released?: string;
}

/** Reads the movies file of any layout: every movie is an item of the corpus. */
export async function readMovies(
  files: FileSet,
  found: FoundLayout,
  context: ReadContext,
  problems: ProblemCount[],
): Promise<KeyedTableBuilder> {
  const name = found.movies as string;
  const place = files.place(name);
  const log = new ProblemLog({ operation: 'readMovieLens', ...place, lenient: context.lenient });
  const vocabularies = new Map();
  const builder = new KeyedTableBuilder([
    columnBuilder('title', { kind: 'text' }, vocabularies),
    columnBuilder('year', { kind: 'number' }, vocabularies),
    columnBuilder('genres', { kind: 'ids', distinct: true }, vocabularies),
  ]);
  const text = await readText(files, name);
  const genreNames = found.layout.name === 'tab' ? await readGenreNames(files, found) : [];

  const add = (line: number, movie: Movie | RowProblem): void => {
    if ('reason' in movie) {
      log.report(line, movie);
    } else if (!/^\d{1,15}$/.test(movie.id)) {
      const reason = /^-\d+$/.test(movie.id) ? 'negative-id' : 'bad-id';
      const message = `expected a whole number as item id; got ${quoted(movie.id)}`;
      log.report(line, { reason, column: 'item', message });
    } else {
      const problem = builder.add(movie.id, [movie.title, yearOf(movie), movie.genres.join('|')]);
      if (problem !== undefined) log.report(line, { column: 'item', ...problem });
    }
  };

  if (found.layout.name === 'csv') readCsvMovies(text, place, add);
  else {
    const split = found.layout.name === 'tab' ? (line: string) => tabMovie(line, genreNames) : doubleColonMovie;
    const lines = text.split(/\r?\n/);
    for (let i = 0; i < lines.length; i++) if (lines[i] !== '') add(i + 1, split(lines[i]));
  }
  if (builder.size === 0) {
    throw log.error(undefined, { reason: 'no-rows', message: 'expected movies; got none' });
  }
  problems.push(...log.counts(place.entry ?? name));
  return builder;
}

/** The year in brackets at the end of a title, else that of the release date; nothing where there is neither. */
function yearOf({ title, released }: Movie): string {
  return /\((\d{4})\)\s*$/.exec(title)?.[1] ?? /\d{4}$/.exec(released ?? '')?.[0] ?? '';
}

function genresOf(text: string): string[] {
  return text === '' || text === '(no genres listed)' ? [] : text.split('|');
}

function doubleColonMovie(line: string): Movie | RowProblem {
  const fields = line.split('::');
  if (fields.length !== 3) return wrongCount('3 fields separated by "::"', fields.length, line);
  return { id: fields[0], title: fields[1], genres: genresOf(fields[2]) };
}

/** `id|title|release date|video release|link|` and one 0/1 column a genre. */
function tabMovie(line: string, genreNames: readonly string[]): Movie | RowProblem {
  const fields = line.split('|');
  const flags = fields.slice(5);
  if (fields.length < 5 || (genreNames.length > 0 && flags.length !== genreNames.length)) {
    return wrongCount(`${5 + genreNames.length} fields separated by "|"`, fields.length, line);
  }
  const genres = genreNames.filter((_, g) => flags[g] === '1');
  return { id: fields[0], title: fields[1], genres, released: fields[2] };
}

function wrongCount(expected: string, got: number, line: string): RowProblem {
  return { reason: 'wrong-field-count', message: `expected ${expected}; got ${got} in ${quoted(line)}` };
}

async function readGenreNames(files: FileSet, found: FoundLayout): Promise<string[]> {
  if (found.genres === undefined) return [];
  const names: string[] = [];
  for (const line of (await readText(files, found.genres)).split(/\r?\n/)) {
    const m = /^(.*)\|(\d+)$/.exec(line);
    if (m !== null) names[Number(m[2])] = m[1];
  }
  return Array.from(names, (name, g) => name ?? `genre ${g}`);
}

function readCsvMovies(
  text: string,
  place: { readonly file: string; readonly entry?: string },
  add: (line: number, movie: Movie | RowProblem) => void,
): void {
  let line = 1;
  try {
    parse(text, {
      relax_column_count: true,
      skip_empty_lines: true,
      on_record: (fields: string[], { lines, records }) => {
        const at = line;
        line = lines + 1;
        if (records === 1 && fields[0] === 'movieId') return null;
        if (fields.length !== 3) add(at, wrongCount('3 fields separated by ","', fields.length, fields.join(',')));
        else add(at, { id: fields[0], title: fields[1], genres: genresOf(fields[2]) });
        return null;
      },
    });
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError('readMovieLens', 'expected well-formed CSV; got a quoting error', {
      code: 'bad-csv',
      ...place,
      line,
      hint: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
}
