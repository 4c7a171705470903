import type { ReportTable } from '../study/report.ts';
import type { RequestCost } from './cost.ts';
import type { Age } from './points.ts';

/** What each way to answer costs, on the path of a request and with what runs apart from it. */
export function costTable({ longFull, longCached, small, pair }: RequestCost, ages: readonly Age[]): ReportTable {
  const ms = (value: number): string => value.toFixed(3);
  const row = (name: string, path: number, apart: number): string[] => [
    name,
    ms(path),
    ms(apart),
    ms(path + apart),
    ((path + apart) / small).toFixed(2),
  ];
  const periods = ages.flatMap(({ unit, value }) => (unit === 'events' && value > 0 ? [value] : []));
  return {
    name: 'cost',
    title: 'Milliseconds a request, encoders alone, one user at a time (medians)',
    columns: [
      { title: 'what answers' },
      ...['at the request', 'apart from it', 'together', 'times the small model'].map((title) => ({
        title,
        align: 'right' as const,
      })),
    ],
    rows: [
      row('small model alone', small, 0),
      row('long model at each request, full pass', longFull, 0),
      ...(longCached === undefined ? [] : [row('long model at each request, cached', longCached, 0)]),
      row('small + long at each request, full pass', pair + longFull, 0),
      ...(longCached === undefined ? [] : [row('small + long at each request, cached', pair + longCached, 0)]),
      ...periods.map((period) => row(`small + long every ${period} events, full pass`, pair, longFull / period)),
    ],
  };
}
