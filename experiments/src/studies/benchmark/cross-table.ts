import type { Section } from '../reproduce/section.ts';
import { short } from '../reproduce/verdict.ts';
import { meanOf } from './comparisons.ts';
import type { GridRow } from './result.ts';

/**
 * One metric of a table by model and loss, with the mean of each over the other, which says what matters more. A mean
 * is of all cells or empty. No rows where there are not several models and several losses.
 */
export function crossTable(title: string, table: readonly GridRow[], metric: string): Section {
  const own = table.filter(({ isBaseline, retrained }) => !isBaseline && retrained !== true);
  const models = [...new Set(own.map(({ model = '' }) => model))];
  const losses = [...new Set(own.map(({ loss = '' }) => loss))];
  const cell = (model: string, loss: string): number | undefined => {
    const rows = own.filter((row) => row.model === model && row.loss === loss);
    return rows.length === 0 ? undefined : meanOf(rows, metric);
  };
  const line = (name: string, cells: readonly (number | undefined)[]) => [
    name,
    ...cells.map(shown),
    shown(meanOfAll(cells)),
  ];
  const byModel = models.map((model) => losses.map((loss) => cell(model, loss)));
  const means = losses.map((_, j) => meanOfAll(byModel.map((cells) => cells[j])));
  return {
    title: `${title}: by model and loss`,
    note: `${metric}, means over seeds; the last row and column are means over models and losses, where all are there.`,
    titles: ['model', ...losses, 'mean'],
    rows:
      models.length < 2 || losses.length < 2
        ? []
        : [...byModel.map((cells, i) => line(models[i], cells)), line('mean', means)],
  };
}

const shown = (value: number | undefined): string => (value === undefined ? '' : short(value));

function meanOfAll(values: readonly (number | undefined)[]): number | undefined {
  const there = values.filter((value) => value !== undefined);
  return there.length < values.length ? undefined : there.reduce((sum, value) => sum + value, 0) / there.length;
}
