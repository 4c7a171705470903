import { DataError, OptionError } from '../errors.ts';
import type { ProblemCount } from '../interactions.ts';
import { ProblemLog, type RowProblem } from '../problems.ts';
import { columnBuilder } from '../table/builder.ts';
import { type KeyedTable, KeyedTableBuilder } from '../table/keyed.ts';
import type { ColumnSpec } from '../table/spec.ts';
import type { VocabularyBuilder } from '../table/vocabulary.ts';
import { hasKey } from './check-source.ts';
import { chooseFile } from './choose-file.ts';
import { type ColumnRef, checkId, locateColumns, missingId } from './columns.ts';
import { type DelimitedOptions, type RowHandler, readDelimited } from './delimited.ts';
import { needsDuckdb, readFileRows } from './duckdb-files.ts';
import { purposeOf } from './event-chunks.ts';
import type { FileSet } from './file-set.ts';
import { openFiles } from './files.ts';
import { integerKeys } from './float-ids.ts';
import type { MissingRule } from './missing.ts';
import type { ReadContext } from './progress.ts';

/** A file with one user or one item a row, joined to the events by its id. */
export interface SideFile extends DelimitedOptions {
  /** Name of the file inside the zip or folder of the events. */
  readonly file?: string;
  /** A file of its own, in place of `file`. */
  readonly path?: string;
  /** The column of the id. */
  readonly id: ColumnRef;
  readonly columns: Readonly<Record<string, ColumnSpec>>;
  /** Default true. */
  readonly header?: boolean;
  /** Columns, but that of the id, may be missing; default false. */
  readonly optionalColumns?: boolean;
}

/** What the files of one data set share. */
export interface SharedReading {
  readonly vocabularies: Map<string, VocabularyBuilder>;
  readonly missing: MissingRule;
  readonly problems: ProblemCount[];
  /** Of the source, as its preset names it. */
  readonly format: string;
}

/** What was read of a file of users or items. */
export interface SideRows {
  readonly keys: KeyedTable['keys'];
  /** The rows; columns share their ids with others only where those have been read too. */
  build(): KeyedTable;
}

/** Reads a file of users or items. Columns with a vocabulary of the same name share it with those of other files. */
export async function readSideFile(
  operation: string,
  of: 'user' | 'item',
  files: FileSet | undefined,
  side: SideFile,
  shared: SharedReading,
  context: ReadContext,
): Promise<SideRows> {
  if ((side.file === undefined) === (side.path === undefined)) {
    throw new OptionError(operation, `expected a file or a path for ${of}s; got ${side.file ? 'both' : 'neither'}`, {
      key: `${of}s`,
    });
  }
  if (side.path === undefined) {
    if (files === undefined) {
      throw new OptionError(operation, `expected a path for ${of}s, as a query has no folder; got file`, {
        key: `${of}s`,
      });
    }
    return readRows(operation, of, files, side, shared, context);
  }
  const own = await openFiles(side.path);
  try {
    return await readRows(operation, of, own, side, shared, context);
  } finally {
    own.close();
  }
}

async function readRows(
  operation: string,
  of: 'user' | 'item',
  files: FileSet,
  side: SideFile,
  shared: SharedReading,
  context: ReadContext,
): Promise<SideRows> {
  const name = chooseFile(operation, files, side.file);
  const place = files.place(name);
  const option = (key: string): string | undefined => (hasKey(shared.format, `${of}s`) ? `${of}s.${key}` : undefined);
  const log = new ProblemLog({ operation, ...place, lenient: context.lenient, option });
  const header = side.header ?? true;
  let builder = new KeyedTableBuilder([]);
  let id = 0;
  let at: number[] = [];
  const fieldsOf: string[] = [];

  const handler: RowHandler = {
    header,
    sought: [
      { column: side.id, purpose: 'id' },
      ...Object.entries(side.columns).map(([column, spec]) => ({
        column: spec.column ?? column,
        purpose: purposeOf(spec),
      })),
    ],
    first(fields, line) {
      const where = line > 0 ? { ...place, line } : place;
      const option = `${of}s.columns`;
      id = locateColumns(operation, { id: side.id }, fields, header, where, `${of}s`).id as number;
      const found: [string, ColumnSpec, number][] = [];
      for (const [column, spec] of Object.entries(side.columns)) {
        try {
          const ref = { [column]: spec.column ?? column };
          found.push([column, spec, locateColumns(operation, ref, fields, header, where, option)[column] as number]);
        } catch (error) {
          if (!(error instanceof OptionError && error.code === 'missing-column' && side.optionalColumns)) throw error;
        }
      }
      at = found.map(([, , place]) => place);
      builder = new KeyedTableBuilder(
        found.map(([column, spec]) => columnBuilder(column, spec, shared.vocabularies, shared.missing)),
      );
    },
    row(fields): RowProblem | undefined {
      const key = fields[id].trim();
      const problem = shared.missing.text(key) ? missingId(fields[id], of) : checkId(key, of);
      if (problem !== undefined) return problem;
      for (let c = 0; c < at.length; c++) fieldsOf[c] = fields[at[c]];
      const refused = builder.add(key, fieldsOf);
      return refused === undefined || refused.column !== undefined ? refused : { ...refused, column: of };
    },
  };
  if (needsDuckdb(name)) await readFileRows(operation, place.file, log, handler, context);
  else
    await readDelimited(
      context.counted(files, name, () => builder.size),
      side,
      log,
      handler,
    );
  if (builder.size === 0) {
    if (log.total > 0) throw log.noRows(`${of}s`);
    throw new DataError(operation, `expected ${of}s; got none`, { code: 'no-rows', ...place });
  }
  shared.problems.push(...log.counts(place.entry ?? name));
  const keys = integerKeys(builder.keys);
  return { keys, build: () => ({ ...builder.build(), keys }) };
}
