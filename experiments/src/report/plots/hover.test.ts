import { describe, expect, it } from 'vitest';
import { hoverStrips, lineStops, shownValue } from './hover.ts';
import { intervalFigure } from './interval-figure.ts';
import { lineFigure, siNumber } from './line-figure.ts';
import { renderPng } from './png.ts';

const frame = { left: 60, right: 800, top: 30, bottom: 250 };
const texts = (svg: string): string[] => Array.from(svg.matchAll(/<text[^>]*>([^<]*)</g), (match) => match[1]);
const strips = (svg: string) =>
  Array.from(
    svg.matchAll(/class="stop"><rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g),
    (match) => match.slice(1).map(Number),
  );

describe('values under the pointer', () => {
  const lines = [
    {
      name: 'HR@10',
      points: [
        { x: 1, y: 0.1 },
        { x: 2, y: 0.25 },
      ],
    },
    { name: 'MRR', points: [{ x: 2, y: 0.0321 }] },
  ];

  it('are those of all lines at a place', () => {
    expect(lineStops(lines, (x) => `epoch ${x}`)).toEqual([
      { at: 1, lines: ['epoch 1', 'HR@10  .1000'] },
      { at: 2, lines: ['epoch 2', 'HR@10  .2500', 'MRR  .0321'] },
    ]);
  });

  it('are read off strips that cover the frame without a gap, in the order of the places', () => {
    const svg = hoverStrips(
      { along: 'x', stops: [3, 1, 2].map((at) => ({ at, lines: [`at ${at}`] })) },
      frame,
      (at) => 100 * Number(at),
    );
    expect(texts(svg)).toEqual(['at 1', 'at 2', 'at 3']);
    const [first, second, third] = strips(svg);
    expect([first[0], first[0] + first[2]]).toEqual([60, 150]);
    expect([second[0], second[0] + second[2]]).toEqual([150, 250]);
    expect(third[0] + third[2]).toBe(800);
  });

  it('stay inside the frame at both ends', () => {
    const long = 'a value with a rather long name  .1234';
    const svg = hoverStrips(
      {
        along: 'x',
        stops: [
          { at: 61, lines: [long] },
          { at: 799, lines: [long] },
        ],
      },
      frame,
      Number,
    );
    const boxes = Array.from(
      svg.matchAll(/<rect x="([\d.-]+)" y="[\d.]+" width="([\d.]+)" height="[\d.]+" rx/g),
      (match) => [Number(match[1]), Number(match[1]) + Number(match[2])],
    );
    expect(boxes).toHaveLength(2);
    for (const [from, to] of boxes) expect([from >= 60, to <= 800]).toEqual([true, true]);
  });

  it('are escaped', () => {
    expect(texts(hoverStrips({ along: 'y', stops: [{ at: 40, lines: ['a < b & c'] }] }, frame, Number))).toEqual([
      'a &lt; b &amp; c',
    ]);
  });

  it('that are smaller than tables show have their digits', () => {
    expect([3e-5, -1.23456e-4, 0.00099, 1e-9, 0.001].map(shownValue)).toEqual([
      '.00003',
      '-.0001235',
      '.00099',
      '1e-9',
      '.0010',
    ]);
  });

  it('look like those of tables', () => {
    expect([0.12345, -0.5, 0, 2.71234, 123_456.7, 0.9999].map(shownValue)).toEqual([
      '.1235',
      '-.5000',
      '0',
      '2.712',
      '123,457',
      '.9999',
    ]);
  });
});

describe('figures', () => {
  const point = (row: string, mean: number, half?: number) => ({ row, mean, ...(half !== undefined && { half }) });
  const interval = intervalFigure({
    series: [{ name: 'ours', points: [point('HSTU', 0.3, 0.01), point('SASRec', 0.28)] }],
    rows: ['HSTU', 'SASRec'],
    x: { label: 'HR@10' },
  });
  const line = lineFigure({
    lines: [
      {
        name: 'HSTU',
        colour: 0,
        style: 'measured',
        label: true,
        points: [
          { x: 1, y: 5.5 },
          { x: 10, y: 5 },
        ],
      },
    ],
    x: { label: 'FLOP', log: true },
    y: { label: 'loss' },
  });

  it('have a strip a place, a row of intervals one of its own', () => {
    expect(strips(line)).toHaveLength(2);
    expect(texts(line)).toEqual(expect.arrayContaining(['FLOP 1', 'HSTU  5.5', 'FLOP 10', 'HSTU  5']));
    expect(strips(interval)).toHaveLength(2);
    expect(texts(interval)).toEqual(expect.arrayContaining(['ours  .3000 ± .0100', 'ours  .2800']));
  });

  it('write values with all their digits, where their axis has few', () => {
    const points = [
      { x: 1, y: 2_254_321 },
      { x: 2, y: 3.125e-5 },
    ];
    const svg = lineFigure({
      lines: [{ name: 'rate', colour: 0, style: 'measured', label: false, points }],
      x: { label: 'epoch' },
      y: { label: 'rate', format: siNumber },
    });
    expect(texts(svg)).toEqual(expect.arrayContaining(['rate  2,254,321', 'rate  .00003125']));
  });

  it('hide them in pictures', () => {
    const bare = line.replaceAll(/<g class="stop">.*?<\/g><\/g>/g, '');
    expect(bare).not.toBe(line);
    expect(Buffer.compare(renderPng(line), renderPng(bare))).toBe(0);
  });
});
