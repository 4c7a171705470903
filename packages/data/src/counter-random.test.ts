import { expect, it } from 'vitest';
import { counterRandom } from './counter-random.ts';
import { philox2x32 } from './philox.ts';

it.each([
  [0, 0, 0, 0xff1dae59, 0x6cd10df2],
  [0xffffffff, 0xffffffff, 0xffffffff, 0x2c3f628b, 0xab4fd7ad],
  [0x243f6a88, 0x85a308d3, 0x13198a2e, 0xdd7ce038, 0xf62a4c12],
])('philox2x32-10 has the published values (%i, %i, %i)', (c0, c1, key, first, second) => {
  const out = new Uint32Array(2);
  philox2x32(c0, c1, key, out);
  expect([...out]).toEqual([first, second]);
});

it('is uniform, and unrelated between counters and keys', () => {
  const a = counterRandom(1, 'x', 0);
  const b = counterRandom(1, 'x', 1);
  const counts = new Float64Array(100);
  let product = 0;
  const n = 20_000;
  for (let i = 0; i < n; i++) {
    counts[10 * a.integer(10, i) + b.integer(10, i)]++;
    product += (a.uniform(i) - 0.5) * (a.uniform(i + 1) - 0.5);
  }
  const chi = counts.reduce((sum, count) => sum + (count - n / 100) ** 2 / (n / 100), 0);
  // 99 degrees of freedom: 149 is the point that one in a thousand exceeds.
  expect(chi).toBeLessThan(149);
  expect(Math.abs(product / n)).toBeLessThan(4 / 12 / Math.sqrt(n));
  expect(a.uniform(7, 3)).toBe(counterRandom(1, 'x', 0).uniform(7, 3));
});
