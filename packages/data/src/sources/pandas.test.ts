import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type CsvSource, loadDataset } from '../index.ts';

const duckdb = await import('@duckdb/node-api').catch(() => undefined);

// Written by packages/data/test/pandas/make.py.
const file = (name: string) => fileURLToPath(new URL(`../../test/pandas/${name}`, import.meta.url));

const read = (name: string, options: Partial<CsvSource> = {}) =>
  loadDataset({
    format: 'csv',
    path: file(name),
    columns: { user: 'user', item: 'item', time: 'at' },
    further: {
      price: { kind: 'number' },
      clicks: { kind: 'number' },
      genre: { kind: 'id' },
      bought: { kind: 'number' },
    },
    labels: ['bought'],
    ...options,
  });

describe('what pandas writes by default', () => {
  it('is a table with every row, its times and what is missing', async () => {
    const { numEvents, users, timestamps, events } = await read('plain.csv');
    expect(numEvents).toBe(40);
    expect(users.external(0)).toBe('u1');
    expect(timestamps.every((time) => time >= 1_300_000_000 && time < 1_300_001_481)).toBe(true);
    expect(timestamps.some((time) => time % 1 > 0)).toBe(true);
    const { clicks, genre, bought } = Object.fromEntries(events.columns);
    expect(clicks?.kind === 'number' && clicks.values.filter(Number.isNaN).length).toBe(8);
    expect(genre?.kind === 'id' && [genre.ids.size, genre.values.filter((id) => id === 0).length]).toEqual([3, 4]);
    expect(bought?.kind === 'number' && new Set(bought.values)).toEqual(new Set([0, 1]));
  });

  it('to_csv: by csv-parse', async () => {
    const { digest } = await read('plain.csv');
    expect((await read('pandas.csv', { timeUnit: 'iso', reader: 'csv-parse' })).digest).toBe(digest);
  });

  it.skipIf(duckdb === undefined)('to_csv and to_parquet: by DuckDB, as columns', async () => {
    const { digest } = await read('plain.csv');
    for (const [name, options] of [
      ['pandas.csv', { timeUnit: 'iso', reader: 'duckdb' }],
      ['pandas.parquet', {}],
    ] as const) {
      const found = await read(name, options);
      expect(found.digest, name).toBe(digest);
      expect(found.steps[0].detail).toContain('by DuckDB');
    }
  });
});
