import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitLaw, fitWithIntervals, type Sample, valueAt } from './fit.ts';

const xs = [1e11, 2e11, 4e11, 8e11, 1.6e12, 3.2e12];

describe('laws without noise are found again', () => {
  it('a + b ln x', () => {
    fc.assert(
      fc.property(fc.double({ min: -2, max: 2, noNaN: true }), fc.double({ min: -1, max: 1, noNaN: true }), (a, b) => {
        const fit = fitLaw(
          'log',
          xs.map((x) => ({ x, y: a + b * Math.log(x), group: '' })),
        )!;
        expect(fit.a).toBeCloseTo(a, 6);
        expect(fit.b).toBeCloseTo(b, 8);
        expect(fit.rmse).toBeLessThan(1e-9);
      }),
    );
  });

  it('a + b x^-c, which the logarithm does not fit', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 6, noNaN: true }),
        fc.double({ min: 0.1, max: 0.9, noNaN: true }),
        fc.double({ min: 0.5, max: 3, noNaN: true }),
        (a, c, height) => {
          const b = height * xs[0] ** c;
          const samples = xs.map((x) => ({ x, y: a + b * x ** -c, group: '' }));
          const fit = fitLaw('power', samples)!;
          expect(fit.c).toBeCloseTo(c, 4);
          expect(fit.a).toBeCloseTo(a, 3);
          expect(valueAt(fit, 5e11)).toBeCloseTo(a + b * 5e11 ** -c, 5);
          expect(fitLaw('log', samples)!.rmse).toBeGreaterThan(fit.rmse);
        },
      ),
      { numRuns: 30 },
    );
  });
});

it('explains all of values that are equal, whatever their mean is rounded to', () => {
  for (let k = 1; k < 944; k++) {
    const fit = fitLaw(
      k % 2 === 0 ? 'log' : 'power',
      xs.map((x) => ({ x, y: k / 943, group: '' })),
    );
    expect(fit?.r2).toBe(1);
  }
  const nearly = xs.map((x, i) => ({ x, y: 1 + 1e-12 * (i % 2), group: '' }));
  expect(fitLaw('log', nearly)?.r2).toBeLessThan(0.5);
});

it('asks for more points than coefficients', () => {
  const samples = xs.map((x) => ({ x, y: x, group: '' }));
  expect(fitLaw('log', samples.slice(0, 2))).toBeUndefined();
  expect(fitLaw('power', samples.slice(0, 3))).toBeUndefined();
});

describe('intervals', () => {
  /** Each group is off by its own amount, the same at every x. */
  const noisy: Sample[] = [-0.2, -0.1, -0.05, 0.02, 0.06, 0.1, 0.15, 0.2].flatMap((offset, group) =>
    xs.map((x) => ({ x, y: 5 - 0.1 * Math.log(x) + offset, group: String(group) })),
  );

  it('hold the truth and are the same every time', () => {
    const fit = fitWithIntervals('log', noisy)!;
    expect(fit.intervals!.a!.low).toBeLessThan(5);
    expect(fit.intervals!.a!.high).toBeGreaterThan(5);
    expect(fit.intervals!.a!.high - fit.intervals!.a!.low).toBeGreaterThan(0.1);
    // The slope is common to all groups: drawing groups must see that.
    expect(fit.intervals!.b!.high - fit.intervals!.b!.low).toBeLessThan(1e-6);
    expect(fitWithIntervals('log', noisy)).toEqual(fit);
  });

  it('are left out when there are too few groups', () => {
    expect(
      fitWithIntervals(
        'log',
        noisy.filter(({ group }) => group < '2'),
      )!.intervals,
    ).toBeUndefined();
  });
});
