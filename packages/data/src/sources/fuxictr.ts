import { withRoles } from '../create-interactions.ts';
import { DataError, OptionError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import { ProblemLog } from '../problems.ts';
import type { ColumnSpec } from '../table/spec.ts';
import { fileBeside, filesNamed, onlyFile } from './choose-file.ts';
import type { CsvSource, EventColumns } from './csv-source.ts';
import { type RowHandler, readDelimited } from './delimited.ts';
import type { FileSet } from './file-set.ts';
import { emptyFile } from './files.ts';
import type { ReadContext } from './progress.ts';
import { readTable } from './read-table.ts';

export interface FuxiCtrSource
  extends Pick<
    CsvSource,
    'path' | 'name' | 'further' | 'labels' | 'timeUnit' | 'timeFormat' | 'missing' | 'ties' | 'tieSeed'
  > {
  readonly format: 'fuxictr';
  /** Fields that are the user, the item and the time of a row, where it has them; default: none has. */
  readonly columns?: Partial<Pick<EventColumns, 'user' | 'item' | 'time'>>;
}

const operation = 'readFuxiCtr';
const files = ['train.csv', 'valid.csv', 'test.csv'] as const;
const parts = ['train', 'validation', 'test'] as const;
/** Name of the column that says in which file a row is. */
const partColumn = 'part';
/** User and item of rows that have none: the one of all rows. */
const allRows = 'all rows';

/**
 * The three files, `.gz` or plain, where all of them are there, in one folder.
 *
 * @throws {DataError} `ambiguous-layout` for several folders of them
 */
export function findFuxiCtrLayout(set: FileSet): readonly string[] | undefined {
  const [ofTrain, ...others] = files.map((file) => new RegExp(`^${file.replace('.', '\\.')}(\\.gz)?$`));
  const besides = (train: string) => others.map((fits) => fileBeside(set, train, fits));
  const whole = filesNamed(set, ofTrain).filter((train) => !besides(train).includes(undefined));
  const train = onlyFile(operation, set, whole);
  return train === undefined ? undefined : [train, ...(besides(train) as string[])];
}

/**
 * Reads data as FuxiCTR has them: `train.csv`, `valid.csv` and `test.csv` with one header, a label and fields. The file
 * of a row is its column `part`, which `givenSplit` goes by.
 *
 * Every field is a column of ids, unless `further` says how it is read; labels (default: the field `label`) are
 * numbers.
 * Where no field is the user or the item, all rows have the same one. An empty field is a missing value.
 */
export async function readFuxiCtr(
  set: FileSet,
  source: FuxiCtrSource,
  name: string,
  context: ReadContext,
): Promise<Interactions> {
  const found = findFuxiCtrLayout(set);
  if (found === undefined) {
    const got = set.names.slice(0, 8).join(', ') || 'no files';
    throw new DataError(operation, `expected ${files.join(', ')}; got ${got}`, {
      code: 'unknown-layout',
      file: set.path,
    });
  }
  const fields = await headerOf(set, found[0]);
  const columns = { user: allRows, item: allRows, ...source.columns };
  const read = async (log: ProblemLog, handler: RowHandler): Promise<void> => {
    handler.first([...fields, partColumn, allRows], 1);
    let before = 0;
    for (const [k, file] of found.entries()) {
      log.enter(set.place(file), file);
      await readPart(set, file, { fields, part: parts[k], before }, log, handler, context);
      before += set.size(file);
    }
  };
  const place = set.place(found[0]);
  const size = found.some((file) => /\.gz$/i.test(file))
    ? {}
    : { size: found.reduce((sum, f) => sum + set.size(f), 0) };
  const { timeUnit, timeFormat, missing, ties, tieSeed } = source;
  const table: Omit<CsvSource, 'format' | 'path'> = {
    columns,
    header: true,
    further: { ...fieldSpecs(fields, source, columns, place), [partColumn]: { kind: 'id' } },
    labels: source.labels ?? ['label'],
    ...(timeUnit === undefined ? {} : { timeUnit }),
    ...(timeFormat === undefined ? {} : { timeFormat }),
    ...(missing === undefined ? {} : { missing }),
    ...(ties === undefined ? {} : { ties }),
    ...(tieSeed === undefined ? {} : { tieSeed }),
  };
  const origin = { title: found.join(', '), place, read, ...size };
  const rows = await readTable(set, origin, table, name, context, { operation, format: 'fuxictr' });
  return withRoles(rows, { part: partColumn });
}

/** The names of the fields: the first record of a file. */
async function headerOf(set: FileSet, file: string): Promise<string[]> {
  const place = set.place(file);
  const log = new ProblemLog({ operation, ...place, lenient: false });
  let names: string[] | undefined;
  const first = (fields: readonly string[]): void => {
    names = fields.map((field) => field.trim());
  };
  await readDelimited(firstLineOf(set.chunks(file)), {}, log, { header: true, first, row: () => undefined });
  if (names === undefined) throw emptyFile(place.file, place.entry);
  return names;
}

async function* firstLineOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    const end = chunk.indexOf(10);
    yield end < 0 ? chunk : chunk.subarray(0, end + 1);
    if (end >= 0) return;
  }
}

