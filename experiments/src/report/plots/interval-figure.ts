import * as Plot from '@observablehq/plot';
import { type AxisOptions, renderFigure, roundDomain } from './figure.ts';
import { type Stop, shownValue } from './hover.ts';
import { SYMBOLS } from './line-figure.ts';
import { seriesColour } from './theme.ts';

/** A mean, with half the width of its interval where there is one. */
export interface IntervalPoint {
  /** The line of the figure that it stands on. */
  readonly row: string;
  readonly mean: number;
  readonly half?: number;
}

/** What points over seeds are, for a caption: one seed has no interval. */
export function overSeeds(points: readonly IntervalPoint[]): string {
  return points.some(({ half }) => half !== undefined) ? 'with the 95 % interval over seeds' : 'of one seed';
}

export interface IntervalSeries {
  readonly name: string;
  readonly points: readonly IntervalPoint[];
}

export interface IntervalFigure {
  readonly series: readonly IntervalSeries[];
  /** From the top down. */
  readonly rows: readonly string[];
  readonly x: AxisOptions;
  /** Draws a line at 0. */
  readonly zero?: boolean;
  readonly width?: number;
}

/** Pixels between the series of a row, and between rows. */
const STEP = 11;
const GAP = 12;
/** Pixels from the frame to the symbols of the legend, and from one to the next. */
const LEGEND = { symbol: 18, name: 28, line: 17 };

/**
 * Means with their intervals, a row each, series above each other inside it, named at the right. Returns SVG source.
 */
export function intervalFigure({ series, rows, x, zero, width }: IntervalFigure): string {
  const points = series.flatMap((each) => each.points);
  const ends = points.flatMap(({ mean, half = 0 }) => [mean - half, mean + half]);
  const domain = roundDomain(Math.min(...ends, ...(zero ? [0] : [])), Math.max(...ends, ...(zero ? [0] : [])));
  const height = 72 + rows.length * (series.length * STEP + GAP);
  const marks = series.flatMap((each, i) => {
    const colour = seriesColour(i);
    const symbol = SYMBOLS[i % SYMBOLS.length];
    const dy = (i - (series.length - 1) / 2) * STEP;
    const from = ({ mean, half = 0 }: IntervalPoint): number => mean - half;
    const to = ({ mean, half = 0 }: IntervalPoint): number => mean + half;
    const beside = { frameAnchor: 'top-right', fill: colour } as const;
    return [
      Plot.ruleY(each.points, { x1: from, x2: to, y: 'row', dy, stroke: colour, strokeWidth: 2 }),
      Plot.dot(each.points, { x: 'mean', y: 'row', dy, fill: colour, stroke: colour, r: 3.5, symbol }),
      Plot.dot([0], { ...beside, dx: LEGEND.symbol, dy: 6 + LEGEND.line * i, stroke: colour, r: 3.5, symbol }),
      Plot.text([each.name], {
        ...beside,
        text: (name: string) => name,
        textAnchor: 'start',
        lineAnchor: 'middle',
        dx: LEGEND.name,
        dy: 6 + LEGEND.line * i,
        fontWeight: 600,
      }),
    ];
  });
  return renderFigure([...(zero ? [Plot.ruleX([0], { strokeOpacity: 0.5 })] : []), ...marks], {
    x: { ...x, domain },
    y: { label: '', band: rows },
    width,
    height: Math.max(height, 72 + LEGEND.line * series.length),
    labelLength: 3 + Math.max(...series.map(({ name }) => name.length)),
    rowLength: Math.max(...rows.map((row) => row.length)),
    hover: { along: 'y', stops: rows.map((row) => rowStop(row, series)) },
  });
}

function rowStop(row: string, series: readonly IntervalSeries[]): Stop {
  const values = series.flatMap(({ name, points }) =>
    points
      .filter((point) => point.row === row)
      .map(({ mean, half }) => `${name}  ${shownValue(mean)}${half === undefined ? '' : ` ± ${shownValue(half)}`}`),
  );
  return { at: row, lines: [row, ...values] };
}
