import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DataError, OptionError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import { openDuckdb, sqlName, sqlText } from '../sources/duckdb-session.ts';
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
}

const OPERATION = 'writeLabels';
const SECONDS_A_DAY = 86_400;

/** The folder of the labels of a teacher. */
export function labelsOf(store: string, teacher: string): string {
  return join(store, `teacher=${teacher}`);
}

/**
 * Checks what {@link writeLabels} asks for before it writes, for those who have not yet computed what they write.
 *
 * @returns the folder of the labels, which is not there yet.
 * @throws {OptionError} for a name that is no name of a folder, and labels of the names of the columns of a store;
 *   {DataError} `file-exists` for a teacher that is there
 */
export function checkNewLabels(
  store: string,
  { teacher, labels }: { readonly teacher: string; readonly labels: readonly string[] },
): string {
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
        hint: `give the head another name, task.labels: [{ column, name }], and train it under that`,
      },
    );
  const folder = labelsOf(store, teacher);
  if (existsSync(folder))
    throw new DataError(OPERATION, `expected no labels of ${teacher} yet; got ${folder}`, {
      code: 'file-exists',
      hint: 'remove the folder, or give the teacher another name',
    });
  return folder;
}

/**
 * Writes the predictions of a model into a store: Parquet, `STORE/teacher=NAME/day=YYYY-MM-DD/*.parquet` (the day of
 * the event, UTC; `none` where there are no times), with the columns `user`, `item`, `time`, `nth`, `trained_to` and
 * one a label, float32. Whole or not at all.
 *
 * @throws what {@link checkNewLabels} throws; {DataError} `missing-package` without DuckDB
 */
export async function writeLabels(
  store: string,
  interactions: Interactions,
  { events, columns, teacher, trainedTo }: TeacherLabels,
): Promise<string> {
  const names = [...columns.keys()];
  const folder = checkNewLabels(store, { teacher, labels: names });
  mkdirSync(store, { recursive: true });
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  const { connection, close } = await openDuckdb(OPERATION);
  try {
    const own = names.map((name) => `${sqlName(name)} FLOAT`);
    await connection.run(
      `CREATE TABLE labels (user VARCHAR, item VARCHAR, time DOUBLE, nth INTEGER, trained_to DOUBLE, day VARCHAR, ${own.join(', ')})`,
    );
    const rowOf = new Map(Array.from(events, (event, row) => [event, row]));
    const appender = await connection.createAppender('labels');
    let event = 0;
    for (const key of eventKeys(interactions)) {
      const row = rowOf.get(event++);
      if (row === undefined) continue;
      appender.appendVarchar(key.user);
      appender.appendVarchar(key.item);
      appender.appendDouble(key.time);
      appender.appendInteger(key.nth);
      appender.appendDouble(trainedTo);
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
