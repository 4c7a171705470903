import { DataError } from '../errors.ts';
import type { FileSet } from './file-set.ts';

/** How MovieLens was published over the years. */
export type MovieLensLayoutName = 'tab' | 'double-colon' | 'csv';

export interface MovieLensLayout {
  readonly name: MovieLensLayoutName;
  /** Releases that use it. */
  readonly releases: string;
  readonly ratings: string;
  readonly movies: string;
  /** Files of what is known of the users, and of the words that they gave to movies; not every release has them. */
  readonly users?: { readonly file: string; readonly separator: string; readonly columns: readonly string[] };
  readonly tags?: { readonly file: string; readonly separator: string; readonly header: boolean };
  readonly separator: string;
  /** First line of the ratings file, when it has a header. */
  readonly header?: string;
}

export const movieLensLayouts: readonly MovieLensLayout[] = [
  {
    name: 'tab',
    releases: 'ml-100k',
    ratings: 'u.data',
    movies: 'u.item',
    users: { file: 'u.user', separator: '|', columns: ['age', 'gender', 'occupation', 'zip'] },
    separator: '\t',
  },
  {
    name: 'double-colon',
    releases: 'ml-1m, ml-10m',
    ratings: 'ratings.dat',
    movies: 'movies.dat',
    users: { file: 'users.dat', separator: '::', columns: ['gender', 'age', 'occupation', 'zip'] },
    tags: { file: 'tags.dat', separator: '::', header: false },
    separator: '::',
  },
  {
    name: 'csv',
    releases: 'ml-20m and later, ml-latest-small',
    ratings: 'ratings.csv',
    movies: 'movies.csv',
    tags: { file: 'tags.csv', separator: ',', header: true },
    separator: ',',
    header: 'userId,movieId,rating,timestamp',
  },
];

export interface FoundLayout {
  readonly layout: MovieLensLayout;
  readonly ratings: string;
  /** Absent when only a ratings file was given. */
  readonly movies?: string;
  /** Genre names of ml-100k, whose movies file has one 0/1 column a genre. */
  readonly genres?: string;
  readonly users?: string;
  readonly tags?: string;
}

/** Which published layout the files have, if any; with or without a top folder. */
export function findMovieLensLayout(files: FileSet): FoundLayout | undefined {
  const found: FoundLayout[] = [];
  for (const layout of movieLensLayouts) {
    for (const name of files.names) {
      const cut = name.lastIndexOf('/') + 1;
      const base = name.slice(cut).replace(/\.gz$/i, '');
      // A packed file beside the same unpacked does not count.
      if (base !== layout.ratings || (/\.gz$/i.test(name) && files.names.includes(name.slice(0, -3)))) continue;
      const sibling = (wanted: string): string | undefined => {
        if (files.kind === 'file') return undefined;
        const path = name.slice(0, cut) + wanted;
        return files.names.find((other) => other === path) ?? files.names.find((other) => other === `${path}.gz`);
      };
      const movies = sibling(layout.movies);
      const genres = sibling('u.genre');
      const users = layout.users && sibling(layout.users.file);
      const tags = layout.tags && sibling(layout.tags.file);
      found.push({
        layout,
        ratings: name,
        ...(movies === undefined ? {} : { movies }),
        ...(genres === undefined ? {} : { genres }),
        ...(users === undefined ? {} : { users }),
        ...(tags === undefined ? {} : { tags }),
      });
    }
  }
  if (found.length > 1) {
    throw new DataError(
      'findMovieLensLayout',
      `expected one ratings file; got ${found.map((f) => f.ratings).join(', ')}`,
      { code: 'ambiguous-layout', file: files.path, hint: 'give the path of one of them' },
    );
  }
  return found[0];
}

export function layoutNotFound(files: FileSet): DataError {
  const wanted = movieLensLayouts.map((l) => `${l.ratings} + ${l.movies} (${l.releases})`).join(', ');
  const seen = files.names.length === 0 ? 'no files' : files.names.slice(0, 8).join(', ');
  return new DataError('readMovieLens', `expected ${wanted}; got ${seen}`, {
    code: 'unknown-layout',
    file: files.path,
  });
}
