import { existsSync } from 'node:fs';
import {
  DataError,
  datasetEntry,
  datasetNames,
  detectFormat,
  download,
  type Interactions,
  takenEvents,
} from '@seqrec/data';
import { z } from 'zod';
import type { Override } from '../arguments.ts';
import { type DataConfig, dataConfigSchema, isDefinedFormat, isWorld } from '../config/data-schema.ts';
import { applyOverrides } from '../config/overrides.ts';
import { UsageError } from '../errors.ts';
import { suggestion } from '../suggest.ts';
import { formatBytes, formatCount } from '../terminal/format.ts';
import { renderHistogram } from '../terminal/histogram.ts';
import type { Progress } from '../terminal/progress.ts';
import { renderPairs, renderSentences, renderTable } from '../terminal/table.ts';
import { CACHE_FOLDER } from './cache-folder.ts';
import { dataFolder } from './data-folder.ts';
import type { ColumnSummary, DataSummary, PartSummary } from './data-summary.ts';
import { type FileConfig, filtered, loadInteractions } from './dataset.ts';
import { withFurtherLabels } from './prepare-rows.ts';
import { withSemanticIds } from './semantic-ids.ts';
import { splitOf } from './split-by.ts';
import { summariseData, summariseWithout } from './summarise-data.ts';

export interface DescribeRequest {
  /** A known name, a file or folder, or a query. */
  readonly dataset: string;
  readonly folder?: string;
  readonly download: boolean;
  readonly lenient: boolean;
  /** Columns that were named, of a table; the others have their usual names. */
  readonly columns: Partial<Extract<DataConfig, { format: 'csv' }>['columns']>;
  readonly timeUnit?: 's' | 'ms' | 'us' | 'ns' | 'iso';
  /** `--data.KEY`: the keys of a configuration, applied last. */
  readonly overrides?: readonly Override[];
  readonly progress: Progress;
}

const protocols = ['leave-last-out', 'train-test', 'global-time', 'by-user', 'random', 'rows-by-time'] as const;
/** Of data that come in parts, whose rows mostly have no user, and often no time. */
const protocolsOfParts = ['given', 'random', 'rows-by-time'] as const;
const usualColumns = { user: 'user', item: 'item', time: 'timestamp' };

/** A data set under every split; one that cannot be made says why. */
export async function describeData(request: DescribeRequest): Promise<DataSummary[]> {
  const { interactions, coldItems, split } = await readRequested(request);
  const { hasTimestamps, roles } = interactions;
  const ofParts = protocolsOfParts.filter((protocol) => hasTimestamps || protocol !== 'rows-by-time');
  const usual = roles.part === undefined ? protocols : ofParts;
  return (split === undefined ? usual : [split]).map((protocol) => {
    try {
      return summariseData(splitOf({ split: protocol, ...(coldItems && { coldItems }) }, interactions));
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      return summariseWithout(typeof protocol === 'string' ? protocol : protocol.kind, interactions, error.message);
    }
  });
}

/**
 * Reads the data set of a request, after fetching it if asked; with the split that it names, if it names one. Cold
 * items are taken out by `splitOf`: which of their events stay is up to the split.
 */
export async function readRequested(
  request: DescribeRequest,
): Promise<{ readonly interactions: Interactions } & Partial<Pick<FileConfig, 'split' | 'coldItems'>>> {
  const folder = dataFolder(request.folder);
  if (request.download) await fetchDataset(request.dataset, folder, request.progress);
  const config = await configOf(request);
  const interactions = await loadInteractions(config, folder, request.progress);
  const named = request.overrides?.some(({ key }) => key === 'data.split' || key.startsWith('data.split.'));
  const all = await withFurtherLabels(filtered(interactions, config), config);
  const kept = await withSemanticIds(all, config, {
    train: () => takenEvents(splitOf(config, all)),
    cacheFolder: CACHE_FOLDER,
    progress: request.progress,
  });
  const { split, coldItems } = config;
  return { interactions: kept, ...(coldItems && { coldItems }), ...(named && { split }) };
}

/** Keys of data that only training reads. */
const ofTraining = /^data\.(heldOut|rowNumberAsTime|userVectors)\b/;

async function configOf(request: DescribeRequest): Promise<FileConfig> {
  const { lenient, timeUnit, overrides = [] } = request;
  const other = overrides.find(({ key }) => !key.startsWith('data.') || ofTraining.test(key));
  if (other !== undefined)
    throw new UsageError(
      `seqrec data: unknown option --${other.key}`,
      'it takes the keys of data: --data.ties and so on',
    );
  const base = { ...(await sourceConfig(request)), ...(lenient && { lenient }), split: protocols[0] };
  const named = { ...base, ...(timeUnit !== undefined && { timeUnit }) };
  const { data } = applyOverrides(z.strictObject({ data: dataConfigSchema() }), { data: named }, overrides);
  if (isWorld(data))
    throw new UsageError(`--data.format: expected named, files, csv, fuxictr or sql; got ${data.format}`);
  return data;
}

/** Format and place of what was asked for. @throws UsageError for columns beside data whose own are known. */
async function sourceConfig(request: DescribeRequest): Promise<object> {
  const source = await foundSource(request);
  const named = Object.keys(request.columns).map((key) => `--${key}`);
  if (named.length > 0 && !('columns' in source))
    throw new UsageError(
      `seqrec data: ${named.join(', ')}: expected a table or a query, whose columns have to be named; got ${request.dataset}, whose layout is known`,
      'leave it out, or read the file as a table (--data.format csv)',
    );
  return source;
}

