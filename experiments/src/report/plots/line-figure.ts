import * as Plot from '@observablehq/plot';
import { type AxisOptions, HEIGHT, renderFigure, roundDomain } from './figure.ts';
import { lineStops } from './hover.ts';
import { endLabels } from './labels.ts';
import { seriesColour } from './theme.ts';

/** A line of a figure. */
export interface Line {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** Index of its colour, and of its symbol. */
  readonly colour: number;
  /** `measured`: thick, with symbols. `dashed`: with symbols too. `law`: thin, dashed, no symbols. */
  readonly style: 'measured' | 'dashed' | 'law';
  /** Write the name at its end. */
  readonly label: boolean;
}

export interface LineFigure {
  readonly lines: readonly Line[];
  readonly x: AxisOptions;
  readonly y: AxisOptions;
  readonly height?: number;
  readonly width?: number;
}

/** By index of the series; a stroke and a fill draw each of them. */
export const SYMBOLS = ['circle', 'square', 'triangle', 'diamond', 'star', 'cross', 'wye', 'times'] as const;

/** Lines with direct labels at their ends, no legend to look up; returns SVG source. */
export function lineFigure({ lines, x, y, height = HEIGHT, width }: LineFigure): string {
  const drawn = lines.filter((line) => line.points.length > 0);
  const values = drawn.flatMap((line) => line.points.map((point) => point.y));
  const [low, high] = [Math.min(...values, ...(y.zero ? [0] : [])), Math.max(...values, ...(y.zero ? [0] : []))];
  const domain: readonly [number, number] = y.log ? [low, high] : roundDomain(low, high);
  const labelled = drawn.filter((line) => line.label);
  const right = Math.max(...drawn.flatMap((line) => line.points.map((point) => point.x)));
  const ends = labelled.map(({ name, points, colour, style }) => {
    const end = points[points.length - 1];
    const mark = style === 'law' ? ('dashes' as const) : SYMBOLS[colour % SYMBOLS.length];
    return { name, y: end.y, x: right, colour: seriesColour(colour), mark };
  });
  return renderFigure(
    [
      ...(low < 0 && y.zero ? [Plot.ruleY([0], { strokeOpacity: 0.5 })] : []),
      ...reach(x, y, drawn),
      ...drawn.flatMap(marks),
      ...endLabels(ends, { domain, height, logY: y.log }),
    ],
    {
      x,
      y: { ...y, domain },
      height,
      width,
      hover: {
        along: 'x',
        stops: lineStops(measuredFirst(drawn), (at) => `${x.label} ${x.format?.(at) ?? siNumber(at)}`),
      },
      // Room for the mark before the name.
      labelLength: Math.max(0, ...labelled.map((line) => line.name.length + 3)),
    },
  );
}

/** Laws have a point every few pixels, which would crowd the strips: they speak where nothing was measured alone. */
function measuredFirst(lines: readonly Line[]): readonly Line[] {
  const measured = lines.filter(({ style }) => style !== 'law');
  return measured.length > 0 ? measured : lines;
}

/** Invisible points that stretch the x axis. */
function reach(x: AxisOptions, y: AxisOptions, lines: readonly Line[]): Plot.Markish[] {
  const first = lines[0]?.points[0];
  if (x.include === undefined || first === undefined) return [];
  const points = x.include.map((value) => ({ x: value, y: y.zero ? 0 : first.y }));
  return [Plot.dot(points, { x: 'x', y: 'y', r: 0, stroke: 'none' })];
}

function marks({ points, colour, style }: Line): Plot.Markish[] {
  const stroke = seriesColour(colour);
  if (style === 'law') return [Plot.line(points, { x: 'x', y: 'y', stroke, strokeWidth: 1.5, strokeDasharray: '5 4' })];
  return [
    Plot.line(points, {
      x: 'x',
      y: 'y',
      stroke,
      strokeWidth: 2,
      ...(style === 'dashed' && { strokeDasharray: '6 4' }),
    }),
    Plot.dot(points, { x: 'x', y: 'y', fill: stroke, stroke, r: 4, symbol: SYMBOLS[colour % SYMBOLS.length] }),
  ];
}

/** `40G`, `1.5T`: what a number of operations or bytes looks like on an axis. */
export function siNumber(value: number): string {
  const units = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
  let scaled = value;
  let unit = 0;
  while (Math.abs(scaled) >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return `${Number(scaled.toPrecision(3))}${units[unit]}`;
}
