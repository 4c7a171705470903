import type { TieRule } from '../assemble.ts';
import { DataError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import { otherTables } from '../problems.ts';
import { fileBeside, filesNamed, onlyFile } from './choose-file.ts';
import { readCsv } from './csv.ts';
import type { CsvSource } from './csv-source.ts';
import type { FileSet } from './file-set.ts';
import { findAttributes, withAttributes } from './item-attributes.ts';
import type { ReadContext } from './progress.ts';

export interface AmazonSource {
  readonly format: 'amazon';
  /**
   * A folder or zip with `interactions.tsv` (and `items.tsv`, or `item2attributes.json`), or a SNAP file
   * `ratings_Books.csv`; each also as `.gz`.
   */
  readonly path: string;
  readonly name?: string;
  /** Default `shuffle`: the times are whole days. */
  readonly ties?: TieRule;
  /** Seed of the shuffle; default 0. */
  readonly tieSeed?: number;
}

const operation = 'readAmazon';
const interactionsFile = 'interactions.tsv';
const tsvFile = /^interactions\.tsv(\.gz)?$/;
/** Without a header: user, item, rating, time. */
const snapFile = /^ratings_[^/]*\.csv(\.gz)?$/i;

export interface AmazonLayout {
  readonly name: 'tsv' | 'snap';
  /** Name of the file of events. */
  readonly events: string;
}

/**
 * Which Amazon layout the files have, if any.
 *
 * @throws {DataError} `ambiguous-layout` for several files of events
 */
export function findAmazonLayout(files: FileSet): AmazonLayout | undefined {
  const tsv = onlyFile(operation, files, filesNamed(files, tsvFile));
  if (tsv !== undefined) return { name: 'tsv', events: tsv };
  const snap = onlyFile(operation, files, filesNamed(files, snapFile));
  return snap === undefined ? undefined : { name: 'snap', events: snap };
}

/**
 * Reads Amazon reviews of 2014.
 *
 * Times are whole days and about 40 % of the events share a day with an earlier event of their user. The usual files
 * keep, inside a day, the order of the item ids, from which a model learns co-occurrence that was never in the order of
 * events. By default such ties are therefore shuffled, with a seed that is written in `steps`.
 *
 * The sales rank is left out: it is of the day on which the pages were read, after all events, and tells what is sold
 * later.
 */
export async function readAmazon(
  files: FileSet,
  source: AmazonSource,
  name: string,
  context: ReadContext,
): Promise<Interactions> {
  const layout = findAmazonLayout(files);
  if (layout === undefined) {
    throw new DataError(
      operation,
      `expected ${interactionsFile} or ratings_*.csv; got ${files.names.slice(0, 8).join(', ') || 'no files'}`,
      { code: 'unknown-layout', file: files.path, hint: otherTables },
    );
  }
  const { events } = layout;
  const itemsFile = fileBeside(files, events, /^items\.tsv(\.gz)?$/);
  const common = {
    path: source.path,
    file: events,
    ties: source.ties ?? 'shuffle',
    tieSeed: source.tieSeed ?? 0,
  } as const;
  const spec: Omit<CsvSource, 'format'> =
    layout.name === 'snap'
      ? {
          ...common,
          delimiter: ',',
          quote: false,
          header: false,
          columns: { user: 0, item: 1, rating: 2, time: 3 },
        }
      : {
          ...common,
          delimiter: '\t',
          columns: { user: 'user', item: 'item', time: 'timestamp' },
          ...(itemsFile === undefined
            ? {}
            : {
                items: {
                  file: itemsFile,
                  delimiter: '\t',
                  id: 'item',
                  columns: {
                    title: { kind: 'text' },
                    categories: { kind: 'ids', distinct: true },
                    brand: { kind: 'id' },
                    price: { kind: 'number' },
                  },
                  title: 'title',
                  categories: 'categories',
                  optionalColumns: true,
                },
              }),
        };
  const read = await readCsv(files, spec, name, context, { operation, format: `amazon-${layout.name}` });
  const attributes = findAttributes(files, events);
  // Where titles and categories are known, attributes are these once more.
  if (attributes === undefined || read.itemTable.columns.size > 0) return read;
  return withAttributes(read, files, attributes, operation);
}
