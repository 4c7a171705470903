import {
  type ColumnRef,
  type ColumnSpec,
  DataError,
  type DatasetSource,
  datasetEntry,
  declareAfter,
  detectFormat,
  dropRepeats,
  type EventColumns,
  type ExampleSet,
  type HoldOutOptions,
  holdOutUsers,
  type Interactions,
  kCore,
  kCoreWithoutRepeats,
  labelFromColumn,
  latestWindow,
  loadDataset,
  loadNamedDataset,
  minRating,
  type ReadProgress,
  readSource,
  type Split,
  streamingWorld,
  type TieRule,
  takenEvents,
  withColdItems,
} from '@seqrec/data';
import { type DataConfig, isDefinedFormat, sourceKeys, type WorldConfig } from '../config/data-schema.ts';
import { ConfigError, RunError } from '../errors.ts';
import { formatBytes, formatCount } from '../terminal/format.ts';
import type { Progress, ProgressState } from '../terminal/progress.ts';
import { CACHE_FOLDER } from './cache-folder.ts';
import type { CodedItems } from './coded-items.ts';
import { dataFolder } from './data-folder.ts';
import { defined } from './defined.ts';
import { withSemanticIds } from './semantic-ids.ts';
import { splitBy } from './split-by.ts';
import { withStoredVectors } from './user-vectors.ts';

export type FileConfig = Exclude<DataConfig, WorldConfig>;

/** The parts of a data set, and which items are candidates when that depends on the example. */
export interface PreparedData {
  readonly split: Split;
  /** With users held out: the split before, and who they are. */
  readonly heldOut?: HoldOutOptions & { readonly whole: Split };
  /** Highest item that is open at an example of a set; absent when all items always are. */
  readonly openItems?: (set: ExampleSet) => (example: number) => number;
  /** Of a run of generation: the codes of the items, and how they are decoded. */
  readonly generation?: CodedItems;
}

/**
 * Reads, filters and splits what a configuration names, for models of sequences.
 *
 * @throws {ConfigError} for a split of rows, which `prepareRows` makes.
 */
export async function prepareData(config: DataConfig, folder: string, progress: Progress): Promise<PreparedData> {
  if (config.format === 'synthetic') {
    const { format: _, rowNumberAsTime: __, ...world } = config;
    const { split, openItems } = streamingWorld(world);
    progress.note(split.step.detail);
    return { split, openItems: (set) => (example) => openItems[set.users[example]] };
  }
  if (config.format === 'synthetic-ranking')
    throw new ConfigError(
      'data.format: expected data of sequences, which the models train on; got synthetic-ranking, which is of rows for a ranker',
      'use named, files, csv, sql or synthetic',
    );
  for (const key of ['teacherLabels', 'sampledNegatives'] as const)
    if (config[key] !== undefined)
      throw new ConfigError(
        `data.${key}: expected it with the task ranking; got it for a model of sequences`,
        'leave it out',
      );
  const all = filtered(await loadInteractions(config, folder, progress), config);
  const left = config.coldItems === undefined ? all : withColdItems(splitBy(config.split, all), config.coldItems);
  // Vectors of the events that are left: others would have read those of the cold items.
  const kept = await withStoredVectors(left, config);
  const coded = await withSemanticIds(kept, config, {
    train: () => takenEvents(partsOf(config, kept).split),
    cacheFolder: CACHE_FOLDER,
    progress,
  });
  return partsOf(config, coded);
}

function partsOf({ split, heldOut }: Pick<FileConfig, 'split' | 'heldOut'>, interactions: Interactions): PreparedData {
  const whole = sequenceSplit(splitBy(split, interactions));
  return heldOut === undefined
    ? { split: whole }
    : { split: holdOutUsers(whole, heldOut), heldOut: { ...heldOut, whole } };
}

/** The same split. @throws {ConfigError} when its examples are rows, and not the ends of users' sequences. */
export function sequenceSplit(split: Split): Split {
  if (split.examples === undefined) return split;
  throw new ConfigError(
    `data.split: expected a split into sequences of users, which the models train on; got ${split.protocol}, whose examples are rows for a ranker`,
    'use leave-last-out, train-test, global-time or by-user; `seqrec data` describes the others',
  );
}

