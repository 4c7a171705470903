import { DataError } from '../errors.ts';
import { otherTables } from '../problems.ts';
import { type AmazonSource, findAmazonLayout } from './amazon.ts';
import { openFiles } from './files.ts';
import { type FuxiCtrSource, findFuxiCtrLayout } from './fuxictr.ts';
import type { MovieLensSource } from './movielens.ts';
import { findMovieLensLayout } from './movielens-layouts.ts';
import { findUserLinesLayout, type UserLinesSource } from './user-lines.ts';
import { findYelpLayout, type YelpSource } from './yelp.ts';

/**
 * Finds out which published data set is at `path`, by the names of its files.
 *
 * Other delimited files are not guessed: they need a column mapping.
 * @throws {DataError} `missing-file`, or `unknown-layout` for files of no known layout
 */
export async function detectFormat(
  path: string,
): Promise<MovieLensSource | AmazonSource | YelpSource | FuxiCtrSource | UserLinesSource> {
  const files = await openFiles(path);
  try {
    if (findMovieLensLayout(files) !== undefined) return { format: 'movielens', path };
    if (findAmazonLayout(files) !== undefined) return { format: 'amazon', path };
    if (findYelpLayout(files) !== undefined) return { format: 'yelp', path };
    if (findFuxiCtrLayout(files) !== undefined) return { format: 'fuxictr', path };
    if (findUserLinesLayout(files) !== undefined) return { format: 'user-lines', path };
    throw new DataError(
      'detectFormat',
      `expected the files of MovieLens, Amazon, Yelp or FuxiCTR; got ${files.names.slice(0, 8).join(', ') || 'no files'}`,
      { code: 'unknown-layout', file: path, hint: otherTables },
    );
  } finally {
    files.close();
  }
}
