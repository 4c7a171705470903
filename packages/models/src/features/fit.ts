import {
  applyTransform,
  type Column,
  type ExampleSet,
  fitTransform,
  type Interactions,
  OptionError,
  rolesOf,
  takeColumn,
  trainedItems,
  trainingRows,
  withDistinctLists,
} from '@seqrec/data';
import { closest } from '@seqrec/data/closest';
import { ConfigError } from '../errors.ts';
import type { FeatureConfig } from './config.ts';
import type { FittedFeature, FittedFeatures } from './fitted.ts';

const TABLES = ['events', 'users', 'items'] as const;
type TableName = (typeof TABLES)[number];

/**
 * Fits the features of a configuration on a training set: vocabularies, quantiles and means are those of its events,
 * users and items alone. Undefined for a configuration without features.
 *
 * @throws ConfigError for a column that is not there (with the nearest name), a label or what one is made from, or an
 *   encoding that does not go with the column.
 */
export function fitFeatures(
  { features }: { readonly features?: readonly FeatureConfig[] },
  train: ExampleSet,
): FittedFeatures | undefined {
  if (features === undefined) return undefined;
  const { interactions } = train;
  const rows = trainingRows(train);
  const fitted: FittedFeature[] = [];
  const items = new Map<string, ReturnType<typeof applyTransform>>();
  for (const feature of features) {
    const { names, table: given, options } = normalised(feature);
    const name = names.join(' x ');
    const table = tableOf(interactions, names, given);
    if (fitted.some((other) => other.name === name && other.table === table)) {
      throw new ConfigError(`model config: features: expected features that differ; got ${name} twice`, 'features');
    }
    const columns = names.map((column) => columnOf(interactions, table, column));
    try {
      const transform = fitTransform({ columns: names, ...options }, columns, rows[table]);
      fitted.push({ name, table, transform });
      if (table !== 'items') continue;
      // Row 0 is the padding item, which has no value.
      const all = Int32Array.from({ length: interactions.numItems + 1 }, (_, item) => item - 1);
      const padded = columns.map((column) => takeColumn(column, all));
      items.set(name, withDistinctLists(applyTransform(transform, padded)));
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      throw new ConfigError(`model config: features: ${name}: ${error.message}`, 'features');
    }
  }
  return { features: fitted, items, trained: trainedItems(train) };
}

/** The columns of each feature, and where they are. @throws ConfigError for a column that is not there. */
export function featureColumns(
  features: readonly FeatureConfig[],
  data: Interactions,
): { readonly table: TableName; readonly columns: readonly Column[] }[] {
  return features.map((feature) => {
    const { names, table: given } = normalised(feature);
    const table = tableOf(data, names, given);
    return { table, columns: names.map((name) => columnOf(data, table, name)) };
  });
}

/**
 * Fits columns of the events of histories on the training rows. Labels and what they are made from may be among them:
 * they are known of an event that is past.
 *
 * @throws ConfigError as {@link fitFeatures}, naming `userHistory`.
 */
export function fitHistoryColumns(features: readonly FeatureConfig[], train: ExampleSet): FittedFeature[] {
  const { interactions } = train;
  const { events: rows } = trainingRows(train);
  const fitted = new Map<string, FittedFeature>();
  const refused = (message: string): ConfigError =>
    new ConfigError(`model config: userHistory.columns: ${message}`, 'userHistory');
  for (const feature of features) {
    const { names, table = 'events', options } = normalised(feature);
    const name = names.join(' x ');
    if (table !== 'events') throw refused(`expected columns of events; got ${name} of ${table}`);
    if (fitted.has(name)) throw refused(`expected columns that differ; got ${name} twice`);
    const columns = names.map((each) => {
      const column = interactions.events.columns.get(each);
      if (column !== undefined) return column;
      const known = [...interactions.events.columns.keys()];
      const near = closest(each, known);
      const hint = near === undefined ? `there are ${known.join(', ') || 'none'}` : `did you mean '${near}'?`;
      throw refused(`expected a column of the events of ${interactions.name}; got ${each}; ${hint}`);
    });
    try {
      const transform = fitTransform({ columns: names, ...options }, columns, rows);
      fitted.set(name, { name, table: 'history', transform });
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      throw refused(`${name}: ${error.message}`);
    }
  }
  return [...fitted.values()];
}

function normalised(feature: FeatureConfig): {
  readonly names: readonly string[];
  readonly table?: TableName;
  readonly options: Omit<Extract<FeatureConfig, { readonly column: string }>, 'column' | 'table'>;
} {
  if (typeof feature === 'string') return { names: [feature], options: {} };
  const { table, ...rest } = feature;
  if ('cross' in rest) {
    const { cross, ...options } = rest;
    return { names: cross, table, options };
  }
  const { column, ...options } = rest;
  return { names: [column], table, options };
}

/** The table that has the columns. */
function tableOf(data: Interactions, names: readonly string[], given: TableName | undefined): TableName {
  const candidates = given === undefined ? TABLES : [given];
  const found = candidates.filter((table) => names.every((name) => tablesOf(data)[table].has(name)));
  if (found.length === 1) return found[0];
  const name = names.join(' x ');
  if (found.length > 1) {
    throw new ConfigError(
      `model config: features: expected a column of one table; got ${name}, one of ${found.join(' and of ')}; say which with { column: '${name}', table: '${found[0]}' }`,
      'features',
    );
  }
  const known = candidates.flatMap((table) => [...tablesOf(data)[table].keys()]);
  const missing = names.find((each) => !known.includes(each));
  const near = missing === undefined ? undefined : closest(missing, known);
  const where = given === undefined ? data.name : `${given} of ${data.name}`;
  const hint =
    missing === undefined
      ? 'the two columns of a cross are of one table'
      : missing === 'user'
        ? 'a model of rows reads the user with userId, a model of sequences does not'
        : near === undefined
          ? `there are ${known.join(', ')}`
          : `did you mean '${near}'?`;
  throw new ConfigError(
    `model config: features: expected a column of ${where}; got ${missing ?? name}; ${hint}`,
    'features',
  );
}

function columnOf(data: Interactions, table: TableName, name: string): Column {
  const roles = rolesOf(data.roles, table, name);
  if (roles.includes('label')) {
    throw new ConfigError(
      `model config: features: expected no label among the features; got ${name}, a label of ${data.name}: it is what a model has to predict`,
      'features',
    );
  }
  if (roles.includes('label source')) {
    throw new ConfigError(
      `model config: features: expected no column among the features that a label is made from; got ${name} of ${data.name}: it tells ${data.roles.labels[0]}, which a model has to predict`,
      'features',
    );
  }
  if (roles.includes('item')) {
    throw new ConfigError(
      `model config: features: expected columns besides the item id; got ${name}, the item of ${data.name}; a model of sequences reads it anyway, a model of rows with itemId`,
      'features',
    );
  }
  return tablesOf(data)[table].get(name)!;
}

function tablesOf({ events, userTable, itemTable }: Interactions): Record<TableName, ReadonlyMap<string, Column>> {
  return { events: events.columns, users: userTable.columns, items: itemTable.columns };
}
