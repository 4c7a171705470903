import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RunError } from '../errors.ts';
import { makeFolder } from '../runs/make-folder.ts';
import { formatBytes, formatCount } from '../terminal/format.ts';
import { figures, type Listing } from '../terminal/listing.ts';
import { Progress } from '../terminal/progress.ts';
import { writeEventLog } from './event-log.ts';
import { median } from './statistics.ts';

/** What one process measured. */
export interface CsvMeasurement {
  readonly rows: number;
  readonly seconds: number;
  /** Until the last row was read, without sorting, digest and cache. */
  readonly readSeconds?: number;
  /** Until every column was looked at once. */
  readonly touchedSeconds?: number;
  readonly digest?: string;
  readonly peakBytes: number;
  /** Processor seconds of all threads. */
  readonly cpu: number;
}

export interface CsvBench {
  readonly rows: number;
  readonly bytes: number;
  readonly users: number;
  readonly items: number;
  readonly bare: readonly CsvMeasurement[];
  readonly load: readonly CsvMeasurement[];
  readonly open: readonly CsvMeasurement[];
}

export interface CsvBenchRequest {
  readonly rows: number;
  readonly users: number;
  readonly items: number;
  readonly rounds: number;
  /** Folder for the file, which is kept there and used again; a temporary one that is removed when absent. */
  readonly folder?: string;
  readonly quiet: boolean;
}

/**
 * Writes a log of `rows` events and reads it in turn with csv-parse alone and with `loadDataset`, then opens the cache,
 * each in a process of its own.
 */
export async function benchCsv(request: CsvBenchRequest): Promise<CsvBench> {
  const { rows, users, items, rounds, folder, quiet } = request;
  const place = folder ?? mkdtempSync(join(tmpdir(), 'seqrec-csv-'));
  makeFolder(place);
  const file = join(place, `log-${rows}-${users}-${items}.csv`);
  const cache = mkdtempSync(join(place, 'cache-'));
  const progress = new Progress({ quiet });
  try {
    if (!existsSync(file)) {
      progress.start();
      await writeEventLog(file, { rows, users, items, seed: 1 }, (done) =>
        progress.update({ label: `write ${file}, rows`, done, total: rows, fields: [] }),
      );
      progress.clear();
    }
    const results = { bare: [] as CsvMeasurement[], load: [] as CsvMeasurement[], open: [] as CsvMeasurement[] };
    const run = (role: keyof typeof results) => {
      progress.note(`round ${results[role].length + 1} of ${rounds}: ${role}`);
      results[role].push(contestant(role, file, cache, quiet));
    };
    for (let round = 0; round < rounds; round++) {
      run('bare');
      rmSync(cache, { recursive: true, force: true });
      run('load');
      run('open');
    }
    return { rows, bytes: statSync(file).size, users, items, ...results };
  } finally {
    rmSync(folder === undefined ? place : cache, { recursive: true, force: true });
  }
}

function contestant(role: string, file: string, cache: string, quiet: boolean): CsvMeasurement {
  const script = fileURLToPath(new URL('./csv-contestant.ts', import.meta.url));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@seqrec/source', '--disable-warning=ExperimentalWarning', script, role, file, cache],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', quiet ? 'pipe' : 'inherit'] },
  );
  if (status !== 0) throw new RunError(`bench csv: ${role} failed: ${stderr?.trim() || `exit ${status}`}`);
  return JSON.parse(stdout) as CsvMeasurement;
}

export function listCsvBench(bench: CsvBench): Listing {
  const rates = (seconds: readonly number[]): number => bench.rows / median(seconds);
  const bare = rates(bench.bare.map((each) => each.seconds));
  const peak = (all: readonly CsvMeasurement[]) => formatBytes(Math.max(...all.map((each) => each.peakBytes)));
  const line = (name: string, seconds: readonly number[], memory: string): string[] => [
    name,
    median(seconds).toFixed(2),
    formatCount(rates(seconds)),
    `${((100 * rates(seconds)) / bare).toFixed(0)} %`,
    memory,
  ];
  const opened = (of: 'seconds' | 'touchedSeconds') =>
    `${(1000 * median(bench.open.map((each) => each[of] ?? Number.NaN))).toFixed(0)} ms`;
  const of = (all: readonly CsvMeasurement[], key: 'seconds' | 'readSeconds') =>
    all.map((each) => each[key] ?? Number.NaN);
  const rows = [
    line('csv-parse alone', of(bench.bare, 'seconds'), peak(bench.bare)),
    line('seqrec: rows read', of(bench.load, 'readSeconds'), ''),
    line('seqrec: sorted, digested, cached', of(bench.load, 'seconds'), peak(bench.load)),
  ];
  const pairs = [
    ['file', `${formatCount(bench.rows)} rows, ${formatBytes(bench.bytes)}, ${formatCount(bench.users)} users`],
    ['rounds, medians of', String(bench.bare.length)],
    ['processor seconds', `csv-parse ${cpu(bench.bare)}, seqrec ${cpu(bench.load)}`],
    ['cache opened in', `${opened('seconds')}; every column looked at after ${opened('touchedSeconds')}`],
    ['peak memory, opened', peak(bench.open)],
  ] as const;
  return [{ pairs }, figures(['', 'seconds', 'rows/s', 'of csv-parse', 'peak memory'], rows)];
}

function cpu(all: readonly CsvMeasurement[]): string {
  return median(all.map((each) => each.cpu)).toFixed(1);
}
