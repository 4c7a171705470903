import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RunError } from '../../errors.ts';
import { makeFolder } from '../../run/folder/make-folder.ts';
import { formatBytes, formatCount } from '../../terminal/format.ts';
import { figures, type Listing } from '../../terminal/listing.ts';
import { Progress } from '../../terminal/progress.ts';
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

/** Who reads the events; `bare` is csv-parse alone, which counts them, and `open` takes the cache of the last one. */
export const contestants = ['bare', 'csv-parse', 'duckdb', 'parquet', 'open'] as const;
export type Contestant = (typeof contestants)[number];

export interface CsvBench {
  readonly rows: number;
  readonly bytes: number;
  readonly parquetBytes?: number;
  readonly users: number;
  readonly items: number;
  /** Without `duckdb` and `parquet` where DuckDB is not installed. */
  readonly results: Readonly<Partial<Record<Contestant, readonly CsvMeasurement[]>>>;
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
 * Writes a log of `rows` events, as CSV and as Parquet, and reads it in turn by csv-parse alone, then as
 * a data set (ids coded, sorted, digested, cached) by csv-parse and by DuckDB, then from the cache, each
 * in a process of its own.
 *
 * @throws {RunError} where two contestants give another data set
 */
export async function benchCsv(request: CsvBenchRequest): Promise<CsvBench> {
  const { rows, users, items, rounds, folder, quiet } = request;
  const place = folder ?? mkdtempSync(join(tmpdir(), 'seqrec-csv-'));
  makeFolder(place);
  const file = join(place, `log-${rows}-${users}-${items}.csv`);
  const parquet = file.replace(/csv$/, 'parquet');
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
    const withDuckdb = existsSync(parquet) || (await writeParquet(file, parquet));
    if (!withDuckdb) progress.note('DuckDB is not installed (@duckdb/node-api): csv-parse alone is measured');
    const taking = contestants.filter((role) => withDuckdb || (role !== 'duckdb' && role !== 'parquet'));
    const results: Partial<Record<Contestant, CsvMeasurement[]>> = {};
    for (let round = 0; round < rounds; round++) {
      for (const role of taking) {
        progress.note(`round ${round + 1} of ${rounds}: ${role}`);
        if (role !== 'open') rmSync(cache, { recursive: true, force: true });
        const measured = contestant(
          role,
          role === 'parquet' || (role === 'open' && withDuckdb) ? parquet : file,
          cache,
          quiet,
        );
        results[role] = [...(results[role] ?? []), measured];
      }
    }
    checkDigests(results);
    const sizes = { bytes: statSync(file).size, ...(withDuckdb && { parquetBytes: statSync(parquet).size }) };
    return { rows, ...sizes, users, items, results };
  } finally {
    rmSync(folder === undefined ? place : cache, { recursive: true, force: true });
  }
}

/** The same rows as Parquet; false where DuckDB is not there to write them. */
async function writeParquet(file: string, parquet: string): Promise<boolean> {
  const duckdb = await import('@duckdb/node-api').catch(() => undefined);
  if (duckdb === undefined) return false;
  const instance = await duckdb.DuckDBInstance.create(':memory:', { memory_limit: '1GB' });
  const connection = await instance.connect();
  const text = (path: string): string => `'${path.replaceAll("'", "''")}'`;
  await connection.run(`COPY (SELECT * FROM read_csv(${text(file)})) TO ${text(parquet)} (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
  return true;
}

function checkDigests(results: CsvBench['results']): void {
  const found = new Map<string, string>();
  for (const [role, all] of Object.entries(results)) {
    for (const { digest } of all) if (digest !== undefined && !found.has(digest)) found.set(digest, role);
  }
  if (found.size <= 1) return;
  const told = [...found].map(([digest, role]) => `${role} ${digest.slice(0, 12)}`).join(', ');
  throw new RunError(`bench csv: expected the same data set from all; got ${told}`);
}

function contestant(role: Contestant, file: string, cache: string, quiet: boolean): CsvMeasurement {
  const script = fileURLToPath(new URL('./csv-contestant.ts', import.meta.url));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@seqrec/source', '--disable-warning=ExperimentalWarning', script, role, file, cache],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', quiet ? 'pipe' : 'inherit'] },
  );
  if (status !== 0) throw new RunError(`bench csv: ${role} failed: ${stderr?.trim() || `exit ${status}`}`);
  return JSON.parse(stdout) as CsvMeasurement;
}

const names: Readonly<Record<Contestant, string>> = {
  bare: 'csv-parse alone, rows counted',
  'csv-parse': 'CSV by csv-parse',
  duckdb: 'CSV by DuckDB',
  parquet: 'Parquet by DuckDB',
  open: 'from the cache',
};

export function listCsvBench(bench: CsvBench): Listing {
  const taking = contestants.filter((role) => bench.results[role] !== undefined);
  const of = (role: Contestant): readonly CsvMeasurement[] => bench.results[role] ?? [];
  const seconds = (role: Contestant): number => median(of(role).map((each) => each.seconds));
  const readSeconds = (role: Contestant): string => {
    const all = of(role).flatMap((each) => (each.readSeconds === undefined ? [] : [each.readSeconds]));
    return all.length === 0 || role === 'open' ? '' : median(all).toFixed(2);
  };
  const rows = taking.map((role) => [
    names[role],
    readSeconds(role),
    role === 'open' ? `${(1000 * seconds(role)).toFixed(0)} ms` : seconds(role).toFixed(2),
    role === 'open' ? '' : formatCount(bench.rows / seconds(role)),
    role === 'open' ? '' : (seconds(role) / seconds('csv-parse')).toFixed(2),
    cpu(of(role)),
    formatBytes(Math.max(...of(role).map((each) => each.peakBytes))),
  ]);
  const touched = `${(1000 * median(of('open').map((each) => each.touchedSeconds ?? Number.NaN))).toFixed(0)} ms`;
  const parquet = bench.parquetBytes === undefined ? '' : ` (Parquet ${formatBytes(bench.parquetBytes)})`;
  const size = `${formatCount(bench.rows)} rows, ${formatBytes(bench.bytes)}${parquet}, ${formatCount(bench.users)} users`;
  const pairs = [
    ['file', size],
    ['rounds, medians of', String(of('csv-parse').length)],
    ['cache, every column looked at after', touched],
  ] as const;
  const head = [
    'ids coded, sorted, digested, cached',
    'rows read, s',
    'seconds',
    'rows/s',
    'of csv-parse',
    'CPU s',
    'peak memory',
  ];
  return [{ pairs }, figures(head, rows)];
}

function cpu(all: readonly CsvMeasurement[]): string {
  return median(all.map((each) => each.cpu)).toFixed(1);
}
