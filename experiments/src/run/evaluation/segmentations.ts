import {
  type Column,
  drawColdItems,
  type ExampleSet,
  happenedRows,
  type Interactions,
  labelOf,
  type NumberColumn,
  positiveEvents,
  shortNumber,
  stepOf,
  timeOfShare,
  trainedItems,
  trainingRows,
} from '@seqrec/data';
import type { SegmentConfig } from '../../config/segment-schema.ts';
import { ConfigError } from '../../errors.ts';
import { suggestion } from '../../suggest.ts';
import type { SegmentTable } from '../folder/results.ts';

const TABLES = ['events', 'users', 'items'] as const;
type TableName = (typeof TABLES)[number];

/** What tells rows or queries apart. */
export interface Segmentation {
  /** Title of the table. */
  readonly column: string;
  /** The part of the event that is judged or to be predicted, of a user; `undefined` for one without a value. */
  partOf(user: number, event: number): string | undefined;
}

/** What parts are made of. */
export interface SegmentedSets {
  readonly train: ExampleSet;
  /** The set that is told apart. */
  readonly set: ExampleSet;
  /** The events that are judged or to be predicted; default: the targets of the set. */
  readonly queries?: Int32Array;
  /** What is counted in training: `rows`, which are examples, or the events of sequences. */
  readonly counted: 'rows' | 'events';
  /** What positive rows are those of; default the first label of the data. */
  readonly label?: string;
}

/** Parts with fewer rows say little and are left out. */
export const FEWEST_ROWS = 50;

/**
 * What a configuration names.
 *
 * @throws ConfigError for a column that is not there, or has no single value a row, and for days without times.
 */
export function segmentations(configs: readonly SegmentConfig[], sets: SegmentedSets): readonly Segmentation[] {
  return configs.map((config) => {
    if (typeof config === 'object' && 'trainingRows' in config) return byTrainingRows(config, sets);
    if (typeof config === 'object' && 'coldItems' in config) return byColdItems(config, sets.train);
    if (typeof config === 'object' && 'days' in config) return byDays(config, sets);
    if (typeof config === 'object' && 'firstEvents' in config) return byFirstEvents(config, sets.set.interactions);
    return byColumn(typeof config === 'string' ? { column: config } : config, sets.set.interactions);
  });
}

/** A table of the parts of `total` rows or queries, in the order of their names, numbers in them by size. */
export function segmentTable(
  about: Required<Pick<SegmentTable, 'column' | 'of'>>,
  parts: SegmentTable['parts'],
  total: number,
): SegmentTable {
  return {
    ...about,
    parts: [...parts].sort((a, b) => a.segment.localeCompare(b.segment, 'en', { numeric: true })),
    leftOut: parts.reduce((left, { rows }) => left - rows, total),
  };
}

type ColumnSegment = Extract<SegmentConfig, { readonly column: string }>;
type RowsSegment = Extract<SegmentConfig, { readonly trainingRows: string }>;
type ColdItemsSegment = Extract<SegmentConfig, { readonly coldItems: unknown }>;
type DaysSegment = Extract<SegmentConfig, { readonly days: number }>;
type FirstEventsSegment = Extract<SegmentConfig, { readonly firstEvents: readonly number[] }>;

function byColumn({ column: name, table: given, width }: ColumnSegment, interactions: Interactions): Segmentation {
  const table = tableOf(interactions, name, given);
  const column = columnsOf(interactions)[table].get(name) as Column;
  const { itemIds } = interactions;
  const rowOf = (user: number, event: number): number =>
    table === 'users' ? user : table === 'events' ? event : itemIds[event] - 1;
  if (width !== undefined && column.kind !== 'number')
    throw refused(name, `width of numbers alone; got ${column.kind}`);
  if (column.kind === 'id')
    return { column: name, partOf: (user, event) => idOf(column.ids, column.values[rowOf(user, event)]) };
  if (column.kind === 'number' && column.width === 1) {
    const part = partOfNumber(column, width);
    return { column: name, partOf: (user, event) => part(rowOf(user, event)) };
  }
  throw refused(name, `a column of one id or number a row; got ${column.kind === 'number' ? 'vectors' : column.kind}`);
}

