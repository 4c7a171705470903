import * as Plot from '@observablehq/plot';
import { formatCount } from '../terminal/format.ts';
import { type AxisOptions, HEIGHT, renderFigure, roundDomain } from './plots/figure.ts';
import { lineStops } from './plots/hover.ts';
import { endLabels } from './plots/labels.ts';
import { seriesColour } from './plots/theme.ts';

/** A named line: x is an optimiser step or an epoch. */
export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** A level to compare with, drawn as a dashed line. */
export interface Level {
  readonly name: string;
  readonly y: number;
}

/** Training loss, in the unit of the loss: every step as a faint line, a running mean above it. Returns SVG source. */
export function lossChart(series: readonly Series[], width?: number): string {
  const drawn = series
    .filter((line) => line.points.length > 0)
    .map((line, i) => ({
      ...line,
      smooth: runningMean(line.points, Math.max(1, Math.round(line.points.length / 40))),
      colour: seriesColour(i),
    }));
  const lines = drawn.flatMap(({ points, smooth, colour }) => [
    Plot.line(thin(points, 2000), { x: 'x', y: 'y', stroke: colour, strokeOpacity: 0.25, strokeWidth: 1 }),
    Plot.line(thin(smooth, 500), { x: 'x', y: 'y', stroke: colour, strokeWidth: 2 }),
  ]);
  const all = drawn.flatMap((line) => line.points);
  const highest = all.reduce((most, { y }) => Math.max(most, y), Number.NEGATIVE_INFINITY);
  const lowest = all.reduce((least, { y }) => Math.min(least, y), Number.POSITIVE_INFINITY);
  const domain = roundDomain(lowest, highest);
  const ends = drawn.map(({ name, smooth, colour }) => ({ name, colour, ...smooth[smooth.length - 1] }));
  return renderFigure([...lines, ...endLabels(ends, { domain, height: HEIGHT })], {
    x: { label: 'optimiser step', format: wholeNumber },
    y: { label: 'training loss', domain },
    labelLength: longest(drawn),
    width,
    hover: {
      along: 'x',
      stops: lineStops(
        drawn.map(({ name, smooth }) => ({ name: `${name}, mean`, points: thin(smooth, 120) })),
        (step) => `step ${formatCount(step)}`,
      ),
    },
  });
}

/** Metrics by epoch, with baselines as dashed levels; the axis begins at zero or at the data. Returns SVG source. */
export function metricChart(
  series: readonly Series[],
  levels: readonly Level[],
  yLabel: string,
  width?: number,
  from: 'zero' | 'data' = 'zero',
): string {
  const drawn = series.filter((line) => line.points.length > 0);
  const lines = drawn.flatMap((line, i) => {
    const colour = seriesColour(i);
    return [
      Plot.line(line.points, { x: 'x', y: 'y', stroke: colour, strokeWidth: 2 }),
      ...(line.points.length <= 60 ? [Plot.dot(line.points, { x: 'x', y: 'y', fill: colour, r: 2.5 })] : []),
    ];
  });
  const rules = levels.map((level) =>
    Plot.ruleY([level.y], { stroke: 'currentColor', strokeOpacity: 0.55, strokeDasharray: '4 4' }),
  );
  const lastEpoch = Math.max(...drawn.flatMap((line) => line.points.map((point) => point.x)));
  const labels = [
    ...drawn.map((line, i) => ({
      name: line.name,
      x: lastEpoch,
      y: line.points[line.points.length - 1].y,
      colour: seriesColour(i),
    })),
    ...levels.map((level) => ({ ...level, x: lastEpoch, colour: 'currentColor' })),
  ];
  const values = [...drawn.flatMap((line) => line.points.map((point) => point.y)), ...levels.map((level) => level.y)];
  const top = Math.max(...values);
  const domain = from === 'data' ? roundDomain(Math.min(...values), top) : roundDomain(0, Math.max(0, top) || 1);
  return renderFigure([...rules, ...lines, ...endLabels(labels, { domain, height: HEIGHT })], {
    x: epochAxis(drawn.flatMap((line) => line.points.map((point) => point.x))),
    y: { label: yLabel, domain },
    labelLength: longest(labels),
    width,
    hover: {
      along: 'x',
      stops: lineStops(
        drawn.map(({ name, points }) => ({ name, points: thin(points, 200) })),
        (epoch) => `epoch ${formatCount(epoch)}`,
      ),
    },
  });
}

/** Bars of a histogram. Returns SVG source. */
export function histogramChart(
  bars: readonly { readonly label: string; readonly count: number }[],
  xLabel: string,
  width?: number,
): string {
  const marks = [Plot.barY(bars, { x: 'label', y: 'count', fill: seriesColour(0), fillOpacity: 0.8 }), Plot.ruleY([0])];
  const band = bars.map((bar) => bar.label);
  const stops = bars.map(({ label, count }) => ({
    at: label,
    lines: [`${label} ${xLabel}`, `${formatCount(count)} users`],
  }));
  const hover = { along: 'x', stops } as const;
  return renderFigure(marks, { x: { label: xLabel, band }, y: { label: 'users' }, height: 220, width, hover });
}

/** A tick an epoch while they are few. A single one lies at the right, where the labels are beside the frame. */
function epochAxis(epochs: readonly number[]): AxisOptions {
  const distinct = [...new Set(epochs)];
  return {
    label: 'epoch',
    format: wholeNumber,
    ...(distinct.length <= 12 && { ticks: distinct }),
    ...(distinct.length === 1 && { domain: [distinct[0] - 1, distinct[0]] as const }),
  };
}

/** The label of a tick: none between whole numbers. */
function wholeNumber(x: number): string {
  return Number.isInteger(x) ? formatCount(x) : '';
}

function longest(named: readonly { readonly name: string }[]): number {
  return Math.max(0, ...named.map(({ name }) => name.length));
}

/** Mean over a centred window of `2 * radius + 1` points, shorter at the ends. */
export function runningMean(points: Series['points'], radius: number): { x: number; y: number }[] {
  return points.map((point, i) => {
    const window = points.slice(Math.max(0, i - radius), i + radius + 1);
    return { x: point.x, y: window.reduce((sum, each) => sum + each.y, 0) / window.length };
  });
}

/** At most about `limit` points, the last one always kept: a million steps must not make a hundred-megabyte page. */
export function thin<T>(points: readonly T[], limit: number): T[] {
  const stride = Math.max(1, Math.ceil(points.length / limit));
  return points.filter((_, i) => i % stride === 0 || i === points.length - 1);
}
