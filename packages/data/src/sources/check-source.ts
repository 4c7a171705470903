import { tieRules } from '../assemble.ts';
import { OptionError } from '../errors.ts';
import { csvReaders } from './choose-reader.ts';
import { timeUnits } from './time.ts';

const common = ['format', 'path', 'name', 'ties', 'tieSeed'] as const;

const table = [
  ...['columns', 'further', 'action', 'request', 'labels', 'items', 'users', 'withoutUser'],
  ...['timeUnit', 'timeFormat', 'allowEarlyTimes', 'missing'],
];

/** Keys of every kind of source; anything else is a mistake that would otherwise be silent. */
const keysOf: Readonly<Record<string, readonly string[]>> = {
  movielens: common,
  amazon: common,
  mind: common,
  yelp: common,
  'user-lines': common,
  fuxictr: [...common, 'columns', 'further', 'labels', 'timeUnit', 'timeFormat', 'missing'],
  csv: [...common, ...table, 'header', 'file', 'delimiter', 'quote', 'encoding', 'reader'],
  sql: [...common.filter((key) => key !== 'path'), ...table, 'query'],
};

/** Whether a source of this format, as presets name it (`amazon-tsv`), has the key that a path begins with. */
export function hasKey(format: string, path: string): boolean {
  const keys = keysOf[format] ?? keysOf[format.replace(/-[^-]*$/, '')] ?? [];
  return keys.includes(path.split('.')[0]);
}

const valuesOf: Readonly<Record<string, readonly unknown[]>> = {
  ties: tieRules,
  timeUnit: timeUnits,
  withoutUser: ['error', 'skip'],
  encoding: ['utf8', 'latin1'],
  reader: csvReaders,
};

/**
 * Checks what types cannot, as sources also come from configuration files.
 *
 * @throws {OptionError} naming the key: no path, an unknown format or key, a value that is not one of those possible
 */
export function checkSource(source: object): void {
  const operation = 'loadDataset';
  const given = source as Readonly<Record<string, unknown>>;
  const known = keysOf[String(given?.format)];
  if (known === undefined) {
    const formats = Object.keys(keysOf).join(', ');
    throw new OptionError(operation, `expected format ${formats}; got ${JSON.stringify(given?.format)}`, {
      key: 'format',
    });
  }
  const origin = given.format === 'sql' ? 'query' : 'path';
  if (typeof given[origin] !== 'string' || given[origin] === '') {
    throw new OptionError(operation, `expected a ${origin}; got ${JSON.stringify(given[origin])}`, { key: origin });
  }
  for (const [key, value] of Object.entries(given)) {
    if (!known.includes(key)) {
      throw new OptionError(operation, `expected the keys ${known.join(', ')}; got "${key}"`, { key });
    }
    const values = valuesOf[key];
    if (values !== undefined && value !== undefined && !values.includes(value)) {
      throw new OptionError(operation, `expected ${key} ${values.join(', ')}; got ${JSON.stringify(value)}`, { key });
    }
  }
}
