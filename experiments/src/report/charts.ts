import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

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

const WIDTH = 820;
const HEIGHT = 300;
// Told apart by lightness too, and readable on white and on near-black.
const COLOURS = ['#3b7dd8', '#d9822b', '#2f9e78', '#b5569b', '#7a6ff0', '#a0803c'];

/** Training loss: every step as a faint line, a running mean above it. Returns SVG source. */
export function lossChart(series: readonly Series[]): string {
  const drawn = series
    .filter((line) => line.points.length > 0)
    .map((line, i) => ({
      ...line,
      smooth: runningMean(line.points, Math.max(1, Math.round(line.points.length / 40))),
      colour: COLOURS[i % COLOURS.length],
    }));
  const lines = drawn.flatMap(({ points, smooth, colour }) => [
    Plot.line(thin(points, 2000), { x: 'x', y: 'y', stroke: colour, strokeOpacity: 0.25, strokeWidth: 1 }),
    Plot.line(thin(smooth, 500), { x: 'x', y: 'y', stroke: colour, strokeWidth: 2 }),
  ]);
  const all = drawn.flatMap((line) => line.points);
  const range =
    all.reduce((most, { y }) => Math.max(most, y), 0) -
    all.reduce((least, { y }) => Math.min(least, y), Number.POSITIVE_INFINITY);
  const ends = drawn.map(({ name, smooth, colour }) => ({ name, colour, ...smooth[smooth.length - 1] }));
  return render([...lines, ...endLabels(ends, range)], {
    xLabel: 'optimiser step',
    yLabel: 'training loss (nats per token)',
  });
}

/** Metrics by epoch, with baselines as dashed levels. Returns SVG source. */
export function metricChart(series: readonly Series[], levels: readonly Level[], yLabel: string): string {
  const drawn = series.filter((line) => line.points.length > 0);
  const lines = drawn.flatMap((line, i) => {
    const colour = COLOURS[i % COLOURS.length];
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
      colour: COLOURS[i % COLOURS.length],
    })),
    ...levels.map((level) => ({ ...level, x: lastEpoch, colour: 'currentColor' })),
  ];
  const top = Math.max(
    0,
    ...drawn.flatMap((line) => line.points.map((point) => point.y)),
    ...levels.map((level) => level.y),
  );
  return render([...rules, ...lines, ...endLabels(labels, top)], { xLabel: 'epoch', yLabel, wholeX: true, zero: true });
}

interface EndLabel {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly colour: string;
}

/** Names beside the ends of their lines, moved apart where they would overlap; `range` is what the height spans. */
function endLabels(labels: readonly EndLabel[], range: number): Plot.Markish[] {
  return spread(labels, (range * 15) / (HEIGHT - 70)).map((label) =>
    Plot.text([label], {
      x: 'x',
      y: 'y',
      text: 'name',
      textAnchor: 'start',
      dx: 8,
      fill: label.colour,
      fontWeight: 600,
    }),
  );
}

/** Labels moved apart until neighbours are at least `gap` away from each other, order kept. */
export function spread<T extends { readonly y: number }>(labels: readonly T[], gap: number): T[] {
  const sorted = [...labels].sort((a, b) => a.y - b.y);
  const places = sorted.map((label) => label.y);
  // Each sweep halves an overlap from both sides; a few settle any realistic number of labels.
  for (let sweep = 0; sweep < 50; sweep++) {
    for (let i = 1; i < places.length; i++) {
      const overlap = gap - (places[i] - places[i - 1]);
      if (overlap <= 0) continue;
      places[i - 1] -= overlap / 2;
      places[i] += overlap / 2;
    }
  }
  return sorted.map((label, i) => ({ ...label, y: places[i] }));
}

/** Bars of a histogram. Returns SVG source. */
export function histogramChart(
  bars: readonly { readonly label: string; readonly count: number }[],
  xLabel: string,
): string {
  return render([Plot.barY(bars, { x: 'label', y: 'count', fill: COLOURS[0], fillOpacity: 0.8 }), Plot.ruleY([0])], {
    xLabel,
    yLabel: 'users',
    band: bars.map((bar) => bar.label),
    height: 220,
  });
}

interface Axes {
  readonly xLabel: string;
  readonly yLabel: string;
  readonly wholeX?: boolean;
  readonly zero?: boolean;
  readonly band?: readonly string[];
  readonly height?: number;
}

function render(marks: readonly Plot.Markish[], axes: Axes): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const figure = Plot.plot({
    document: document as unknown as Document,
    width: WIDTH,
    height: axes.height ?? HEIGHT,
    marginLeft: 56,
    marginRight: axes.band ? 20 : 110,
    marginBottom: 40,
    style: {
      background: 'transparent',
      color: 'currentColor',
      fontFamily: 'inherit',
      fontSize: '12px',
      overflow: 'visible',
    },
    x: axes.band
      ? { label: axes.xLabel, labelAnchor: 'center', domain: [...axes.band] }
      : {
          label: axes.xLabel,
          labelAnchor: 'center',
          ...(axes.wholeX && { tickFormat: (x: number) => (Number.isInteger(x) ? String(x) : '') }),
        },
    y: { label: axes.yLabel, grid: true, nice: true, ...(axes.zero && { zero: true }) },
    marks: [...marks],
  });
  figure.setAttribute('role', 'img');
  figure.setAttribute('aria-label', `${axes.yLabel} by ${axes.xLabel}`);
  return figure.outerHTML;
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
