import { type LineFigure, lineFigure } from '../../report/plots/line-figure.ts';
import { standaloneSvg } from '../../report/plots/theme.ts';
import { formatBytes } from '../../terminal/format.ts';
import type { ServeLoadBench } from './serve-load.ts';

/** The 99th percentile of the response against the rate, a line for each size of the store; SVG of its own. */
export function serveLoadFigure({ rows, bound }: ServeLoadBench): string {
  const figure: LineFigure = {
    lines: [
      ...rows.map(({ maxBytes, curve }, i) => ({
        name: formatBytes(maxBytes),
        points: curve.map(({ rate, p99 }) => ({ x: rate, y: p99 })),
        ...{ colour: i, style: 'measured' as const, label: true },
      })),
      {
        name: `${bound} ms`,
        points: [0, Math.max(...rows.flatMap(({ curve }) => curve.map(({ rate }) => rate)))].map((x) => ({
          x,
          y: bound,
        })),
        ...{ colour: rows.length, style: 'law' as const, label: true },
      },
    ],
    x: { label: 'requests a second', zero: true },
    y: { label: 'p99 of the response (ms)', log: true },
  };
  return standaloneSvg(lineFigure(figure));
}