function fieldSpecs(
  fields: readonly string[],
  { further = {}, labels = ['label'] }: FuxiCtrSource,
  columns: Partial<EventColumns>,
  place: { readonly file: string; readonly entry?: string },
): Record<string, ColumnSpec> {
  const at = { ...place, line: 1 };
  for (const name of [partColumn, allRows]) {
    if (!fields.includes(name)) continue;
    const message = `expected another field than "${name}", which is added here; got ${fields.slice(0, 12).join(', ')}`;
    throw new DataError(operation, message, { code: 'bad-columns', ...at, hint: 'give it another name in the header' });
  }
  for (const [key, names] of [
    ['labels', labels],
    ['further', Object.entries(further).map(([name, spec]) => spec.column ?? name)],
  ] as const) {
    for (const name of names) {
      if (typeof name === 'number' || fields.includes(name)) continue;
      const known = fields.slice(0, 12).join(', ');
      throw new OptionError(operation, `expected a field of the header for ${key}; got "${name}" of ${known}`, {
        code: 'missing-column',
        ...at,
        key,
        hint: key === 'labels' ? 'say which fields are labels (labels, --data.labels)' : undefined,
      });
    }
  }
  const roles = [columns.user, columns.item, columns.time];
  const others = fields.filter((name) => !roles.includes(name) && !Object.hasOwn(further, name));
  const usual = others.map((name): [string, ColumnSpec] => [name, { kind: labels.includes(name) ? 'number' : 'id' }]);
  return { ...Object.fromEntries(usual), ...further };
}

interface Part {
  readonly fields: readonly string[];
  readonly part: string;
  /** Bytes of the files before. */
  readonly before: number;
}

async function readPart(
  set: FileSet,
  file: string,
  { fields, part, before }: Part,
  log: ProblemLog,
  handler: RowHandler,
  context: ReadContext,
): Promise<void> {
  let rows = 0;
  let begun = false;
  await readDelimited(
    context.counted(set, file, () => rows),
    {},
    log,
    {
      header: true,
      first(names, line) {
        begun = true;
        if (names.map((name) => name.trim()).join('\n') === fields.join('\n')) return;
        throw log.error(line, {
          reason: 'bad-columns',
          message: `expected the header of ${files[0]}, ${fields.slice(0, 12).join(', ')}; got ${names.slice(0, 12).join(', ')}`,
          hint: 'the three files have the same fields in the same order',
        });
      },
      row(values, line, end) {
        rows++;
        return handler.row([...values, part, allRows], line, before + end);
      },
    },
  );
  const place = set.place(file);
  if (!begun) throw emptyFile(place.file, place.entry);
}