/** Parts by how much of the training set an item or a user has: `0`, `1-4`, ..., `100 and more`. */
function byTrainingRows(
  { trainingRows: of, bounds, label }: RowsSegment,
  { train, counted, label: ofTask }: SegmentedSets,
): Segmentation {
  const { interactions } = train;
  const { itemIds, numItems, numUsers, userOffsets, roles } = interactions;
  const positive = label === 'any' ? undefined : labelOf(interactions, ofTask);
  const taken = positive && positiveEvents(positive);
  const counts = new Int32Array(of === 'items' ? numItems : numUsers);
  const count = (user: number, event: number): void => {
    if (taken?.[event] !== 0) counts[of === 'items' ? itemIds[event] - 1 : user]++;
  };
  if (counted === 'rows') for (const [e, target] of train.targets.entries()) count(train.users[e], target);
  else {
    // Events are in the order of their users.
    let user = 0;
    for (const event of trainingRows(train).events) {
      while (userOffsets[user + 1] <= event) user++;
      count(user, event);
    }
  }
  const starts = [0, ...bounds];
  const name = (part: number): string => {
    const [first, next] = [starts[part], starts[part + 1]];
    if (next === undefined) return `${first} and more`;
    return next === first + 1 ? `${first}` : `${first}-${next - 1}`;
  };
  return {
    column:
      `${positive ? 'positive ' : ''}training ${counted} of ${of}` +
      (positive && roles.labels.length > 1 ? ` (${positive.name})` : ''),
    partOf: (user, event) => {
      const own = counts[of === 'items' ? itemIds[event] - 1 : user];
      return name(starts.findLastIndex((start) => own >= start));
    },
  };
}

/**
 * Parts by what training has of an item: `cold`, `new`, `trained`.
 *
 * @throws ConfigError where a row that trains is of an item that would be called cold.
 */
function byColdItems({ coldItems }: ColdItemsSegment, train: ExampleSet): Segmentation {
  const { itemIds } = train.interactions;
  const isCold = drawColdItems(train.interactions, coldItems, 'evaluation.segments: coldItems');
  const isTrained = trainedItems(train);
  const known = isTrained.reduce((sum, trained, item) => sum + (trained && isCold[item]), 0);
  if (known > 0)
    throw new ConfigError(
      `evaluation.segments: coldItems: expected share and seed of data.coldItems; got ${JSON.stringify(coldItems)}, of whose items ${known} train`,
    );
  return {
    column: 'items',
    partOf: (_, event) => {
      const item = itemIds[event];
      return isCold[item] === 1 ? 'cold' : isTrained[item] === 1 ? 'trained' : 'new';
    },
  };
}

const DAY = 86_400;

/** Parts by days since the first event to predict: `1-7`, `8-14`, ... */
function byDays({ days }: DaysSegment, { set, queries = set.targets }: SegmentedSets): Segmentation {
  const timestamps = timesOf('days', set.interactions);
  const first = queries.reduce((least, event) => Math.min(least, timestamps[event]), Number.POSITIVE_INFINITY);
  return {
    column: 'days',
    partOf: (_, event) => {
      const part = Math.floor((timestamps[event] - first) / (days * DAY));
      return days === 1 ? `${part + 1}` : `${part * days + 1}-${(part + 1) * days}`;
    },
  };
}

/** Parts by when the item first occurs: `0-0.8`, `0.8-0.9`, `0.9-1` of the events. */
function byFirstEvents({ firstEvents: shares }: FirstEventsSegment, interactions: Interactions): Segmentation {
  const timestamps = timesOf('firstEvents', interactions);
  const { itemIds, numItems } = interactions;
  const first = new Float64Array(numItems + 1).fill(Number.POSITIVE_INFINITY);
  const happened = happenedRows(interactions);
  for (const [event, item] of itemIds.entries())
    if (happened[event] === 1) first[item] = Math.min(first[item], timestamps[event]);
  const sorted = timestamps.slice().sort();
  const cuts = shares.map((share) => timeOfShare(sorted, share));
  const ends = [0, ...shares, 1];
  return {
    column: 'first event of items',
    partOf: (_, event) => {
      const part = cuts.findLastIndex((cut) => first[itemIds[event]] >= cut) + 1;
      return `${ends[part]}-${ends[part + 1]}`;
    },
  };
}

/** @throws ConfigError for data without times. */
function timesOf(key: string, { timestamps, hasTimestamps, name }: Interactions): Float64Array {
  if (hasTimestamps !== false) return timestamps;
  throw new ConfigError(`evaluation.segments: ${key}: expected times of the events; got none in ${name}`);
}

function idOf(ids: { external(id: number): string }, value: number): string | undefined {
  return value === 0 ? undefined : ids.external(value);
}

/** The part of a row: its number, or the step of a width that holds it. */
function partOfNumber(column: NumberColumn, width: number | undefined): (row: number) => string | undefined {
  const { values } = column;
  if (width === undefined) return (row) => (Number.isNaN(values[row]) ? undefined : shortNumber(values[row]));
  const step = stepOf(column, width);
  const bound = (k: number): number => Number((k * width).toPrecision(12));
  return (row) => (Number.isNaN(values[row]) ? undefined : `${bound(step(row))}-${bound(step(row) + 1)}`);
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