async function foundSource({ dataset, columns, overrides = [] }: DescribeRequest): Promise<object> {
  if (datasetNames().includes(dataset)) return { format: 'named', name: dataset };
  // By the name of its file in the data folder.
  const byFile = datasetNames().find((name) => datasetEntry(name).files.includes(dataset));
  if (byFile !== undefined && !existsSync(dataset)) return { format: 'named', name: byFile };
  if (/^\s*(select|with)\s/i.test(dataset))
    return { format: 'sql', query: dataset, columns: { ...usualColumns, ...columns } };
  if (!existsSync(dataset))
    throw new UsageError(
      `seqrec data: expected a known data set or a file; got "${dataset}"`,
      suggestion(dataset, datasetNames()),
    );
  const asked = overrides.find(({ key }) => key === 'data.format')?.text;
  if (typeof asked === 'string' && isDefinedFormat({ format: asked })) return { format: asked, path: dataset };
  const named = Object.keys(columns).length > 0 || overrides.some(({ key }) => key.startsWith('data.columns.'));
  if (asked === 'fuxictr' || (asked === undefined && (await isFuxiCtr(dataset))))
    return { format: 'fuxictr', path: dataset, columns };
  const isTable = asked === 'csv' || (asked === undefined && (named || (await looksLikeTable(dataset))));
  if (!isTable) return { format: 'files', path: dataset };
  return { format: 'csv', path: dataset, columns: { ...usualColumns, ...columns } };
}

/** Whether a folder or zip is in the layout of FuxiCTR. */
function isFuxiCtr(path: string): Promise<boolean> {
  return detectFormat(path).then(
    ({ format }) => format === 'fuxictr',
    () => false,
  );
}

/** Whether a file is a table of somebody's own, and not one of a published layout. */
async function looksLikeTable(path: string): Promise<boolean> {
  if (/\.(csv|tsv|txt|inter|jsonl|ndjson)(\.gz)?$|\.parquet$/i.test(path)) return !/ratings_[^/]*\.csv/i.test(path);
  if (!/\.(dat|data)(\.gz)?$/i.test(path)) return false;
  return detectFormat(path).then(
    () => false,
    () => true,
  );
}

async function fetchDataset(name: string, folder: string, progress: Progress): Promise<void> {
  if (!datasetNames().includes(name))
    throw new UsageError(`--download: expected a known data set; got "${name}"`, suggestion(name, datasetNames()));
  progress.start();
  const path = await download(name, folder, {
    onProgress: ({ bytes, totalBytes }) =>
      progress.update({
        label: `download ${name}, bytes`,
        done: bytes,
        total: totalBytes ?? bytes,
        fields: [formatBytes(bytes)],
      }),
  });
  progress.note(`${name} is at ${path}`);
}

export function renderData(summaries: readonly DataSummary[]): string {
  const [first] = summaries;
  const facts = Object.entries(first.statistics).map(
    ([name, value]) =>
      [name, typeof value === 'number' && Number.isInteger(value) ? formatCount(value) : String(value)] as const,
  );
  // The last step is the split's own, where there is one.
  const steps = first.problem === undefined ? first.steps.slice(0, -1) : first.steps;
  const splits = summaries.map((summary) => {
    if (summary.problem !== undefined)
      return `Split ${summary.split}: not possible\n${renderSentences([summary.problem])}`;
    const examples = Object.entries(summary.examples).map(([name, count]) => `${formatCount(count)} ${name}`);
    const said = [...summary.steps.slice(-1), ...summary.leakage];
    const parts = summary.parts === undefined ? '' : `${renderParts(summary.parts)}\n`;
    return `Split ${summary.split}: ${examples.join(', ')} examples\n${parts}${renderSentences(said)}`;
  });
  return [
    `${first.name}\n${renderPairs([...facts, ['digest', first.digest]])}`,
    ...(first.columns ? [`Columns\n${renderColumns(first.columns)}`] : []),
    `Events per user\n${renderHistogram(first.lengths)}`,
    `Processing\n${renderSentences(steps)}`,
    ...splits,
  ].join('\n\n');
}

function renderParts(parts: readonly PartSummary[]): string {
  const label = parts[0]?.label;
  const share = (of: number, all: number): string => (all === 0 ? '' : `${((100 * of) / all).toFixed(2)} %`);
  const table = renderTable(
    [
      { title: 'part' },
      { title: 'rows', align: 'right' },
      ...(label === undefined
        ? []
        : ([
            { title: `${label} above 0`, align: 'right' },
            { title: 'share', align: 'right' },
          ] as const)),
      { title: 'users', align: 'right' },
      { title: 'items', align: 'right' },
    ],
    parts.map(({ name, rows, positives, users, items }) => [
      name,
      formatCount(rows),
      ...(label === undefined ? [] : [formatCount(positives), share(positives, rows)]),
      formatCount(users),
      formatCount(items),
    ]),
  );
  return table.replace(/^/gm, '  ');
}

function renderColumns(columns: readonly ColumnSummary[]): string {
  return renderTable(
    [
      { title: 'table' },
      { title: 'column' },
      { title: 'kind' },
      { title: 'role' },
      { title: 'ids', align: 'right' },
      { title: 'missing', align: 'right' },
      { title: 'about' },
      { title: 'examples' },
    ],
    columns.map(({ table, name, kind, roles, vocabulary, missing, about, examples }) => [
      table,
      name,
      kind,
      roles,
      vocabulary === undefined ? '' : formatCount(vocabulary),
      missing === 0 ? '' : `${(100 * missing).toFixed(1)} %`,
      about,
      examples.map((example) => (example.length > 24 ? `${example.slice(0, 23)}…` : example)).join(', '),
    ]),
  );
}
