import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ScheduleCourse, schedule, UnsupportedError } from '../index.ts';

const steps = fc.integer({ min: 1, max: 1000 });
const step = fc.nat(3000);
const unit = fc.double({ min: 0, max: 1, noNaN: true });
const warmUp = fc.record({ steps: fc.nat(200), from: unit });

it('without options it is 1', () => {
  fc.assert(fc.property(step, (at) => schedule({})(at) === 1));
});

it('warms up in a straight line from its first factor to 1', () => {
  fc.assert(
    fc.property(warmUp, (given) => {
      const rate = schedule({ warmUp: given });
      const numbers = Array.from({ length: given.steps + 1 }, (_, at) => rate(at));
      const expected = numbers.map((_, at) =>
        at === given.steps ? 1 : given.from + (at / given.steps) * (1 - given.from),
      );
      for (const [at, value] of numbers.entries()) expect(value).toBeCloseTo(expected[at], 12);
    }),
  );
  expect(schedule({ warmUp: { steps: 4 } })(1)).toBe(0.25);
});

describe('after the warm-up, steps are counted from its end', () => {
  const formulas: [string, fc.Arbitrary<ScheduleCourse>, (course: never, since: number) => number][] = [
    ['constant', fc.constant({ kind: 'constant' }), () => 1],
    [
      'linear',
      fc.record({ kind: fc.constant('linear' as const), steps, floor: unit }),
      (course: { steps: number; floor: number }, since) =>
        since >= course.steps ? course.floor : (course.floor * since + (course.steps - since)) / course.steps,
    ],
    [
      'cosine',
      fc.record({ kind: fc.constant('cosine' as const), steps, floor: unit }),
      // cos^2 of half the angle.
      ({ steps, floor }: { steps: number; floor: number }, since) =>
        since >= steps ? floor : floor + (1 - floor) * Math.cos((Math.PI * since) / (2 * steps)) ** 2,
    ],
    [
      'cosine again and again',
      fc.record({ kind: fc.constant('cosine' as const), steps, floor: unit, periodic: fc.constant(true) }),
      ({ steps, floor }: { steps: number; floor: number }, since) =>
        floor + (1 - floor) * Math.cos((Math.PI * since) / (2 * steps)) ** 2,
    ],
    [
      'inverse square root',
      fc.record({ kind: fc.constant('inverse-square-root' as const), steps }),
      ({ steps }: { steps: number }, since) => (1 + since / steps) ** -0.5,
    ],
    [
      'stairs',
      fc.record({ kind: fc.constant('stairs' as const), every: steps, factor: unit }),
      ({ every, factor }: { every: number; factor: number }, since) => {
        let rate = 1;
        for (let at = every; at <= since; at += every) rate *= factor;
        return rate;
      },
    ],
  ];

  it.each(formulas)('%s', (_, courses, formula) => {
    fc.assert(
      fc.property(courses, warmUp, step, (course, given, since) => {
        const rate = schedule({ warmUp: given, course })(given.steps + since);
        expect(rate).toBeCloseTo(formula(course as never, since), 9);
        expect(rate).toBe(schedule({ course })(since));
      }),
    );
  });
});

it('the inverse square root goes by the steps of the warm-up: sqrt(steps / step)', () => {
  const rate = schedule({ warmUp: { steps: 100 }, course: { kind: 'inverse-square-root' } });
  for (const at of [100, 101, 400, 2500]) expect(rate(at)).toBeCloseTo(Math.sqrt(100 / at), 12);
});

it.each([
  [{ warmUp: { steps: 1.5 } }, 'schedule: warmUp.steps: expected a whole number of at least 0; got 1.5'],
  [{ warmUp: { steps: 1, from: -1 } }, 'schedule: warmUp.from: expected at least 0; got -1'],
  [{ course: { kind: 'linear', steps: 0 } }, 'schedule: course.steps: expected above 0; got 0'],
  [{ course: { kind: 'cosine', steps: 1, floor: Number.NaN } }, 'schedule: course.floor: expected at least 0; got NaN'],
  [{ course: { kind: 'inverse-square-root', steps: -1 } }, 'schedule: course.steps: expected above 0; got -1'],
  [
    { course: { kind: 'stairs', every: 0, factor: 1 } },
    'schedule: course.every: expected a whole number above 0; got 0',
  ],
  [{ course: { kind: 'stairs', every: 1, factor: -1 } }, 'schedule: course.factor: expected at least 0; got -1'],
] as const)('refuses %j', (options, message) => {
  expect(() => schedule(options)).toThrow(UnsupportedError);
  expect(() => schedule(options)).toThrow(message);
});
