import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DataError, OptionError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import { openDuckdb, requireDuckdb, sqlName, sqlText } from '../sources/duckdb-session.ts';
import { eventKeys, storeColumns } from './keys.ts';

/** What a model says of some events of a data set. */
export interface TeacherLabels {
  /** Rows of `events`. */
  readonly events: Int32Array;
  /** Predictions by label, one an event. */
  readonly columns: ReadonlyMap<string, Float32Array>;
  /** Which model, for example the id of its run. */
  readonly teacher: string;
  /** The latest time that it was trained on, seconds. */
  readonly trainedTo: number;
  /** Whether the model was trained on these events; default true. */
  readonly trainedOn?: boolean;
}

const OPERATION = 'writeLabels';
const SECONDS_A_DAY = 86_400;
const RENAME = 'give the head another name, task.labels: [{ column, name }], and train it under that';

/** The folder of the labels of a teacher. */
export function labelsOf(store: string, teacher: string): string {
  return join(store, `teacher=${teacher}`);
}

/**
 * Checks what {@link writeLabels} asks for before it writes, for those who have not yet computed what they write.
 *
 * @returns the folder of the labels, which is not there yet.
 * @throws {OptionError} for a name that is no name of a folder, labels of the names of the columns of a store, and
 *   labels that are one to DuckDB; {DataError} `file-exists` for a teacher that is there, `missing-package` without
 *   DuckDB
 */
export async function checkNewLabels(
  store: string,
  { teacher, labels }: { readonly teacher: string; readonly labels: readonly string[] },
): Promise<string> {
  if (!/^[\w.-]+$/.test(teacher))
    throw new OptionError(OPERATION, `expected a name of letters, digits, dots and dashes; got ${teacher}`, {
      key: 'teacher',
    });
  const taken = labels.find((name) => storeColumns.includes(name.toLowerCase()));
  if (taken !== undefined)
    throw new OptionError(
      OPERATION,
      `expected labels beside the columns of a store, ${storeColumns.join(', ')}; got ${taken}`,
      {
        key: 'labels',
        hint: RENAME,
      },
    );
  // DuckDB's names of columns are the same in small and in large letters.
  const lower = labels.map((name) => name.toLowerCase());
  const twice = labels.find((_, l) => lower.indexOf(lower[l]) !== l);
  if (twice !== undefined)
    throw new OptionError(
      OPERATION,
      `expected labels that differ in more than small and large letters; got ${labels[lower.indexOf(twice.toLowerCase())]} and ${twice}`,
      { key: 'labels', hint: RENAME },
    );
  const folder = labelsOf(store, teacher);
  if (existsSync(folder))
    throw new DataError(OPERATION, `expected no labels of ${teacher} yet; got ${folder}`, {
      code: 'file-exists',
      hint: 'remove the folder, or give the teacher another name',
    });
  await requireDuckdb(OPERATION);
  return folder;
}

/**
 * Writes the predictions of a model into a store: Parquet, `STORE/teacher=NAME/day=YYYY-MM-DD/*.parquet` (the day of
 * the event, UTC; `none` where there are no times), with the columns `user`, `item`, `time`, `nth`, `trained_to`,
 * `trained_on` and one a label, float32. Whole or not at all.
 *
 * @throws what {@link checkNewLabels} throws
 */
export async function writeLabels(
  store: string,
  interactions: Interactions,
  { events, columns, teacher, trainedTo, trainedOn = true }: TeacherLabels,
): Promise<string> {
  const names = [...columns.keys()];
  const folder = await checkNewLabels(store, { teacher, labels: names });
  mkdirSync(store, { recursive: true });
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  const { connection, close } = await openDuckdb(OPERATION);
  try {
    const own = names.map((name) => `${sqlName(name)} FLOAT`);
    await connection.run(
      `CREATE TABLE labels (user VARCHAR, item VARCHAR, time DOUBLE, nth INTEGER, trained_to DOUBLE, trained_on BOOLEAN, day VARCHAR, ${own.join(', ')})`,
    );
    // A map holds no more than 2^24 entries.
    const rowOf = new Int32Array(interactions.numEvents).fill(-1);
    for (const [row, event] of events.entries()) rowOf[event] = row;
    const appender = await connection.createAppender('labels');
    let event = 0;
    for (const key of eventKeys(interactions)) {
      const row = rowOf[event++];
      if (row < 0) continue;
      appender.appendVarchar(key.user);
      appender.appendVarchar(key.item);
      appender.appendDouble(key.time);
      appender.appendInteger(key.nth);
      appender.appendDouble(trainedTo);
      appender.appendBoolean(trainedOn);
      appender.appendVarchar(interactions.hasTimestamps ? dayOf(key.time) : 'none');
      for (const name of names) {
        const value = (columns.get(name) as Float32Array)[row];
        if (Number.isNaN(value)) appender.appendNull();
        else appender.appendFloat(value);
      }
      appender.endRow();
    }
    appender.closeSync();
    await connection.run(`COPY labels TO ${sqlText(unfinished)} (FORMAT parquet, PARTITION_BY (day))`);
  } finally {
    close();
  }
  renameSync(unfinished, folder);
  return folder;
}

function dayOf(seconds: number): string {
  return new Date(Math.floor(seconds / SECONDS_A_DAY) * SECONDS_A_DAY * 1000).toISOString().slice(0, 10);
}
