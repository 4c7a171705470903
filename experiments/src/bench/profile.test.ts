import { expect, it } from 'vitest';
import { rooflineShare } from './profile.ts';

const peak = { gflops: 100, gbytes: 20 };
const row = { kernel: 'k', calls: 1 };

it('holds arithmetic against the product and bytes against memory, whichever takes longer', () => {
  expect(rooflineShare({ ...row, seconds: 0.1, flops: 5e9, bytes: 1e8 }, peak)).toBeCloseTo(0.5);
  expect(rooflineShare({ ...row, seconds: 0.1, flops: 0, bytes: 1e9 }, peak)).toBeCloseTo(0.5);
});
