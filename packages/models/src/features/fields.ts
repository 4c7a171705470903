import {
  applyTransform,
  type BatchColumns,
  type EncodedColumn,
  type EncodedShape,
  encodedShape,
  type FittedTransform,
  type SequenceBatch,
  takeEncoded,
} from '@seqrec/data';
import { ConfigError } from '../errors.ts';
import type { FeatureConfig } from './config.ts';
import type { FittedFeatures } from './fitted.ts';
import type { HistoryConfig } from './history-config.ts';
import { ITEM_FIELD } from './id-dropout.ts';
import { UNKNOWN_ID } from './unknown-id.ts';

/** A user, an item or a feature of one of them, as a field of an example. */
export interface RowField {
  /** In the names of weights. */
  readonly name: string;
  readonly table: 'users' | 'items';
  readonly shape: EncodedShape;
  /** A row a user, or a row an item id. */
  readonly column: EncodedColumn;
}

/** A feature of the event itself. */
export interface EventField {
  readonly name: string;
  readonly table: 'events';
  readonly shape: EncodedShape;
  readonly transform: FittedTransform;
}

/** Something of an example that a model of rows embeds. */
export type Field = RowField | EventField;

export interface FieldSettings {
  readonly config: {
    readonly kind: string;
    readonly userId: boolean;
    readonly itemId: boolean;
    readonly features?: readonly FeatureConfig[];
    readonly userHistory?: Partial<HistoryConfig>;
  };
  readonly numUsers: number;
  readonly numItems: number;
  readonly features?: FittedFeatures;
}

/**
 * The fields of a configuration: the user's id, the item's id, then the features in their order. In the tables of ids
 * row 0 is shared by those without a training example; without fitted features all are known.
 *
 * @throws ConfigError when there is none, or when the fitted features are not those of the configuration.
 */
export function fieldsOf({ config, numUsers, numItems, features }: FieldSettings): Field[] {
  checkFitted({ config, numUsers, numItems, features });
  const fields: Field[] = [];
  const id = (name: string, table: 'users' | 'items', column: EncodedColumn & { kind: 'row' }): void => {
    fields.push({ name, table, column, shape: { kind: 'row', size: column.size } });
  };
  if (config.userId) id('user', 'users', userRows(numUsers, features));
  if (config.itemId) id(ITEM_FIELD, 'items', itemRows(numItems, features));
  for (const { name, table, transform } of features?.features ?? []) {
    if (table === 'history') continue;
    const shared = { name: `${table}.${name}`, shape: encodedShape(transform) };
    if (table === 'events') fields.push({ ...shared, table, transform });
    else {
      const column = (table === 'users' ? features?.users?.columns : features?.items)?.get(name);
      if (column === undefined) throw notFitted(config.kind, `values of ${name} of the ${table}`);
      fields.push({ ...shared, table, column });
    }
  }
  if (fields.length > 0) return fields;
  throw new ConfigError(
    `model config (${config.kind}): features: expected at least one field; got userId false, itemId false and no features`,
    'features',
  );
}

function userRows(numUsers: number, fitted: FittedFeatures | undefined): EncodedColumn & { kind: 'row' } {
  const values = new Int32Array(numUsers);
  for (let u = 0; u < numUsers; u++) values[u] = fitted?.users?.trained[u] === 0 ? UNKNOWN_ID : u + 1;
  return { kind: 'row', size: numUsers + 1, values };
}

/** Row 0 is the padding item. */
function itemRows(numItems: number, fitted: FittedFeatures | undefined): EncodedColumn & { kind: 'row' } {
  const values = new Int32Array(numItems + 1);
  for (let item = 1; item <= numItems; item++) values[item] = fitted?.trained[item] === 0 ? UNKNOWN_ID : item;
  return { kind: 'row', size: numItems + 1, values };
}

function checkFitted({ config, numUsers, numItems, features }: FieldSettings): void {
  const { kind } = config;
  for (const [key, value] of Object.entries({ ...(config.userId && { numUsers }), numItems })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new ConfigError(`${kind}: ${key}: expected an integer >= 1; got ${value}`, key);
  }
  const wanted = (config.features?.length ?? 0) + (config.userHistory?.columns?.length ?? 0);
  const got = features?.features.length ?? 0;
  if (wanted !== got) throw notFitted(kind, `${wanted} features, as in the configuration`, `${got}`);
  if (features === undefined) return;
  const sizes = [features.users?.trained.length, features.trained.length - 1];
  if (sizes[0] === numUsers && sizes[1] === numItems) return;
  throw notFitted(kind, `features of ${numUsers} users and ${numItems} items`, `${sizes[0] ?? 'no'} and ${sizes[1]}`);
}

function notFitted(kind: string, expected: string, got = 'none'): ConfigError {
  return new ConfigError(
    `${kind}: features: expected ${expected}; got ${got}; pass features: fitFields(config, trainingSet)`,
    'features',
  );
}

/** What batches must carry for fields. */
export function columnsOf(fields: readonly Field[]): BatchColumns {
  const targets = fields.flatMap((field) => (field.table === 'events' ? field.transform.columns : []));
  return {
    ...(targets.length > 0 && { targets: [...new Set(targets)] }),
    ...(fields.some(({ table }) => table === 'items') && { examples: ['items'] }),
  };
}

/**
 * The values of a field for each example of a batch.
 *
 * @throws ConfigError for a batch that does not carry what the field reads.
 */
export function readField(field: Field, batch: SequenceBatch, kind: string): EncodedColumn {
  if (field.table !== 'events') {
    return takeField(field.column, field.table === 'users' ? batch.users : exampleItems(batch, kind));
  }
  const found = field.transform.columns.map((column) => batch.columns?.targets?.get(column));
  if (found.every((column) => column !== undefined)) return applyTransform(field.transform, found);
  throw without(kind, `the column ${field.name} of the target events`);
}

/** The items of the examples of a batch. @throws ConfigError for a batch without. */
export function exampleItems(batch: SequenceBatch, kind: string): Int32Array {
  if (batch.exampleItems === undefined) throw without(kind, 'the items of the target events');
  return batch.exampleItems;
}

function without(kind: string, what: string): ConfigError {
  return new ConfigError(
    `${kind}: features: expected a batch with ${what}; got one without; make batches with makeBatch(set, indices, model.columns)`,
    'features',
  );
}

/** Rows of an encoded column. Of more lists than rows are wanted, only those of the rows. */
export function takeField(column: EncodedColumn, rows: Int32Array): EncodedColumn {
  if (column.kind !== 'rows' || column.lists === undefined || column.offsets.length - 1 <= rows.length) {
    return takeEncoded(column, rows);
  }
  const { size, values, offsets, lists } = column;
  return takeEncoded(
    { kind: 'rows', size, values, offsets },
    rows.map((row) => lists[row]),
  );
}
