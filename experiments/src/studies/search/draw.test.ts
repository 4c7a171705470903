import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseSpace } from '../../config/search-space.ts';
import { drawOne, drawTrials } from './draw.ts';

const parse = (written: Readonly<Record<string, unknown>>) => parseSpace(written, () => '');
const space = parse({
  'optimizer.learningRate': 'loguniform 1e-4 1e-2',
  'a.uniform': 'uniform -0.5 0.25',
  'a.whole': 'int 2 5',
  'a.power': 'logint 3 300',
  'a.x, a.y': [1, 2, 3],
  width: [
    { 'a.in': 8, 'a.out': 16 },
    { 'a.in': 16, 'a.out': 32 },
  ],
});

it('drawn values lie within their ranges, and keys of one choice belong together', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 30 }), (seed, count) => {
      const trials = drawTrials(space, seed, count);
      expect(trials).toHaveLength(count);
      expect(new Set(trials.map((each) => JSON.stringify(each))).size).toBe(count);
      for (const trial of trials) {
        const between = (key: string, low: number, high: number) => {
          expect(Number(trial[key])).toBeGreaterThanOrEqual(low);
          expect(Number(trial[key])).toBeLessThanOrEqual(high);
        };
        between('optimizer.learningRate', 1e-4, 1e-2);
        between('a.uniform', -0.5, 0.25);
        between('a.whole', 2, 5);
        between('a.power', 3, 300);
        expect(trial['a.whole']).toMatch(/^\d+$/);
        expect(trial['a.power']).toMatch(/^\d+$/);
        expect(trial['a.x']).toBe(trial['a.y']);
        expect(Number(trial['a.out'])).toBe(2 * Number(trial['a.in']));
      }
    }),
    { numRuns: 50 },
  );
});

it('the same seed draws the same, and more trials begin with the fewer', () => {
  const many = drawTrials(space, 7, 40);
  expect(drawTrials(space, 7, 40)).toEqual(many);
  expect(drawTrials(space, 7, 9)).toEqual(many.slice(0, 9));
  expect(drawTrials(space, 8, 40)).not.toEqual(many);
});

it('a log-uniform value is as likely in each decade, a uniform one in each half, a choice as any other', () => {
  const trials = drawTrials(space, 3, 4000);
  const share = (is: (trial: (typeof trials)[number]) => boolean) => trials.filter(is).length / trials.length;
  expect(share((each) => Number(each['optimizer.learningRate']) < 1e-3)).toBeCloseTo(0.5, 1);
  expect(share((each) => Number(each['optimizer.learningRate']) < 10 ** -3.5)).toBeCloseTo(0.25, 1);
  expect(share((each) => Number(each['a.uniform']) < -0.125)).toBeCloseTo(0.5, 1);
  expect(share((each) => each['a.whole'] === '5')).toBeCloseTo(0.25, 1);
  expect(share((each) => Number(each['a.power']) < 30)).toBeCloseTo(0.5, 1);
  expect(share((each) => each['a.x'] === '1')).toBeCloseTo(1 / 3, 1);
  expect(share((each) => each['a.in'] === '8')).toBeCloseTo(0.5, 1);
});

it('reaches both ends of whole ranges', () => {
  const [whole] = parse({ 'a.b': 'int 2 5' });
  const [power] = parse({ 'a.b': 'logint 3 300' });
  const end = 1 - 2 ** -32;
  expect([drawOne(whole, 0), drawOne(whole, end)]).toEqual([{ 'a.b': '2' }, { 'a.b': '5' }]);
  expect([drawOne(power, 0), drawOne(power, end)]).toEqual([{ 'a.b': '3' }, { 'a.b': '300' }]);
});

it('draws no more than the space has', () => {
  const small = parse({ 'a.b': [1, 2], 'a.c': [true, false] });
  const trials = drawTrials(small, 1, 16);
  expect(trials).toHaveLength(4);
});

it.each(['uniform 0.9991 0.9999', 'loguniform 0.9991 0.9999', 'uniform -1000.5 -1000'])(
  'a narrow range is drawn from all over: %s',
  (range) => {
    const [, low, high] = range.split(' ');
    const values = drawTrials(parse({ 'a.narrow': range }), 5, 400).map((trial) => Number(trial['a.narrow']));
    expect(values.length).toBe(400);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(Number(low));
    expect(Math.max(...values)).toBeLessThanOrEqual(Number(high));
    const middle = values.filter(
      (value) => Math.abs((value - Number(low)) / (Number(high) - Number(low)) - 0.5) < 0.25,
    );
    expect(Math.abs(middle.length / 400 - 0.5)).toBeLessThan(0.1);
    for (const value of values) {
      const above = value - Number(low);
      expect(Math.abs(above - Number(above.toPrecision(3)))).toBeLessThan(1e-12);
    }
  },
);
