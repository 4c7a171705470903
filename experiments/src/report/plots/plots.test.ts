import { describe, expect, it } from 'vitest';
import { roundDomain } from './figure.ts';
import { intervalFigure } from './interval-figure.ts';
import { type Line, lineFigure, siNumber } from './line-figure.ts';
import { renderPng } from './png.ts';
import { plainSvg, standaloneSvg } from './theme.ts';

const line = (name: string, colour: number, ys: readonly number[]): Line => ({
  name,
  colour,
  points: ys.map((y, i) => ({ x: 10 ** i, y })),
  style: 'measured',
  label: true,
});
const figure = lineFigure({
  lines: [line('a rather long name of a line', 0, [1, 2, 3]), line('short', 1, [1, 2, 3.01])],
  x: { label: 'compute (FLOP)', log: true, format: siNumber },
  y: { label: 'loss (nats)' },
});

/**
 * Places of the texts that are drawn at the right edge: x of the start and the room that 7.6 pixels a character need.
 */
function labelsAtTheEnd(svg: string): { readonly x: number; readonly y: number; readonly text: string }[] {
  return [...svg.matchAll(/<text[^>]*transform="translate\(([\d.]+),([\d.]+)\)"[^>]*>([^<]+)<\/text>/g)]
    .map(([, x, y, text]) => ({ x: Number(x), y: Number(y), text }))
    .filter(({ text }) => /long name|short/.test(text));
}

describe('a figure', () => {
  it('has labelled axes, and room for every label at the end of a line', () => {
    expect(figure).toContain('compute (FLOP)');
    expect(figure).toContain('loss (nats)');
    const labels = labelsAtTheEnd(figure);
    expect(labels).toHaveLength(2);
    for (const { x, text } of labels) expect(x + 9 + 7 * text.length).toBeLessThan(820);
    // Both lines end at the same height: the labels must not.
    expect(Math.abs(labels[0].y - labels[1].y)).toBeGreaterThan(10);
  });

  it('writes every tick that it was given, on a log scale too', () => {
    const drawn = lineFigure({
      lines: [line('a', 0, [1, 2, 3])],
      x: { label: 'users', log: true, ticks: [60, 240, 943], format: String },
      y: { label: 'loss' },
    });
    for (const tick of [60, 240, 943]) expect(drawn).toContain(`>${tick}</text>`);
    // Once as the label of the axis; under the pointer it stands before a value.
    expect(drawn.match(/>users(?! \d)/g)).toHaveLength(1);
  });

  it('draws a symbol at every point of every line, however many lines there are', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const drawn = lineFigure({
      lines: names.map((name, i) => line(name, i, [i, i + 1])),
      x: { label: 'x', log: true },
      y: { label: 'y' },
    });
    // The points of each line, then the symbol beside each name, from the bottom up.
    const groups = [...drawn.matchAll(/<g ([^>]*)aria-label="dot">(.*?)<\/g>/gs)];
    expect(groups.map(([, , inside]) => inside.match(/<(circle|path)/g)?.length)).toEqual([
      ...names.map(() => 2),
      ...names.map(() => 1),
    ]);
    for (const [i, [, attributes]] of groups.entries()) {
      // Some shapes are lines without an inside: they need a stroke.
      for (const paint of ['fill', 'stroke']) {
        expect(attributes).toContain(`${paint}="var(--series-${i % names.length})"`);
      }
    }
  });

  it('keeps labels apart by the height of a line, whatever the axis is rounded to', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const drawn = lineFigure({
      lines: names.map((name, i) => line(`line ${name}`, i, [10.05 - i, 1.05 + i / 100])),
      x: { label: 'x', log: true },
      y: { label: 'y' },
      height: 340,
    });
    const places = [...drawn.matchAll(/translate\([\d.]+,([\d.]+)\)"[^>]*>line \w</g)]
      .map(([, y]) => Number(y))
      .sort((a, b) => a - b);
    expect(places).toHaveLength(8);
    for (let i = 1; i < places.length; i++) expect(places[i] - places[i - 1]).toBeGreaterThan(14);
    // Frame: 30 above it, 42 below.
    expect(places[0]).toBeGreaterThanOrEqual(29.9);
    expect(places[7]).toBeLessThanOrEqual(298.1);
  });

  it('draws series in variables of the palette, which a file of its own defines for light and dark', () => {
    expect(figure).toContain('var(--series-1)');
    const file = standaloneSvg(figure);
    expect(file).toContain('prefers-color-scheme: dark');
    expect(file.match(/--series-1: #/g)).toHaveLength(2);
  });

  it('becomes a PNG, other pixels in the dark', () => {
    expect(plainSvg(figure, 'dark')).not.toMatch(/var\(|currentColor/);
    const [light, dark] = [renderPng(figure), renderPng(figure, 'dark')];
    expect([...light.subarray(1, 4)]).toEqual([0x50, 0x4e, 0x47]);
    expect(light.length).toBeGreaterThan(5000);
    expect(Buffer.compare(light, dark)).not.toBe(0);
  });
});

describe('a figure of intervals', () => {
  const drawn = intervalFigure({
    rows: ['recent/MRR', 'a much longer row'],
    series: [
      {
        name: 'mixed',
        points: [
          { row: 'recent/MRR', mean: 5, half: 5 },
          { row: 'a much longer row', mean: -10 },
        ],
      },
      { name: 'all-sliding', points: [{ row: 'recent/MRR', mean: 10, half: 2 }] },
    ],
    x: { label: 'gain (%)' },
    zero: true,
  });

  it('draws each interval from end to end, and a line at 0', () => {
    // Both ends of the axis are those of the intervals: -10 and 12, rounded.
    const [whole, ...widths] = [...drawn.matchAll(/<line y2="[\d.]+" y1="[\d.]+" x2="([\d.]+)" x1="([\d.]+)"/g)]
      .map(([, to, from]) => Number(to) - Number(from))
      .filter((width) => width > 0)
      .filter((width, at, all) => width < all[0] || at === 0);
    expect(widths.map((width) => width / whole)).toEqual([expect.closeTo(10 / 22, 5), expect.closeTo(4 / 22, 5)]);
    expect(drawn).toContain('<g stroke-opacity="0.5" stroke="currentColor" aria-label="rule">');
  });

  it('has a legend inside its width, and room for the names of the rows', () => {
    for (const name of ['mixed', 'all-sliding', 'a much longer row', 'gain (%)']) expect(drawn).toContain(name);
    const places = [...drawn.matchAll(/<text transform="translate\(([\d.]+),[\d.]+\)"[^>]*>(mixed|all-sliding)</g)];
    expect(places).toHaveLength(2);
    for (const [, x, name] of places) expect(Number(x) + 28 + 7.6 * name.length).toBeLessThan(820);
  });
});

it.each([
  [0.03, 10.2, [0, 11]],
  [6.37, 7.1, [6.3, 7.1]],
  [-0.12, 0.16, [-0.12, 0.16]],
  [2, 2, [1.5, 2.5]],
  [0, 1, [0, 1]],
  [4700, 52_000, [0, 55_000]],
] as const)('an axis from %d to %d ends at round numbers', (low, high, expected) => {
  for (const [i, end] of roundDomain(low, high).entries()) expect(end).toBe(expected[i]);
});

it('writes large numbers short', () => {
  expect([0, 12, 999, 1000, 1.5e6, 4e11, 2.25e12].map(siNumber)).toEqual([
    '0',
    '12',
    '999',
    '1k',
    '1.5M',
    '400G',
    '2.25T',
  ]);
});
