import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type PlateauOptions, type PlateauState, plateauNext, plateauStart, UnsupportedError } from '../index.ts';

function factors(values: readonly number[], options: PlateauOptions): number[] {
  let state = plateauStart;
  return values.map((value) => {
    state = plateauNext(state, value, options);
    return state.factor;
  });
}

const options: fc.Arbitrary<Required<PlateauOptions>> = fc.record({
  mode: fc.constantFrom('min', 'max'),
  factor: fc.constantFrom(0, 0.1, 0.5, 0.9),
  patience: fc.nat(3),
  threshold: fc.constantFrom(0, 1e-4, 0.2),
  thresholdMode: fc.constantFrom('relative', 'absolute', 'signed'),
  cooldown: fc.nat(3),
  floor: fc.constantFrom(0, 0.01, 0.3),
  leastChange: fc.constantFrom(0, 0.05),
});
const values = fc.array(fc.oneof(fc.integer({ min: -6, max: 6 }), fc.constant(Number.NaN)), { maxLength: 40 });

/** The class of PyTorch, line by line. */
function torchFactors(metrics: readonly number[], given: Required<PlateauOptions>): number[] {
  const { mode, factor, patience, threshold, thresholdMode, cooldown, floor, leastChange } = given;
  let rate = 1;
  let best = mode === 'min' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  let numBad = 0;
  let cooldownCounter = 0;
  return metrics.map((a) => {
    const sign = mode === 'min' ? -1 : 1;
    const relative = thresholdMode === 'signed' ? 1 + sign * threshold : 1 + sign * threshold * Math.sign(best);
    const bound = thresholdMode === 'absolute' ? best + sign * threshold : best === 0 ? 0 : best * relative;
    if (mode === 'min' ? a < bound : a > bound) {
      best = a;
      numBad = 0;
    } else {
      numBad += 1;
    }
    if (cooldownCounter > 0) {
      cooldownCounter -= 1;
      numBad = 0;
    }
    if (numBad > patience) {
      const next = Math.max(rate * factor, floor);
      if (rate - next > leastChange) rate = next;
      cooldownCounter = cooldown;
      numBad = 0;
    }
    return rate;
  });
}

it('is the rule of PyTorch', () => {
  fc.assert(
    fc.property(values, options, (metrics, given) => {
      expect(factors(metrics, given)).toEqual(torchFactors(metrics, given));
    }),
    { numRuns: 500 },
  );
});

it('takes a first value that is infinite for no improvement, and what follows for one', () => {
  for (const [mode, worst] of [
    ['min', Number.POSITIVE_INFINITY],
    ['max', Number.NEGATIVE_INFINITY],
  ] as const) {
    for (const thresholdMode of ['relative', 'absolute', 'signed'] as const) {
      const falls = mode === 'min' ? 1 : -1;
      const metrics = [worst, worst, worst, 9 * falls, 8 * falls, 7 * falls, worst, 6 * falls];
      const given = { mode, patience: 1, factor: 0.5, thresholdMode, threshold: 1e-4 } as const;
      const all = { ...given, cooldown: 0, floor: 0, leastChange: 0 };
      expect(factors(metrics, given)).toEqual([1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
      expect(factors(metrics, given)).toEqual(torchFactors(metrics, all));
      expect(plateauNext(plateauStart, worst, given)).toEqual({ factor: 1, best: null, bad: 1, cooling: 0 });
      // The best value stands in a checkpoint, as JSON, which has no infinity.
      expect(plateauNext(plateauStart, -worst, given).best).toBe(null);
    }
  }
});

it('goes on from a state that went through JSON', () => {
  fc.assert(
    fc.property(values, options, fc.nat(40), (metrics, given, cut) => {
      let state = plateauStart;
      for (const value of metrics.slice(0, cut)) state = plateauNext(state, value, given);
      state = JSON.parse(JSON.stringify(state)) as PlateauState;
      const rest = metrics.slice(cut).map((value) => {
        state = plateauNext(state, value, given);
        return state.factor;
      });
      expect(rest).toEqual(factors(metrics, given).slice(cut));
    }),
  );
});

it('waits, reduces, rests and stops at the floor', () => {
  const given = { mode: 'max', factor: 0.5, patience: 1, cooldown: 2, floor: 0.2 } as const;
  expect(factors([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], given)).toEqual([
    1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.2,
  ]);
});

it('takes a slightly worse value for a better one only as PyTorch does, and only when asked', () => {
  const given = { mode: 'min', patience: 0, threshold: 0.1 } as const;
  expect(factors([-10, -9.5], given)).toEqual([1, 0.1]);
  expect(factors([-10, -9.5], { ...given, thresholdMode: 'signed' })).toEqual([1, 1]);
});

it('refuses nonsense', () => {
  expect(() => factors([1], { mode: 'min', factor: 1 })).toThrow(UnsupportedError);
  expect(() => factors([1], { mode: 'min', factor: 1 })).toThrow(
    'plateau: expected factor in [0, 1), patience, cooldown, floor and leastChange >= 0; got 1, 10, 0, 0, 0',
  );
});
