import { expect, it } from 'vitest';
import { lengthVariants } from './length-point.ts';
import { exponent } from './length-report.ts';

it('the exponent of a power is found, of one point there is none', () => {
  const points = [128, 256, 1024, 4096].map((x) => ({ x, y: 3 * x ** 1.7 }));
  expect(exponent(points)).toBeCloseTo(1.7, 10);
  expect(exponent(points.slice(0, 1))).toBeNaN();
});

it('jagged batches reach the longest length and average about a third of it', () => {
  const { padded, jagged } = lengthVariants;
  expect(padded.lengths(100, 3)).toEqual([100, 100, 100]);
  const lengths = jagged.lengths(900, 300);
  expect(Math.max(...lengths)).toBe(900);
  expect(lengths.reduce((sum, length) => sum + length, 0) / 300).toBeCloseTo(300, -1);
});
