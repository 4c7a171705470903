import { type Line, siNumber } from '../../report/plots/line-figure.ts';
import { formatBytes } from '../../terminal/format.ts';
import type { Listing } from '../../terminal/listing.ts';
import { listed, type ReportFigure, type ReportTable, writeStudyReport } from '../study/report.ts';
import type { StudyDir, StudyPlan } from '../study/study.ts';
import type { LengthPoint } from './length-point.ts';

const LINE_STYLES: Readonly<Record<string, Line['style']>> = { padded: 'dashed', stochastic: 'law' };

interface Read {
  readonly name: string;
  readonly axis: string;
  value(point: LengthPoint): number | undefined;
}

const seconds: Read = {
  name: 'time',
  axis: 'time of a training step (ms, log scale)',
  value: (p) => 1000 * p.leastSeconds,
};
const memory: Read = {
  name: 'memory',
  axis: 'peak heap that a step takes (bytes, log scale)',
  value: (p) => p.peakBytes,
};

/** Tables, plots and page of `seqrec scale length`; returns what the terminal shows. */
export function finishLength(
  dir: StudyDir,
  plan: Pick<StudyPlan, 'request' | 'notes'>,
  points: readonly LengthPoint[],
): Listing {
  const exponents = exponentTable(points);
  const all = pointTable(points);
  writeStudyReport(dir, plan, {
    title: 'Cost of a training step against sequence length',
    lead: 'One batch of sequences, forward, backward and optimiser. Padded: every sequence as long as the longest, as padding makes them. Jagged: many short, few long (n q^2 at the quantile q), only their events are computed. Stochastic: jagged, and histories longer than n^0.8 cut to that many events with the chance of stochastic length at alpha 1.6 (one draw).',
    figures: [seconds, memory].map((read) => figure(points, read)),
    tables: [exponents, all],
    definitions: [
      'Time: least of the timed steps of one process, which other load on the machine disturbs least; the table has the median too. Peak heap: most bytes in the heap of the backend during these steps beyond those that stay between steps (weights, moments), which the table gives as resident.',
      'Exponent p: least squares of ln y = k + p ln n over all lengths, and over the longer half of them. p grows with n from linear (projections, sampled softmax) to quadratic (attention); memory stays linear where nothing of size n x n is stored.',
    ],
  });
  return listed(all, exponents);
}

/** Slope of `ln y` on `ln x`; NaN for fewer than two points. */
export function exponent(points: readonly { readonly x: number; readonly y: number }[]): number {
  const xs = points.map(({ x }) => Math.log(x));
  const ys = points.map(({ y }) => Math.log(y));
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(xs), mean(ys)];
  const squares = xs.reduce((sum, x) => sum + (x - mx) ** 2, 0);
  return squares === 0 ? Number.NaN : xs.reduce((sum, x, i) => sum + (x - mx) * (ys[i] - my), 0) / squares;
}

function groups(points: readonly LengthPoint[]): [string, LengthPoint[]][] {
  return [...Map.groupBy(points, ({ encoder, variant }) => `${encoder}, ${variant}`)];
}

function xy(points: readonly LengthPoint[], read: Read): { readonly x: number; readonly y: number }[] {
  return points.flatMap((point) => {
    const y = read.value(point);
    return y === undefined ? [] : [{ x: point.length, y }];
  });
}

function exponentTable(points: readonly LengthPoint[]): ReportTable {
  const right = (title: string) => ({ title, align: 'right' as const });
  const shown = (value: number): string => (Number.isNaN(value) ? '-' : value.toFixed(2));
  return {
    name: 'exponents',
    title: 'Exponents p of y ~ n^p',
    columns: [
      { title: 'encoder, batch' },
      ...['time', 'time, longer half', 'peak heap', 'peak, longer half'].map(right),
    ],
    rows: groups(points).map(([name, own]) => {
      const half = own.slice(Math.min(Math.floor(own.length / 2), own.length - 2));
      const slopes = [seconds, memory].flatMap((read) => [exponent(xy(own, read)), exponent(xy(half, read))]);
      return [name, ...slopes.map(shown)];
    }),
  };
}

function pointTable(points: readonly LengthPoint[]): ReportTable {
  const right = (title: string) => ({ title, align: 'right' as const });
  return {
    name: 'points',
    title: 'A training step',
    columns: [
      { title: 'encoder' },
      { title: 'batch' },
      ...['n', 'tokens', 'ms', 'least ms', 'tokens/s', 'GFLOP/s', 'peak heap', 'resident'].map(right),
    ],
    rows: points.map((point) => [
      point.encoder,
      point.variant,
      String(point.length),
      String(point.tokens),
      (1000 * point.seconds).toPrecision(3),
      (1000 * point.leastSeconds).toPrecision(3),
      siNumber(point.tokens / point.seconds),
      (point.flops / point.seconds / 1e9).toFixed(1),
      point.peakBytes === undefined ? '-' : formatBytes(point.peakBytes),
      point.residentBytes === undefined ? '-' : formatBytes(point.residentBytes),
    ]),
  };
}

function figure(points: readonly LengthPoint[], read: Read): ReportFigure {
  const encoders = [...new Set(points.map((point) => point.encoder))];
  const lines = groups(points).map(([name, own]): Line => {
    return {
      name,
      points: xy(own, read),
      colour: encoders.indexOf(own[0].encoder),
      style: LINE_STYLES[own[0].variant] ?? 'measured',
      label: true,
    };
  });
  return {
    name: read.name,
    caption: `${read.name === 'time' ? 'Time' : 'Peak heap'} of a training step. Solid: jagged; dashed, with symbols: padded; thin and dashed: stochastic length.`,
    lines,
    x: {
      label: 'events of the longest sequence, n (log scale)',
      log: true,
      ticks: [...new Set(points.map((point) => point.length))],
      format: (value) => String(value),
    },
    y: { label: read.axis, log: true, format: siNumber },
    height: 380,
  };
}
