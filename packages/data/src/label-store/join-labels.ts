import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInteractions } from '../create-interactions.ts';
import { DataError, OptionError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import { openDuckdb, sqlText } from '../sources/duckdb-session.ts';
import type { Column } from '../table/column.ts';
import { ByKey, eventKeys, storeColumns } from './keys.ts';
import { labelsOf } from './write-labels.ts';

export interface JoinLabelsOptions {
  /** The folder of the store. */
  readonly store: string;
  /** Default: the one that there is. */
  readonly teacher?: string;
  /** The columns are `PREFIX.LABEL`; default `teacher`. */
  readonly prefix?: string;
  /** What predictions are multiplied by; probabilities are held at most 1. Default 1. */
  readonly scale?: number;
}

const OPERATION = 'joinLabels';

/**
 * The data with the predictions of a teacher as further columns of the events, in the role `labels` after those that
 * there are; NaN where the store has none. Rows of the store without an event are left.
 *
 * @throws {DataError} `missing-file` for a store without the teacher; {OptionError} for a prefix that is taken
 */
export async function joinLabels(interactions: Interactions, options: JoinLabelsOptions): Promise<Interactions> {
  const { store, prefix = 'teacher', scale = 1 } = options;
  const teacher = teacherOf(store, options.teacher);
  const { predictions, trainedTo, trainedOn } = await readLabels(store, teacher);
  const { numEvents, events, roles, digest: _, ...parts } = interactions;
  const names = [...predictions.names];
  const columns = names.map(() => new Float32Array(numEvents).fill(Number.NaN));
  let [event, found] = [0, 0];
  for (const key of eventKeys(interactions)) {
    const row = predictions.rows.get(key);
    if (row !== undefined) {
      found++;
      for (const [c, value] of row.entries()) columns[c][event] = value ?? Number.NaN;
    }
    event++;
  }
  const added = names.map((name, c): [string, Column] => {
    const full = `${prefix}.${name}`;
    if (events.columns.has(full))
      throw new OptionError(OPERATION, `expected a name that no column of the events has; got ${full}`, {
        key: 'prefix',
      });
    return [full, { kind: 'number', width: 1, values: scaled(columns[c], scale) }];
  });
  const hasTime = interactions.hasTimestamps && Number.isFinite(trainedTo);
  const when = hasTime ? `, trained to ${new Date(trainedTo * 1000).toISOString()}` : '';
  return createInteractions({
    ...parts,
    columns: new Map([...events.columns, ...added]),
    roles: { ...roles, labels: [...roles.labels, ...added.map(([name]) => name)] },
    steps: [
      ...interactions.steps,
      {
        name: 'teacher-labels',
        detail: `Predictions of ${teacher}${when}, as ${added.map(([name]) => name).join(', ')}: of ${found} of ${numEvents} events${scale === 1 ? '' : `, times ${scale}`}.`,
        params: { teacher, prefix, scale },
        counts: { events: numEvents, labelled: found },
        teacher: {
          name: teacher,
          columns: added.map(([name]) => name),
          ...(hasTime && { trainedTo }),
          ...(trainedOn !== undefined && { trainedOn }),
        },
      },
    ],
  });
}

/** Times the scale; probabilities stay such. */
function scaled(values: Float32Array, scale: number): Float32Array {
  if (scale === 1) return values;
  const areProbabilities = values.every((value) => !(value < 0 || value > 1));
  return values.map((value) => (areProbabilities ? Math.min(1, scale * value) : scale * value));
}

/**
 * The teacher of a store that is meant: the one that is named, else the one that there is.
 *
 * @throws {DataError} `missing-file` for none, and for several of which none is named
 */
export function teacherOf(store: string, given?: string): string {
  const known = existsSync(store)
    ? readdirSync(store).flatMap((name) => /^teacher=([\w.-]+?)(?<!\.unfinished)$/.exec(name)?.[1] ?? [])
    : [];
  if (given === undefined && known.length === 1) return known[0];
  if (given !== undefined && known.includes(given)) return given;
  const wanted = given === undefined ? 'a store of one teacher, or the name of one' : `labels of ${given}`;
  throw new DataError(OPERATION, `expected ${wanted} in ${store}; got ${known.join(', ') || 'none'}`, {
    code: 'missing-file',
    hint:
      known.length === 0
        ? 'write them with `seqrec labels RUN --to STORE`'
        : 'name one of them by `teacher` in data.teacherLabels',
  });
}

interface ReadLabels {
  readonly predictions: {
    readonly names: readonly string[];
    readonly rows: Pick<ByKey<readonly (number | null)[]>, 'get'>;
  };
  readonly trainedTo: number;
  /** Absent in a store from before it said so. */
  readonly trainedOn?: boolean;
}

async function readLabels(store: string, teacher: string): Promise<ReadLabels> {
  const files = join(labelsOf(store, teacher), '*', '*.parquet');
  const { connection, close } = await openDuckdb(OPERATION);
  try {
    const result = await connection.stream(`SELECT * FROM read_parquet(${sqlText(files)}, hive_partitioning = false)`);
    const all = result.columnNames();
    const [user, item, time, nth, to] = ['user', 'item', 'time', 'nth', 'trained_to'].map((name) => all.indexOf(name));
    const on = all.indexOf('trained_on');
    const own = [...all.keys()].filter((c) => !storeColumns.includes(all[c]));
    const rows = new ByKey<readonly (number | null)[]>();
    let trainedTo = Number.NEGATIVE_INFINITY;
    let trainedOn = on < 0 ? undefined : false;
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) break;
      for (const row of chunk.getRows() as (string | number | boolean | null)[][]) {
        const key = {
          user: row[user] as string,
          item: row[item] as string,
          time: Number(row[time]),
          nth: Number(row[nth]),
        };
        rows.set(
          key,
          own.map((c) => row[c] as number | null),
        );
        trainedTo = Math.max(trainedTo, Number(row[to]));
        if (row[on] === true) trainedOn = true;
      }
    }
    return { predictions: { names: own.map((c) => all[c]), rows }, trainedTo, trainedOn };
  } finally {
    close();
  }
}
