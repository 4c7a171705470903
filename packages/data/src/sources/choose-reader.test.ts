import { describe, expect, it } from 'vitest';
import { temporaryFile } from '../../test/fixtures.ts';
import { duckdbFrom, loadDataset } from '../index.ts';
import { chooseReader } from './choose-reader.ts';

const duckdb = await import('@duckdb/node-api').catch(() => undefined);

describe('the reader of delimited text', () => {
  it('is csv-parse where it is asked for, for small files, and for packed ones', async () => {
    expect(await chooseReader('op', 'csv-parse', 2 * duckdbFrom)).toEqual({ reader: 'csv-parse' });
    expect(await chooseReader('op', 'auto', duckdbFrom - 1)).toEqual({ reader: 'csv-parse' });
    expect(await chooseReader('op', 'auto', 2 * duckdbFrom, false)).toEqual({ reader: 'csv-parse' });
  });

  it('is DuckDB for big ones where it is installed, else csv-parse with a note', async () => {
    const { reader, note } = await chooseReader('op', 'auto', duckdbFrom);
    expect(reader).toBe(duckdb === undefined ? 'csv-parse' : 'duckdb');
    if (duckdb === undefined) expect(note).toMatch(/DuckDB reads big files faster, and is not installed/);
  });

  it.skipIf(duckdb === undefined)('is found by size, and refused for a file that csv-parse cannot read', async () => {
    const row = (n: number) => `user-${n % 1000},item-${n % 77},${1_300_000_000 + n},${'x'.repeat(400)}\n`;
    const rows = Array.from({ length: 40_000 }, (_, n) => row(n)).join('');
    const columns = { user: 'u', item: 'i', time: 't' };
    const path = temporaryFile('big.csv', `u,i,t,x\n${rows}`);
    expect(rows.length).toBeGreaterThan(duckdbFrom);
    const seen: number[] = [];
    const onProgress = ({ rows: done, totalRows = 0 }: { rows: number; totalRows?: number }) => {
      seen.push(done, totalRows);
    };
    const big = await loadDataset({ format: 'csv', path, columns }, { onProgress });
    expect(big.steps[0].detail).toMatch(/ by DuckDB \(\d threads?, at most 1GB of memory\)/);
    expect(seen.at(-2)).toBe(40_000);
    expect(Math.abs((seen.at(-1) ?? 0) / 40_000 - 1)).toBeLessThan(0.05);
    const small = await loadDataset({ format: 'csv', path, columns, reader: 'csv-parse' });
    expect(small.steps[0].detail).not.toContain('DuckDB');
    expect(small.digest).toBe(big.digest);
    const parquet = temporaryFile('e.parquet', 'PAR1');
    await expect(loadDataset({ format: 'csv', path: parquet, columns, reader: 'csv-parse' })).rejects.toMatchObject({
      key: 'reader',
      message: expect.stringContaining('expected reader auto or duckdb'),
    });
  });
});
