import { expect, it } from 'vitest';
import { COLD_METRICS } from './cold-items.ts';
import { namedMetrics } from './future-metrics.ts';
import { loadTable, tableNames } from './load-table.ts';
import { FUTURE_METRICS } from './table.ts';

const cadence = (recall: number) => ({ metrics: { 'Recall@10': recall, 'P90Coverage@10': recall / 10 } });

it('one vector gives recall and coverage, the others recall; kept daily is their ratio', () => {
  const metrics = namedMetrics({ once: cadence(0.2), daily: cadence(0.3), realtime: cadence(0.4) });
  expect(metrics).toEqual({
    'Recall@10': 0.2,
    'P90Coverage@10': 0.02,
    'Recall@10, daily': 0.3,
    'Recall@10, real time': 0.4,
    'kept daily': 0.3 / 0.4,
  });
  expect(namedMetrics({ once: cadence(0), daily: cadence(0), realtime: cadence(0) })['kept daily']).toBe(0);
  expect(Object.keys(metrics).filter((name) => !(FUTURE_METRICS as readonly string[]).includes(name))).toEqual([]);
});

it('tables over a window of the future name its metrics', async () => {
  const tables = await Promise.all(tableNames().map(loadTable));
  const windows = tables.filter((table) => table.future !== undefined);
  expect(windows.length).toBeGreaterThan(0);
  for (const { metrics, coldItems } of windows) {
    const known: readonly string[] = [...FUTURE_METRICS, 'HR@10', 'NDCG@10', ...(coldItems ? COLD_METRICS : [])];
    expect(metrics.filter((name) => !known.includes(name))).toEqual([]);
    expect(metrics.some((name) => (FUTURE_METRICS as readonly string[]).includes(name))).toBe(true);
  }
});
