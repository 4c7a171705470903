import type { ArchiveError, DataError, DatasetSource, OptionError } from '../src/index.ts';
import { tinyMl1m, zipBytes } from './fixtures.ts';

/** A file that cannot be read, and the error it must give. */
export interface ErrorCase {
  readonly name: string;
  /** Files to write; the source path is `path` below the folder. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
  readonly path: string;
  readonly source: Omit<Extract<DatasetSource, { format: 'csv' }>, 'path'> | { format: 'movielens' | 'amazon' };
  readonly type?: typeof DataError | typeof ArchiveError | typeof OptionError;
  readonly code: string;
  readonly line?: number;
  readonly entry?: string;
  readonly key?: string;
  readonly column?: string | number;
  /** What the message must contain, beside the place. */
  readonly says: string;
}

export const movielens = { format: 'movielens' } as const;
export const amazon = { format: 'amazon' } as const;
export const csv = (rest: object = {}) =>
  ({ format: 'csv', columns: { user: 'user', item: 'item', time: 'time', rating: 'rating' }, ...rest }) as const;
export const good = 'user,item,time,rating\na,x,10,4\n';
export const ml1m = (ratings: string) =>
  zipBytes({ 'ml-1m/ratings.dat': ratings, 'ml-1m/movies.dat': tinyMl1m['movies.dat'] });
export const whole = zipBytes({ ...tinyMl1m });
