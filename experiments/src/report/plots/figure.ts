import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { type Hover, hoverStrips } from './hover.ts';

/** Pixels of a figure: as wide as the text of a report, and as the screen of a telephone or a narrow window leaves. */
export const WIDTH = 820;
export const NARROW_WIDTH = 450;
export const HEIGHT = 300;
/** A character of a label, at most, at 12 pixels and weight 600. */
const CHARACTER = 7.6;
/** Of a row's name, which is not bold. */
const ROW_CHARACTER = 7;

export interface AxisOptions {
  readonly label: string;
  readonly log?: boolean;
  readonly zero?: boolean;
  /** Both ends; default: the data, on round numbers. */
  readonly domain?: readonly [number, number];
  readonly ticks?: readonly number[];
  /** Values that the axis must reach, besides those drawn. */
  readonly include?: readonly number[];
  readonly format?: (value: number) => string;
  /** Categories instead of numbers. */
  readonly band?: readonly string[];
}

export interface FigureOptions {
  readonly x: AxisOptions;
  readonly y: AxisOptions;
  readonly height?: number;
  /** Default: {@link WIDTH}. */
  readonly width?: number;
  /** Longest label to the right of the frame, in characters. */
  readonly labelLength?: number;
  /** Longest name of a row, in characters, where the y axis has names. */
  readonly rowLength?: number;
  /** Values under the pointer. */
  readonly hover?: Hover;
}

/** Draws marks into a frame whose labels fit; returns SVG source. */
export function renderFigure(marks: readonly Plot.Markish[], options: FigureOptions): string {
  const { x, y } = options;
  const { width = WIDTH, height = HEIGHT } = options;
  const margin = {
    left: options.rowLength ? Math.ceil(16 + ROW_CHARACTER * options.rowLength) : 64,
    top: 30,
    right: options.labelLength ? Math.ceil(16 + CHARACTER * options.labelLength) : 20,
    bottom: 42,
  };
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const figure = Plot.plot({
    document: document as unknown as Document,
    width,
    height,
    marginLeft: margin.left,
    marginTop: margin.top,
    marginRight: margin.right,
    marginBottom: margin.bottom,
    style: {
      background: 'transparent',
      color: 'currentColor',
      fontFamily: 'inherit',
      fontSize: '12px',
      overflow: 'visible',
    },
    x: scale(x, { labelAnchor: 'center' }),
    y: { ...scale(y, {}), grid: true, nice: !y.log && y.domain === undefined && y.band === undefined },

    marks: [...marks, ...givenTicks(x)],
  });
  figure.setAttribute('role', 'img');
  figure.setAttribute('aria-label', y.label === '' ? x.label : `${y.label} by ${x.label}`);
  figure.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  const svg = figure.outerHTML;
  if (options.hover === undefined) return svg;
  const { top, left } = margin;
  const frame = { left, top, right: width - margin.right, bottom: height - margin.bottom };
  const { apply, bandwidth = 0 } = figure.scale(options.hover.along) as Plot.Scale;
  const strips = hoverStrips(options.hover, frame, (at) => apply(at) + bandwidth / 2);
  const end = svg.lastIndexOf('</svg>');
  return `${svg.slice(0, end)}${strips}${svg.slice(end)}`;
}

/** The range from `low` to `high`, taken outwards to round numbers: multiples of 1, 2 or 5 times a power of ten. */
export function roundDomain(low: number, high: number): [number, number] {
  if (!(high > low)) return [low - 0.5, low + 0.5];
  const rough = (high - low) / 10;
  const power = 10 ** Math.floor(Math.log10(rough));
  // The nearest on a log scale.
  const step = power * ([1, 2, 5].find((factor, i) => rough / power < Math.sqrt(factor * [2, 5, 10][i])) ?? 10);
  // Without the last bits of a product, which would leave the tick at the end outside.
  const at = (count: number): number => Number((step * count).toPrecision(12));
  return [at(Math.floor(low / step + 1e-9)), at(Math.ceil(high / step - 1e-9))];
}

/**
 * An axis with exactly these ticks, each with its label: on a log scale Plot would write those
 * near powers of ten alone.
 */
function givenTicks({ ticks, format, label }: AxisOptions): Plot.Markish[] {
  if (ticks === undefined || format === undefined) return [];
  return [Plot.axisX(ticks, { text: ticks.map(format), label, labelAnchor: 'center' })];
}

function scale(axis: AxisOptions, more: Plot.ScaleOptions): Plot.ScaleOptions {
  return {
    label: axis.label,
    ...more,
    ...(axis.band && { domain: [...axis.band] }),
    ...(axis.domain && { domain: [...axis.domain] }),
    ...(axis.log && { type: 'log' as const }),
    ...(axis.zero && { zero: true }),
    ...(axis.ticks && { ticks: [...axis.ticks] }),
    ...(axis.format && { tickFormat: axis.format }),
  };
}
