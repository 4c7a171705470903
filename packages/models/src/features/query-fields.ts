import { ShapeError } from '@seqrec/core';
import {
  applyTransform,
  type Column,
  type EncodedColumn,
  type EncodedShape,
  MISSING_ROW,
  type NamedColumns,
} from '@seqrec/data';
import { ConfigError } from '../errors.ts';
import { type Field, takeField } from './fields.ts';
import { rowsOfColumn } from './rows-of-column.ts';

/** A user that is not in the data: its id and its features are missing ones. */
export const UNKNOWN_USER = -1;

/** What queries are made of besides their histories, a row a query. */
export interface QueryRows {
  /** Number of each user, or {@link UNKNOWN_USER}. */
  readonly users: Int32Array;
  /** Columns of the event that each query is about. */
  readonly events?: NamedColumns;
}

/**
 * The values of a field of users or of events for each query.
 *
 * @param isComplete whether columns of events have to be there, as in training; else they are missing values.
 * @throws ConfigError where they have to and are not, ShapeError for a user outside the data.
 */
export function readQueryField(
  field: Field,
  { users, events }: QueryRows,
  { kind, isComplete }: { readonly kind: string; readonly isComplete: boolean },
): EncodedColumn {
  if (field.table !== 'events') {
    checkUsers(users, rowsOfColumn(field.column), kind);
    return ofUsers(field.column, users);
  }
  const found = field.transform.columns.map((column) => events?.get(column));
  if (found.every((column): column is Column => column !== undefined)) return applyTransform(field.transform, found);
  if (!isComplete) return missingColumn(field.shape, users.length);
  throw new ConfigError(
    `${kind}: features: expected a batch with ${field.transform.columns.join(' and ')} of the events to predict; got one without; make batches with makeBatch(set, indices, model.columns)`,
    'features',
  );
}

function checkUsers(users: Int32Array, numUsers: number, kind: string): void {
  const at = users.findIndex((user) => user !== UNKNOWN_USER && !(user >= 0 && user < numUsers));
  if (at < 0) return;
  throw new ShapeError(
    `${kind}: expected users from 0 to ${numUsers - 1}, those of the training data, or ${UNKNOWN_USER} for one who is not known; got ${users[at]} at position ${at}`,
  );
}

function ofUsers(column: EncodedColumn, users: Int32Array): EncodedColumn {
  if (!users.includes(UNKNOWN_USER)) return takeField(column, users);
  const rows = users.map((user) => Math.max(user, 0));
  const taken = takeField(column, rows);
  const isMissing = (row: number): boolean => users[row] === UNKNOWN_USER;
  switch (taken.kind) {
    case 'row':
      return { ...taken, values: taken.values.map((id, row) => (isMissing(row) ? MISSING_ROW : id)) };
    case 'number':
      return { ...taken, values: taken.values.map((x, i) => (isMissing(Math.floor(i / taken.width)) ? 0 : x)) };
    case 'rows': {
      const lists = taken.offsets.length - 1;
      return {
        ...taken,
        values: Int32Array.of(...taken.values, MISSING_ROW),
        offsets: Int32Array.of(...taken.offsets, taken.values.length + 1),
        lists: users.map((_, row) => (isMissing(row) ? lists : (taken.lists?.[row] ?? row))),
      };
    }
  }
}

/** Rows without a value. */
function missingColumn(shape: EncodedShape, rows: number): EncodedColumn {
  if (shape.kind === 'number') return { ...shape, values: new Float32Array(rows * shape.width) };
  return { kind: 'row', size: shape.size, values: new Int32Array(rows).fill(MISSING_ROW) };
}
