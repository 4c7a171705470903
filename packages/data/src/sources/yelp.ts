import { withRoles } from '../create-interactions.ts';
import { DataError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import { otherTables } from '../problems.ts';
import { fileBeside, filesNamed, onlyFile } from './choose-file.ts';
import { readCsv } from './csv.ts';
import type { CsvSource } from './csv-source.ts';
import type { FileSet } from './file-set.ts';
import { jsonLinesAsTables } from './json-lines.ts';
import type { ReadContext } from './progress.ts';

export interface YelpSource extends Pick<CsvSource, 'path' | 'name' | 'ties' | 'tieSeed'> {
  readonly format: 'yelp';
}

const operation = 'readYelp';
/** Votes that a review got: later than the review. */
const votes = ['useful', 'funny', 'cool'] as const;
const keysOf = {
  review: ['user_id', 'business_id', 'date', 'stars', ...votes],
  user: ['user_id', 'yelping_since', 'elite'],
  business: ['business_id', 'name', 'city', 'state', 'postal_code', 'latitude', 'longitude', 'categories'],
} as const;

/**
 * The file of each table in the layout of Yelp's academic data set, all in one folder; `undefined` without reviews and
 * businesses.
 *
 * @throws {DataError} `ambiguous-layout` for several folders of them
 */
export function findYelpLayout(files: FileSet): Partial<Record<keyof typeof keysOf, string>> | undefined {
  const of = (table: string): RegExp => new RegExp(`^(yelp_academic_dataset_)?${table}\\.json(\\.gz)?$`);
  const whole = filesNamed(files, of('review')).filter((name) => fileBeside(files, name, of('business')));
  const review = onlyFile(operation, files, whole);
  if (review === undefined) return undefined;
  return { review, user: fileBeside(files, review, of('user')), business: fileBeside(files, review, of('business')) };
}

/**
 * Reads Yelp's academic data set: `review.json`, `business.json` and, where it is there, `user.json`, an object a line
 * (with `yelp_academic_dataset_` before the names or not).
 *
 * An event is a review: `stars` is the action, the votes that it got are known only after it (role `after`). What the
 * files count over all time (`review_count`, mean stars, fans) is left out, as it holds reviews that are tested on, and
 * so are texts and friends.
 */
export async function readYelp(
  files: FileSet,
  source: YelpSource,
  name: string,
  context: ReadContext,
): Promise<Interactions> {
  const found = findYelpLayout(files);
  if (found === undefined) {
    const got = files.names.slice(0, 8).join(', ') || 'no files';
    throw new DataError(operation, `expected review.json and business.json; got ${got}`, {
      code: 'unknown-layout',
      file: files.path,
      hint: otherTables,
    });
  }
  const tables = Object.fromEntries(
    Object.entries(found).map(([table, file]) => [
      `${table}.tsv`,
      { file, keys: keysOf[table as keyof typeof keysOf] },
    ]),
  );
  const set = jsonLinesAsTables(files, tables, operation, context.lenient);
  const read = await readCsv(set, tableOf(source, found.user !== undefined), name, context, {
    operation,
    format: 'yelp',
  });
  return withRoles(read, { after: [...votes] });
}

/** Columns by position, so that the line of a row is that of its object. */
function tableOf({ path, ties, tieSeed }: YelpSource, withUsers: boolean): Omit<CsvSource, 'format'> {
  const at = (table: keyof typeof keysOf, key: string): number => (keysOf[table] as readonly string[]).indexOf(key);
  const common = { header: false, delimiter: '\t', quote: false } as const;
  return {
    ...{ path, file: 'review.tsv', ...common, timeUnit: 'iso' },
    columns: { user: at('review', 'user_id'), item: at('review', 'business_id'), time: at('review', 'date') },
    further: Object.fromEntries(
      ['stars', ...votes].map((key) => [key, { kind: 'number', column: at('review', key) } as const]),
    ),
    action: 'stars',
    items: {
      ...{ file: 'business.tsv', id: at('business', 'business_id'), ...common, corpus: 'both' },
      columns: {
        name: { kind: 'text', column: at('business', 'name') },
        city: { kind: 'id', column: at('business', 'city') },
        state: { kind: 'id', column: at('business', 'state') },
        postal_code: { kind: 'id', column: at('business', 'postal_code') },
        latitude: { kind: 'number', column: at('business', 'latitude') },
        longitude: { kind: 'number', column: at('business', 'longitude') },
        categories: { kind: 'ids', separator: ',', distinct: true, column: at('business', 'categories') },
      },
      ...{ title: 'name', categories: 'categories' },
    },
    ...(withUsers && {
      users: {
        ...{ file: 'user.tsv', id: at('user', 'user_id'), ...common },
        columns: {
          yelping_since: { kind: 'time', unit: 'iso', column: at('user', 'yelping_since') },
          elite: { kind: 'ids', separator: ',', distinct: true, column: at('user', 'elite') },
        },
      },
    }),
    ...(ties === undefined ? {} : { ties }),
    ...(tieSeed === undefined ? {} : { tieSeed }),
  };
}
