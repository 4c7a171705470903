import { formatCount, formatMetric } from '../../terminal/format.ts';
import { renderTable } from '../../terminal/table.ts';
import type { WindowTests } from './window-tests.ts';

/** A table for people: its columns, numbers right, and its rows. */
export interface TextTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The three sets, a row each. */
export function setTable({ sets }: WindowTests): TextTable {
  const present = Object.entries(sets);
  const names = Object.keys(present[0]?.[1].metrics ?? {});
  return {
    columns: ['test set', 'queries', ...names],
    rows: present.map(([name, { metrics, queries }]) => [
      name,
      formatCount(queries),
      ...names.map((metric) => (metric === 'perplexity' ? metrics[metric].toFixed(1) : formatMetric(metrics[metric]))),
    ]),
  };
}

/** Same-genre neighbours by popularity decile; absent without categories. */
export function itemTable({ items }: WindowTests): TextTable | undefined {
  if (items === undefined) return undefined;
  const names = Object.keys(items.metrics);
  const row = (label: string, events: string, metrics: Readonly<Record<string, number>>) => [
    label,
    events,
    ...names.map((metric) => formatMetric(metrics[metric])),
  ];
  return {
    columns: ['items', 'training events', ...names],
    rows: [
      ...items.deciles.map(({ metrics, events }, d) =>
        row(`decile ${d + 1}`, `${formatCount(events[0])}-${formatCount(events[1])}`, metrics),
      ),
      row(`all ${formatCount(items.numQueries)}`, '', items.metrics),
    ],
  };
}

export function renderWindowTests(tests: WindowTests): string {
  const tables = [setTable(tests), itemTable(tests)].filter((table) => table !== undefined);
  return tables
    .map(({ columns, rows }) =>
      renderTable(
        columns.map((title, i) => ({ title, align: i === 0 ? ('left' as const) : ('right' as const) })),
        rows,
      ),
    )
    .join('\n\n');
}
