// One contestant of `seqrec bench csv`, in a process of its own, so that its memory is its own too:
// csv-contestant.ts bare|csv-parse|duckdb|parquet|open FILE CACHE_FOLDER. Prints one line of JSON.
import { createReadStream } from 'node:fs';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { loadDataset } from '@seqrec/data';
import { parse } from 'csv-parse';
import { Progress } from '../../terminal/progress.ts';
import type { CsvMeasurement } from './csv.ts';

const [role, path, cacheDir] = process.argv.slice(2);
const start = performance.now();
const seconds = () => (performance.now() - start) / 1000;
let result: Pick<CsvMeasurement, 'rows'> & Partial<CsvMeasurement>;

if (role === 'bare') result = { rows: await countRows() };
else {
  const progress = new Progress({ quiet: role === 'open' });
  let readSeconds = 0;
  progress.start();
  const log = await loadDataset(
    {
      format: 'csv',
      path,
      ...(role === 'csv-parse' || role === 'duckdb' ? { reader: role } : {}),
      columns: { user: 'userId', item: 'movieId', rating: 'rating', time: 'timestamp' },
    },
    {
      cacheDir,
      onProgress({ rows, totalRows = rows }) {
        readSeconds = seconds();
        progress.update({ label: 'read, rows', done: rows, total: totalRows });
      },
    },
  );
  progress.clear();
  const loaded = seconds();
  const { detail, notes = [] } = log.steps[0];
  if (role === 'duckdb' && !detail.includes(' by DuckDB')) throw new Error(notes.join(' ') || 'DuckDB did not read it');
  const sum = log.itemIds[log.numEvents - 1] + log.timestamps[0] + (log.ratings?.[0] ?? 0);
  result = { rows: log.numEvents, seconds: loaded, readSeconds, touchedSeconds: seconds(), digest: log.digest };
  if (!Number.isFinite(sum)) throw new Error('a column is not there');
}
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
const measured = { seconds: seconds(), ...result, peakBytes: maxRSS * 1024, cpu: (userCPUTime + systemCPUTime) / 1e6 };
console.log(JSON.stringify(measured));

/** csv-parse alone, with the options the reader needs to give the same rows, counting them. */
async function countRows(): Promise<number> {
  let rows = -1;
  const parser = parse({
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
    on_record: () => {
      rows++;
      return null;
    },
  });
  const sink = new Writable({ objectMode: true, write: (_record, _encoding, done) => done() });
  await pipeline(createReadStream(path, { highWaterMark: 1 << 18 }), parser, sink);
  return rows;
}
