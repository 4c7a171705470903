import { existsSync } from 'node:fs';
import { datasetNames, download, type Interactions } from '@seqrec/data';
import type { DataConfig } from '../config/schema.ts';
import { UsageError } from '../errors.ts';
import type { DataSummary } from '../runs/data-summary.ts';
import { suggestion } from '../suggest.ts';
import { formatBytes, formatCount } from '../terminal/format.ts';
import { renderHistogram } from '../terminal/histogram.ts';
import type { Progress } from '../terminal/progress.ts';
import { renderPairs } from '../terminal/table.ts';
import { summariseData } from './data-summary.ts';
import { dataFolder, loadInteractions, splitBy } from './dataset.ts';

export interface DescribeRequest {
  /** A known name, or a file or folder. */
  readonly dataset: string;
  readonly folder?: string;
  readonly download: boolean;
  readonly lenient: boolean;
  readonly columns: Extract<DataConfig, { format: 'csv' }>['columns'];
  readonly timeUnit?: 's' | 'ms' | 'iso';
  readonly progress: Progress;
}

const protocols = ['leave-last-out', 'train-test', 'global-time'] as const;

/** A data set under every split. */
export async function describeData(request: DescribeRequest): Promise<DataSummary[]> {
  const interactions = await readRequested(request);
  return protocols
    .filter((protocol) => protocol !== 'global-time' || interactions.hasTimestamps)
    .map((protocol) => summariseData(splitBy(protocol, interactions)));
}

/** Reads the data set of a request, after fetching it if asked. */
export async function readRequested(request: DescribeRequest): Promise<Interactions> {
  const folder = dataFolder(request.folder);
  if (request.download) await fetchDataset(request.dataset, folder, request.progress);
  return loadInteractions(configOf(request), folder, request.progress);
}

function configOf({
  dataset,
  columns,
  lenient,
  timeUnit,
}: DescribeRequest): Exclude<DataConfig, { format: 'synthetic' }> {
  const split = 'leave-last-out';
  if (datasetNames().includes(dataset)) return { format: 'named', name: dataset, split };
  if (!existsSync(dataset))
    throw new UsageError(
      `seqrec data: expected a known data set or a file; got "${dataset}"`,
      suggestion(dataset, datasetNames()),
    );
  const isTable = /\.(csv|tsv|txt|inter)(\.gz)?$/i.test(dataset) && !/ratings_[^/]*\.csv/i.test(dataset);
  return isTable
    ? { format: 'csv', path: dataset, columns, lenient, timeUnit, split }
    : { format: 'files', path: dataset, split };
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
  // The last step is the split's own.
  const steps = first.steps.slice(0, -1).map((step) => `  ${step}`);
  const splits = summaries.map((summary) => {
    const examples = Object.entries(summary.examples).map(([name, count]) => `${formatCount(count)} ${name}`);
    return `Split ${summary.split}: ${examples.join(', ')} examples\n${summary.leakage.map((line) => `  ${line}`).join('\n')}`;
  });
  return [
    `${first.name}\n${renderPairs([...facts, ['digest', first.digest]])}`,
    `Events per user\n${renderHistogram(first.lengths)}`,
    `Processing\n${steps.join('\n')}`,
    ...splits,
  ].join('\n\n');
}