/** Reads what a configuration names, before any filter. */
export async function loadInteractions(config: FileConfig, folder: string, progress: Progress): Promise<Interactions> {
  const read = await readInteractions(config, folder, progress);
  return config.after === undefined ? read : declareAfter(read, config.after);
}

async function readInteractions(config: FileConfig, folder: string, progress: Progress): Promise<Interactions> {
  const start = performance.now();
  const onProgress = (read: ReadProgress) =>
    progress.update(readState(read, (1000 * read.rows) / (performance.now() - start)));
  const options = { cacheDir: CACHE_FOLDER, lenient: config.lenient === true, onProgress };
  progress.start();
  try {
    if (isDefinedFormat(config)) return await readSource(sourceKeys(config), { folder, ...options });
    if (config.format === 'named') return await loadNamed(config.name, folder, { ...options, ...tiesOf(config) });
    const read = await loadDataset(await sourceOf(config), options);
    for (const note of read.steps.flatMap(({ notes = [] }) => notes)) progress.note(note);
    return read;
  } finally {
    progress.clear();
  }
}

/** Bytes where they are counted, else rows. */
function readState(
  { file, bytes, totalBytes, rows, totalRows = rows }: ReadProgress,
  perSecond: number,
): ProgressState {
  const rate = `${formatCount(Math.round(perSecond))} rows/s`;
  if (bytes === 0) return { label: `read ${file}, rows`, done: rows, total: Math.max(rows, totalRows), fields: [rate] };
  return { label: `read ${file}, bytes`, done: bytes, total: totalBytes, fields: [formatBytes(bytes), rate] };
}

async function loadNamed(
  name: string,
  folder: string,
  options: Parameters<typeof loadNamedDataset>[2],
): Promise<Interactions> {
  try {
    return await loadNamedDataset(name, folder, options);
  } catch (error) {
    if (!(error instanceof DataError) || error.code !== 'missing-file') throw error;
    const { files, url, obtain } = datasetEntry(name);
    const where = folder === dataFolder(undefined) ? '' : ` --data ${folder}`;
    const hint =
      url === undefined ? (obtain ?? '') : `fetch it with \`npx -y pnpm@12 seqrec data ${name} --download${where}\``;
    throw new RunError(`data set ${name}: expected ${files.join(' or ')} in ${folder}; there is none; ${hint}`, {
      cause: error,
    });
  }
}

async function sourceOf(config: Exclude<FileConfig, { format: 'named' }>): Promise<DatasetSource> {
  const ties = tiesOf(config);
  if (config.format === 'files') return { ...(await detectFormat(config.path)), ...ties };
  if (config.format === 'fuxictr') return { ...fuxiCtrOf(config), ...ties };
  const header = config.format === 'csv' ? config.header : undefined;
  const table = tableOf(config, header, ties);
  if (config.format === 'sql') return { format: 'sql', query: config.query, ...table, ...ties };
  const { path, file, reader } = config;
  return { format: 'csv', path, ...table, ...defined({ file, header, reader }), ...delimitedOf(config), ...ties };
}

function fuxiCtrOf({ path, columns: given, labels, timeUnit, timeFormat, missing }: FuxiCtrConfig): DatasetSource {
  const { user, item, time, ...fields } = given;
  const columns = defined({ user, item, time });
  const further = specsOf(fields as SideConfig['columns'], 'data.columns', undefined);
  return { format: 'fuxictr', path, columns, further, ...defined({ labels, timeUnit, timeFormat, missing }) };
}

/** What the rows of a table are. */
function tableOf(config: TableConfig, header: boolean | undefined, { ties }: ReturnType<typeof tiesOf>) {
  const { timeUnit, timeFormat, allowEarlyTimes, missing, action, request, labels, items, users } = config;
  const { columns, further } = columnsOf(config.columns, header);
  if (columns.time === undefined && ties !== undefined && ties !== 'file-order')
    throw new ConfigError(`data.ties: expected file-order without a time column; got ${ties}`, 'nothing ties there');
  if (columns.time !== undefined && config.rowNumberAsTime === true)
    throw new ConfigError(
      'data.rowNumberAsTime: expected false with a time column; got true',
      'take the column away with --data.columns.time none',
    );
  return {
    columns,
    ...(Object.keys(further).length > 0 && { further }),
    ...defined({ timeUnit, timeFormat, allowEarlyTimes, missing, action, request, labels }),
    ...(items && { items: { corpus: 'both' as const, ...sideFileOf(items, 'items') } }),
    ...(users && { users: sideFileOf(users, 'users') }),
  };
}

