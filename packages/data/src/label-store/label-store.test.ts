import { readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../test/fixtures.ts';
import { labelOf } from '../examples/labels.ts';
import type { Interactions } from '../interactions.ts';
import { interactionsFromArrays } from '../sources/memory.ts';
import { joinLabels } from './join-labels.ts';
import { checkNewLabels, writeLabels } from './write-labels.ts';

const duckdb = await import('@duckdb/node-api').catch(() => undefined);
const DAY = 86_400;

/** Two rows are alike: one user, item and time. */
function data(rows = 12): Interactions {
  const at = (k: number): number => 1_600_000_000 + Math.floor(k / 4) * DAY;
  return interactionsFromArrays({
    name: 'clicks',
    users: Array.from({ length: rows }, (_, k) => `u"${k % 3}`),
    items: Array.from({ length: rows }, (_, k) => `i,${k === 3 ? 0 : k % 5}`),
    timestamps: Array.from({ length: rows }, (_, k) => at(k)),
    columns: { click: { kind: 'number', values: Array.from({ length: rows }, (_, k) => k % 2) } },
    labels: ['click'],
  });
}

const column = (i: Interactions, name: string): number[] => [...labelOf(i, name).values];

describe.skipIf(duckdb === undefined)('a store of labels', () => {
  const predictions = Float32Array.from({ length: 12 }, (_, k) => 1 / (3 + k));
  const written = async (events = Int32Array.from({ length: 12 }, (_, e) => e), teacher = 'run-1') => {
    const store = join(temporaryFolder(), 'labels');
    const columns = new Map([['click', predictions.slice(0, events.length)]]);
    await writeLabels(store, data(), { events, columns, teacher, trainedTo: 1_600_000_500 });
    return store;
  };

  it('gives every event its prediction back, bit for bit, as a label after those of the data', async () => {
    const store = await written();
    const joined = await joinLabels(data(), { store });
    expect(column(joined, 'teacher.click')).toEqual([...predictions]);
    expect(joined.roles.labels).toEqual(['click', 'teacher.click']);
    expect(joined.digest).not.toBe(data().digest);
    const { detail } = joined.steps[joined.steps.length - 1];
    expect(detail).toBe(
      'Predictions of run-1, trained to 2020-09-13T12:35:00.000Z, as teacher.click: of 12 of 12 events.',
    );
    expect(readdirSync(join(store, 'teacher=run-1')).sort()).toEqual([
      'day=2020-09-13',
      'day=2020-09-14',
      'day=2020-09-15',
    ]);
  });

  it('refuses labels of the names of its own columns', async () => {
    const events = Int32Array.of(0);
    for (const name of ['time', 'Day']) {
      const columns = new Map([[name, Float32Array.of(1)]]);
      await expect(
        writeLabels(temporaryFolder(), data(), { events, columns, teacher: 'run-1', trainedTo: 1 }),
      ).rejects.toThrow(
        `writeLabels: expected labels beside the columns of a store, user, item, time, nth, trained_to, trained_on, day, teacher; got ${name}; give the head another name`,
      );
    }
  });

  it('refuses labels that DuckDB takes for one', async () => {
    const labels = ['click', 'buy', 'Click'];
    await expect(checkNewLabels(temporaryFolder(), { teacher: 'run-1', labels })).rejects.toThrow(
      'writeLabels: expected labels that differ in more than small and large letters; got click and Click',
    );
  });

  it('keeps of a teacher to when it was trained, where there are times, and whether on these events', async () => {
    const teacherOf = async (store: string, given = data()) => (await joinLabels(given, { store })).steps.at(-1);
    expect((await teacherOf(await written()))?.teacher).toEqual({
      name: 'run-1',
      columns: ['teacher.click'],
      trainedTo: 1_600_000_500,
      trainedOn: true,
    });
    const columns = new Map([['click', predictions]]);
    const store = temporaryFolder();
    const later = { events: Int32Array.of(3), columns, teacher: 'run-2', trainedTo: 7, trainedOn: false };
    await writeLabels(store, data(), later);
    expect((await teacherOf(store))?.teacher).toMatchObject({ trainedTo: 7, trainedOn: false });
    const timeless = await teacherOf(store, { ...data(), hasTimestamps: false });
    expect(timeless?.teacher).not.toHaveProperty('trainedTo');
    expect(timeless?.detail).toMatch(/^Predictions of run-2, as teacher\.click/);
  });

  it('does not say of a store from before it said so whether its teacher was trained on these events', async () => {
    const store = await written();
    const instance = await duckdb?.DuckDBInstance.create();
    const connection = await instance?.connect();
    for (const day of readdirSync(join(store, 'teacher=run-1'))) {
      const folder = join(store, 'teacher=run-1', day);
      const [file] = readdirSync(folder).map((name) => join(folder, name));
      await connection?.run(`COPY (SELECT * EXCLUDE trained_on FROM read_parquet('${file}', hive_partitioning = false))
        TO '${file}.new' (FORMAT parquet)`);
      renameSync(`${file}.new`, file);
    }
    connection?.closeSync();
    const joined = await joinLabels(data(), { store });
    expect(column(joined, 'teacher.click')).toEqual([...predictions]);
    expect(joined.steps.at(-1)?.teacher).toEqual({
      name: 'run-1',
      columns: ['teacher.click'],
      trainedTo: 1_600_000_500,
    });
  });

  it('holds no map of all rows, of which there may be more than a map takes', async () => {
    const set = Map.prototype.set;
    let most = 0;
    const rows = 600;
    const given = data(rows);
    const columns = new Map([['click', Float32Array.from({ length: rows }, (_, e) => e / rows)]]);
    const store = temporaryFolder();
    const spied = vi.spyOn(Map.prototype, 'set').mockImplementation(function (this: Map<unknown, unknown>, key, value) {
      set.call(this, key, value);
      most = Math.max(most, this.size);
      return this;
    });
    const events = Int32Array.from({ length: rows }, (_, e) => e);
    await writeLabels(store, given, { events, columns, teacher: 'run-1', trainedTo: 1 });
    const joined = await joinLabels(given, { store });
    spied.mockRestore();
    expect(column(joined, 'teacher.click')).toEqual([...(columns.get('click') as Float32Array)]);
    expect(most).toBeLessThan(rows / 2);
  });

  it('is joined by who, what and when: other data find their rows, a missing day leaves gaps', async () => {
    const store = await written();
    rmSync(join(store, 'teacher=run-1', 'day=2020-09-14'), { recursive: true });
    const joined = await joinLabels(data(), { store, prefix: 'other' });
    const { timestamps } = joined;
    for (const [e, value] of column(joined, 'other.click').entries()) {
      const isGone = Math.floor((timestamps[e] - 1_600_000_000) / DAY) === 1;
      expect(Number.isNaN(value)).toBe(isGone);
      if (!isGone) expect(value).toBe(predictions[e]);
    }
    // Fewer rows, whose events have other numbers.
    const part = await joinLabels(data(8), { store: await written() });
    const whole = await joinLabels(data(), { store: await written() });
    const known = new Set(column(whole, 'teacher.click'));
    for (const value of column(part, 'teacher.click')) expect(known.has(value)).toBe(true);
    expect(new Set(column(part, 'teacher.click')).size).toBe(8);
  });

  it('scales predictions, and holds probabilities at 1', async () => {
    const joined = await joinLabels(data(), { store: await written(), scale: 3.5 });
    expect(column(joined, 'teacher.click').slice(0, 2)).toEqual([1, Math.fround(3.5 * predictions[1])]);
  });

  it('leaves events that nobody has answered', async () => {
    const joined = await joinLabels(data(), { store: await written(Int32Array.of(2, 5)) });
    expect(column(joined, 'teacher.click').flatMap((value, e) => (Number.isNaN(value) ? [] : [e]))).toEqual([2, 5]);
  });

  it('refuses what is there, what is not, and names that are none', async () => {
    const store = await written();
    const labels = { events: Int32Array.of(0), columns: new Map([['click', predictions]]), trainedTo: 0 };
    await expect(writeLabels(store, data(), { ...labels, teacher: 'run-1' })).rejects.toThrow(
      'writeLabels: expected no labels of run-1 yet; got ',
    );
    await expect(writeLabels(store, data(), { ...labels, teacher: 'a/b' })).rejects.toThrow(
      'writeLabels: expected a name of letters, digits, dots and dashes; got a/b',
    );
    await writeLabels(store, data(), { ...labels, teacher: 'run-2' });
    await expect(joinLabels(data(), { store })).rejects.toThrow(
      /expected a store of one teacher, or the name of one in .*; got run-1, run-2/,
    );
    await expect(joinLabels(data(), { store, teacher: 'run-3' })).rejects.toThrow(
      /expected labels of run-3 in .*; got run-1, run-2/,
    );
    expect(
      column(await joinLabels(data(), { store, teacher: 'run-2' }), 'teacher.click').filter(Number.isFinite),
    ).toEqual([predictions[0]]);
  });
});
