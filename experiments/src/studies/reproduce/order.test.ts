import { expect, it } from 'vitest';
import { orderSections, pairDifferences } from './order.ts';
import type { SeedRun } from './seeds.ts';
import { defineTable } from './table.ts';

const rows = ['a', 'b', 'c', 'd'].map((name) => ({ name, recipe: name, paper: {} }));
const about = { title: 't', source: 's', notes: [], rows, claims: [] };
const table = defineTable({
  ...about,
  metrics: ['AUC', 'logloss'],
  lowerIsBetter: ['logloss'],
  ordered: ['AUC', 'logloss'],
});

/** Runs of seeds 1, 2, ...; the log loss is one less the AUC. */
const runsOf = (row: string, aucs: readonly number[]): SeedRun[] =>
  aucs.map((AUC, i) => ({ row, seed: i + 1, run: `${row}-${i}`, metrics: { AUC, logloss: 1 - AUC } }));
// Seeds move all rows together: b is .01 ahead of a in each, c anywhere.
const runs = [...runsOf('a', [0.8, 0.85, 0.9]), ...runsOf('b', [0.81, 0.861, 0.909]), ...runsOf('c', [0.9, 0.8, 0.87])];

it('differences are paired by seed, with the interval of their mean', () => {
  const found = pairDifferences(table, runs, 'AUC').find(({ row, other }) => row === 'b' && other === 'a');
  expect(found?.mean).toBeCloseTo(0.01, 9);
  // Differences .01, .011 and .009: a deviation of .001, over the root of three, times 4.303.
  expect(found?.half).toBeCloseTo((0.001 / Math.sqrt(3)) * 4.303, 9);
});

it.each(['AUC', 'logloss'])('says of every row what it beats beyond noise, the best first: %s', (metric) => {
  const section = orderSections(table, runs).find(({ title }) => title === `What beats what, ${metric}`);
  expect(section?.rows).toEqual([
    ['b', 'a', 'c', '-'],
    ['c', '-', 'a, b', '-'],
    ['a', '-', 'c', 'b'],
  ]);
});

it('says nothing of single seeds, and nothing where a table does not ask', () => {
  expect(orderSections(table, [...runsOf('a', [0.8]), ...runsOf('d', [0.9])])).toMatchObject([
    { rows: [] },
    { rows: [] },
  ]);
  expect(orderSections({ ...table, ordered: undefined } as never, runs)).toEqual([]);
});

it('compares on metrics of the table alone', () => {
  expect(() => defineTable({ ...table, ordered: ['NDCG'] })).toThrow(
    'table: ordered: expected a metric of the table; got NDCG',
  );
});
