import { type Column, type ExampleSet, type Interactions, labelOf, positiveEvents } from '@seqrec/data';
import { metricsBySegment, type RankedLabel } from '@seqrec/models';
import type { SegmentConfig } from '../../config/ranking-schema.ts';
import { ConfigError } from '../../errors.ts';
import { suggestion } from '../../suggest.ts';
import type { SegmentTable } from '../folder/results.ts';

const TABLES = ['events', 'users', 'items'] as const;
type TableName = (typeof TABLES)[number];

/** A column by whose values rows are told apart. */
export interface Segmentation {
  readonly column: string;
  readonly table: TableName;
  /** The part of a row of the table; `undefined` for a row without a value. */
  partOf(row: number): string | undefined;
}

/**
 * The columns that a configuration names.
 *
 * @throws ConfigError for one that is not there, or has no single value a row.
 */
export function segmentations(configs: readonly SegmentConfig[], train: ExampleSet): readonly Segmentation[] {
  const { interactions } = train;
  return configs.map((config) => {
    if (typeof config === 'object' && 'trainingRows' in config) return byTrainingRows(config, train);
    const {
      column: name,
      table: given,
      width,
    }: ColumnSegment = typeof config === 'string' ? { column: config } : config;
    const table = tableOf(interactions, name, given);
    const column = columnsOf(interactions)[table].get(name) as Column;
    if (width !== undefined && column.kind !== 'number')
      throw refused(name, `width of numbers alone; got ${column.kind}`);
    if (column.kind === 'id') return { column: name, table, partOf: (row) => idOf(column.ids, column.values[row]) };
    if (column.kind === 'number' && column.width === 1)
      return { column: name, table, partOf: (row) => partOfNumber(column.values[row], width) };
    throw refused(
      name,
      `a column of one id or number a row; got ${column.kind === 'number' ? 'vectors' : column.kind}`,
    );
  });
}

type ColumnSegment = Extract<SegmentConfig, { readonly column: string }>;
type RowsSegment = Extract<SegmentConfig, { readonly trainingRows: string }>;

/** Parts by how many rows of the training set an item or a user has: `0`, `1-4`, ..., `100 and more`. */
function byTrainingRows(
  { trainingRows: of, bounds, label }: RowsSegment,
  { interactions, users, targets }: ExampleSet,
): Segmentation {
  const { itemIds, numItems, numUsers } = interactions;
  const counts = new Int32Array(of === 'items' ? numItems : numUsers);
  const counted = label === 'any' ? undefined : positiveEvents(labelOf(interactions));
  for (const [e, target] of targets.entries())
    if (counted?.[target] !== 0) counts[of === 'items' ? itemIds[target] - 1 : users[e]]++;
  const starts = [0, ...bounds];
  const name = (part: number): string => {
    const [first, next] = [starts[part], starts[part + 1]];
    if (next === undefined) return `${first} and more`;
    return next === first + 1 ? `${first}` : `${first}-${next - 1}`;
  };
  const partOf = (row: number): string => name(starts.findLastIndex((start) => counts[row] >= start));
  return { column: `${label === 'any' ? '' : 'positive '}training rows of ${of}`, table: of, partOf };
}

function idOf(ids: { external(id: number): string }, value: number): string | undefined {
  return value === 0 ? undefined : ids.external(value);
}

function partOfNumber(value: number, width: number | undefined): string | undefined {
  if (Number.isNaN(value)) return undefined;
  if (width === undefined) return String(value);
  const low = Math.floor(value / width) * width;
  return `${Number(low.toPrecision(12))}-${Number((low + width).toPrecision(12))}`;
}

function tableOf(interactions: Interactions, name: string, given: TableName | undefined): TableName {
  const tables = columnsOf(interactions);
  const found = (given === undefined ? TABLES : [given]).filter((table) => tables[table].has(name));
  if (found.length === 1) return found[0];
  if (found.length > 1)
    throw refused(name, `a column of one table; got ${name} of ${found.join(' and ')}`, 'say table');
  const known = TABLES.flatMap((table) => [...tables[table].keys()]);
  throw refused(name, `a column of ${interactions.name}; got ${name}`, suggestion(name, known));
}

function columnsOf({ events, userTable, itemTable }: Interactions): Record<TableName, ReadonlyMap<string, Column>> {
  return { events: events.columns, users: userTable.columns, items: itemTable.columns };
}

function refused(name: string, message: string, hint?: string): ConfigError {
  return new ConfigError(`evaluation.segments: ${name}: expected ${message}`, hint);
}

/** The metrics that tables of segments show, those that there are. */
export const SEGMENT_METRICS = ['AUC', 'GAUC', 'logloss', 'NE', 'calibration', 'RMSE', 'MAE', 'RAUC'];

/** Parts with fewer rows say little and are left out. */
export const FEWEST_ROWS = 50;

/** Metrics of the parts of a set, by each of the columns; parts in the order of their names. */
export function segmentTables(
  columns: readonly Segmentation[],
  { rows, examples }: RankedLabel,
  { interactions, users, targets }: ExampleSet,
): SegmentTable[] {
  return columns.map(({ column, table, partOf }) => {
    const at = (row: number): number => {
      const example = examples[row];
      if (table === 'users') return users[example];
      return table === 'events' ? targets[example] : interactions.itemIds[targets[example]] - 1;
    };
    const parts = metricsBySegment(rows, (row) => partOf(at(row)))
      .filter((part) => part.rows >= FEWEST_ROWS)
      .map(({ segment, rows: size, metrics }) => ({ segment, rows: size, metrics }))
      .sort((a, b) => a.segment.localeCompare(b.segment, 'en', { numeric: true }));
    return { column, parts };
  });
}
