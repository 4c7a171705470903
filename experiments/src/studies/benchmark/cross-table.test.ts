import { expect, it } from 'vitest';
import { crossTable } from './cross-table.ts';
import type { GridRow } from './result.ts';

const row = (model: string, loss: string, seed: number, value: number, more: Partial<GridRow> = {}): GridRow => ({
  ...{ data: 'small', protocol: 'last', test: '', row: `${model}, ${loss}`, model, loss, seed },
  ...{ isBaseline: false, metrics: { 'HR@10': value }, ranks: '' },
  ...more,
});

const grid = [
  ...[row('A', 'full', 1, 0.2), row('A', 'full', 2, 0.4)],
  ...[row('A', 'bce', 1, 0.1), row('B', 'full', 1, 0.5), row('B', 'bce', 1, 0.3)],
  row('B', 'bce', 1, 0.9, { retrained: true }),
  { ...row('', '', 1, 0.8), row: 'ease', isBaseline: true },
];

it('has the means over seeds by model and loss, and those of each over the other', () => {
  const { titles, rows } = crossTable('small, last', grid, 'HR@10');
  expect(titles).toEqual(['model', 'full', 'bce', 'mean']);
  expect(rows).toEqual([
    ['A', '.3000', '.1000', '.2000'],
    ['B', '.5000', '.3000', '.4000'],
    ['mean', '.4000', '.2000', '.3000'],
  ]);
});

it('has no mean of a part', () => {
  const part = grid.filter(({ model, loss }) => model !== 'B' || loss !== 'bce');
  expect(crossTable('small, last', part, 'HR@10').rows).toEqual([
    ['A', '.3000', '.1000', '.2000'],
    ['B', '.5000', '', ''],
    ['mean', '.4000', '', ''],
  ]);
});

it.each(['model', 'loss'] as const)('is empty for one %s', (key) => {
  const [first] = grid;
  expect(
    crossTable(
      'small, last',
      grid.filter((each) => each[key] === first[key]),
      'HR@10',
    ).rows,
  ).toEqual([]);
});
