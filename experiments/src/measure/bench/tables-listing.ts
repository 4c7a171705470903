import { formatBytes, formatCount, formatDuration } from '../../terminal/format.ts';
import { figures, type Listing, lines } from '../../terminal/listing.ts';
import { median } from './statistics.ts';
import { MODEL_STEP } from './table-steps.ts';
import type { TablesBench } from './tables.ts';

/** What torchrec's embedding offloading published: a model 37 times as large trains 26 % slower. */
const PUBLISHED = 'torchrec publishes 26 % for tables 37 times as large in the memory of the host behind a GPU';

export function listTablesBench(bench: TablesBench): Listing {
  const { rows, width, recordBytes, cacheRows, zipf, ids, backend, hitRate, file, equal, model } = bench;
  const perStep = (count: number): string => formatCount(Math.round(count / file.steps));
  const pairs = [
    ['table', `${formatCount(rows)} rows of ${width}, ${recordBytes} bytes a row with its moments`],
    ['cache', `${formatCount(cacheRows)} rows (${share(cacheRows / rows)}), ${formatBytes(cacheRows * recordBytes)}`],
    ['ids', `Zipf ${zipf}, ${formatCount(ids)} a step, popular rows all over the file`],
    ['backend', backend],
    ['hit rate', `${share(hitRate.lookups)} of lookups, ${share(hitRate.distinct)} of the distinct rows of a step`],
    ['bits', `${formatCount(equal.rows)} rows equal those in memory after ${equal.steps} steps`],
    ['file', `${formatBytes(file.bytes)}, ${formatBytes(file.bytesOnDisk)} of them on the disk`],
    [
      'rows moved a step',
      `${perStep(file.rowsRead)} read, ${perStep(file.rowsMade)} made, ${perStep(file.rowsWritten)} written; ${formatBytes((512 * file.blocksFromDisk) / file.steps)} came from the disk, the rest from the page cache of the system`,
    ],
    ['cache filled, table flushed', `${formatDuration(file.fillSeconds)}, ${formatDuration(file.flushSeconds)}`],
  ] as const;
  const inMemory = median(bench.contestants[0].milliseconds);
  const tables = bench.contestants.map(({ name, rows: own, milliseconds, distinct }) => {
    const ms = median(milliseconds);
    return [
      name,
      formatCount(own),
      ms.toFixed(1),
      Math.min(...milliseconds).toFixed(1),
      formatCount(Math.round((1000 * ids) / ms)),
      formatCount(Math.round((1000 * distinct) / ms)),
      (ms / inMemory).toFixed(2),
    ];
  });
  const modelInMemory = median(model.contestants[0].milliseconds);
  const steps = model.contestants.map(({ name, rows: own, milliseconds }) => {
    const ms = median(milliseconds);
    return [
      name,
      formatCount(own),
      ms.toFixed(1),
      Math.min(...milliseconds).toFixed(1),
      formatCount(Math.round((1000 * MODEL_STEP.batchSize) / ms)),
      slower(ms / modelInMemory),
    ];
  });
  const prefetched = median(model.contestants.at(-1)?.milliseconds ?? []);
  return [
    { pairs },
    figures(
      ['who stays in the cache', 'hit rate'],
      bench.policies.map(({ policy, hitRate: rate }) => [policy, share(rate)]),
    ),
    figures(['rows read and updated', 'rows', 'median ms', 'min ms', 'lookups/s', 'updates/s', 'ratio'], tables),
    figures(['a step of DCN-V2, item table', 'rows', 'median ms', 'min ms', 'examples/s', 'slower'], steps),
    ...lines(
      `${formatCount(MODEL_STEP.batchSize)} examples a step; hit rate ${share(model.hitRate.lookups)} of items, ${share(model.hitRate.distinct)} of distinct items`,
      `a table ${formatCount(Math.round(rows / model.contestants[0].rows))} times as large trains ${slower(prefetched / modelInMemory)} slower; ${PUBLISHED}`,
    ),
  ];
}

function share(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}

function slower(ratio: number): string {
  return `${(100 * (ratio - 1)).toFixed(0)} %`;
}