/** `file-order`, `shuffle:7` as the readers take them. */
function tiesOf({ ties }: Pick<FileConfig, 'ties'>): { readonly ties?: TieRule; readonly tieSeed?: number } {
  if (ties === undefined) return {};
  const [rule, seed] = ties.split(':');
  return { ties: rule as TieRule, ...(seed !== undefined && { tieSeed: Number(seed) }) };
}

type FuxiCtrConfig = Extract<DataConfig, { format: 'fuxictr' }>;
type CsvConfig = Extract<DataConfig, { format: 'csv' }>;
type TableConfig = CsvConfig | Extract<DataConfig, { format: 'sql' }>;
type SideConfig = NonNullable<CsvConfig['items']> | NonNullable<CsvConfig['users']>;

const optionalRoles = ['time', 'rating', 'title'];
const roles = ['user', 'item', ...optionalRoles];

/**
 * The columns that have a role without those that are `none`, and the further ones; positions where there is no header.
 */
function columnsOf(columns: CsvConfig['columns'], header: boolean | undefined) {
  const entries = Object.entries(columns).filter(([key, name]) => !(optionalRoles.includes(key) && name === 'none'));
  const ofRoles = entries.filter(([key]) => roles.includes(key)) as [string, string][];
  const others = Object.fromEntries(entries.filter(([key]) => !roles.includes(key))) as SideConfig['columns'];
  return {
    columns: Object.fromEntries(
      ofRoles.map(([key, name]) => [key, columnRef(`data.columns.${key}`, name, header)]),
    ) as unknown as EventColumns,
    further: specsOf(others, 'data.columns', header),
  };
}

function columnRef(key: string, name: string, header: boolean | undefined): ColumnRef {
  if (header !== false) return name;
  if (/^\d{1,4}$/.test(name)) return Number(name);
  throw new ConfigError(`${key}: expected a position, as header is false; got "${name}"`, 'columns are counted from 0');
}

/** Columns as the reader takes them; `price: number` is short for `price: { kind: number }`. */
function specsOf(columns: SideConfig['columns'], key: string, header: boolean | undefined): Record<string, ColumnSpec> {
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]) => {
      const given = typeof column === 'string' ? { kind: column } : column;
      const at = columnRef(`${key}.${name}`, given.column ?? name, header);
      return [name, { ...given, ...(at !== name && { column: at }) } as ColumnSpec];
    }),
  );
}

function sideFileOf<C extends SideConfig>({ header, ...config }: C, of: 'items' | 'users') {
  const { delimiter: _, quote: __, encoding: ___, ...rest } = config;
  return {
    ...rest,
    ...defined({ header }),
    ...delimitedOf(config),
    id: columnRef(`data.${of}.id`, config.id, header),
    columns: specsOf(config.columns, `data.${of}.columns`, header),
  };
}

function delimitedOf({ delimiter, quote, encoding }: Pick<CsvConfig, 'delimiter' | 'quote' | 'encoding'>) {
  return {
    ...defined({ delimiter, encoding }),
    ...(quote !== undefined && { quote: quote === 'none' ? (false as const) : quote }),
  };
}

/**
 * The filters of a configuration, in their order: ratings first, then the rows that have a label, since the core
 * depends on what is left.
 */
export function filtered(
  interactions: Interactions,
  config: Pick<FileConfig, 'minRating' | 'label' | 'kCore' | 'repeats'>,
): Interactions {
  const liked = config.minRating === undefined ? interactions : minRating(interactions, { rating: config.minRating });
  const labelled = config.label === undefined ? liked : labelFromColumn(liked, config.label);
  const core = config.kCore === undefined ? undefined : { users: config.kCore, items: config.kCore };
  if (config.repeats === 'drop')
    return core === undefined ? dropRepeats(labelled) : kCoreWithoutRepeats(labelled, core);
  return core === undefined ? labelled : kCore(labelled, core);
}

/** The set that is evaluated while training: validation where there is one, else (the reference's protocol) test. */
export function watchedSet(parts: Split): ExampleSet {
  return parts.validation ?? parts.test;
}

/** An example set cut to the model's window. */
export function windowed(set: ExampleSet, maxLength: number): ExampleSet {
  return latestWindow(set, { maxLength });
}
