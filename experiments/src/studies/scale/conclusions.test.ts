import { expect, it } from 'vitest';
import type { StudyPoint } from '../study/study.ts';
import { conclusions } from './conclusions.ts';
import type { Fit } from './fit.ts';
import { type EncoderLaw, frontier, lossQuantity, metricQuantity } from './frontier.ts';

const hitRate = metricQuantity('HR@10');
const point = (encoder: string, mark: number, loss: number): StudyPoint =>
  ({ encoder, mark, flops: mark, loss, metrics: { 'HR@10': 1 / loss } }) as unknown as StudyPoint;
const fit = (c: number, low: number, high: number): Fit =>
  ({ law: 'power', a: 1, b: 1, c, intervals: { c: { low, high } } }) as unknown as Fit;
const law = (
  encoder: string,
  losses: readonly number[],
  fits: readonly Fit[],
  quantity = lossQuantity,
): EncoderLaw => ({
  encoder,
  quantity,
  best: frontier(
    losses.map((loss, i) => point(encoder, 1e12 * 2 ** i, loss)),
    quantity,
  ),
  fits,
});

it('names the best at the least and at the largest compute, in the direction of the quantity', () => {
  const laws = [
    law('hstu', [6, 5.5, 5], [fit(0.3, 0.2, 0.4)]),
    law('sasrec', [5.8, 5.6, 5.4], [fit(0.1, 0.05, 0.15)]),
    law('hstu', [6, 5.5, 5], [], hitRate),
    law('sasrec', [5.8, 5.6, 5.4], [], hitRate),
  ];
  const [loss, hits] = conclusions(laws);
  expect(loss).toBe(
    'By loss. At 1T FLOP: sasrec 5.8000 is best, then hstu 6.0000. At 4T FLOP: hstu 5.0000 is best, then sasrec 5.4000. ' +
      'Exponents of a + b C^-c: hstu 0.30, sasrec 0.10; the intervals of some of them do not meet: these encoders scale differently.',
  );
  expect(hits).toContain('By HR@10. At 1T FLOP: sasrec 0.1724 is best, then hstu 0.1667.');
  expect(hits).not.toContain('Exponents');
});

it('leaves exponents at an end of their range out, and says so', () => {
  const of = (...fits: readonly Fit[]): string =>
    conclusions(fits.map((each, i) => law('abc'[i], [3 - i / 2, 2], [each])))[0];
  // A logarithm has the least exponent of the range, with a narrow interval around it.
  const logarithm = fit(0.0104, 0.01, 0.036);
  const ended = of(logarithm, fit(0.3, 0.2, 0.4));
  expect(ended).toContain('; this study cannot tell that one scales better than another. c of a is at an end');
  expect(of(logarithm, fit(3.9, 3, 4))).toContain('c of a, b is at an end of its range and tells nothing');
  expect(of(logarithm, fit(0.3, 0.2, 0.4), fit(0.6, 0.5, 0.7))).toContain(
    'do not meet: these encoders scale differently. c of a',
  );
  expect(of(fit(0.012, 0.011, 0.2), fit(0.3, 0.25, 0.4))).not.toContain('at an end');
});

it('tells exponents apart by intervals that do not meet, and says which have none', () => {
  const of = (...fits: readonly Fit[]): string =>
    conclusions(fits.map((each, i) => law('abc'[i], [3 - i / 2, 2], [each])))[0];
  const without: Fit = { ...fit(0.9, 0.8, 1), intervals: undefined };
  expect(of(fit(0.3, 0.1, 0.5), fit(0.4, 0.45, 0.6))).toContain('; their intervals meet: this study cannot tell');
  expect(of(fit(0.3, 0.1, 0.5), fit(0.4, 0.51, 0.6))).toContain('do not meet');
  expect(of(fit(0.3, 0.1, 0.5), without)).toContain('; no interval for b, of too few shapes: this study cannot tell');
  expect(of(without, without)).toContain('; no interval for a, b, of too few shapes: this study cannot tell');
  expect(of(fit(0.3, 0.1, 0.5), without, fit(0.6, 0.51, 0.7))).toContain('the intervals of some of them do not meet');
});
