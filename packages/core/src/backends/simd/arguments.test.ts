import { expect, it } from 'vitest';
import { type Arguments, float, halves, recordOf, writeArguments } from './arguments.ts';
import { KERNEL } from './kernels.ts';
import * as FILL from './slots/fill.ts';
import * as SILU_SPLIT from './slots/silu-split.ts';
import * as SUM_GROUPS from './slots/sum-groups.ts';

const STALE = 77;
const stale = (): Int32Array<ArrayBuffer> => new Int32Array(80).fill(STALE);

it('writes integers, addresses above 2^31 and the bits of floats', () => {
  const block = stale();
  writeArguments(block, 16, KERNEL.fill, { Y: 0xfff0_0000, N: 5, PER_TASK: 3, VALUE: float(0.1) });
  expect(new Uint32Array(block.buffer)[16 + FILL.Y]).toBe(0xfff0_0000);
  expect(Array.from(block.subarray(17, 19))).toEqual([5, 3]);
  expect(new Float32Array(block.buffer)[16 + FILL.VALUE]).toBe(Math.fround(0.1));
  expect([block[15], block[20]]).toEqual([STALE, STALE]);
});

it('zeroes slots without a name, and writes both halves of a double', () => {
  const block = stale();
  const [low, high] = halves(Math.PI);
  const values = { X: 1, GROUPS: 2, STRIDE: 3, COUNT: 4, Y: 5, STEP_BYTES: 6, PER_TASK: 7 };
  writeArguments(block, 0, KERNEL.sumGroups, { ...values, FACTOR_LOW: low, FACTOR_HIGH: high });
  expect(Array.from(block.subarray(0, SUM_GROUPS.FACTOR_LOW))).toEqual([1, 2, 3, 4, 5, 6, 7, 0]);
  expect(new Float64Array(block.buffer)[SUM_GROUPS.FACTOR_LOW / 2]).toBe(Math.PI);
});

it('writes a list from OUTPUTS on', () => {
  const block = stale();
  const values = { Z: 1, WIDTH: 2, ROWS: 3, PER_TASK: 4, COUNT: 2 };
  writeArguments(block, 0, KERNEL.siluSplit, { ...values, OUTPUTS: [10, 11, 20, 21] });
  expect(Array.from(block.subarray(SILU_SPLIT.OUTPUTS, SILU_SPLIT.OUTPUTS + 5))).toEqual([10, 11, 20, 21, STALE]);
});

it('makes the integers of a record', () => {
  expect(recordOf({ FIRST: 0, LAST: 2, SIZE: 4 }, { FIRST: 7, LAST: 9 })).toEqual([7, 0, 9, 0]);
});

it('refuses, as types, a slot that is left out, one of another kernel, and a float that is none', () => {
  const given: Arguments<typeof KERNEL.fill>[] = [
    // @ts-expect-error: PER_TASK is left out.
    { Y: 1, N: 5, VALUE: float(1) },
    // @ts-expect-error: ALPHA is no slot of this kernel.
    { Y: 1, N: 5, PER_TASK: 3, VALUE: float(1), ALPHA: float(1) },
    // @ts-expect-error: 1 is an integer.
    { Y: 1, N: 5, PER_TASK: 3, VALUE: 1 },
  ];
  expect(given).toHaveLength(3);
});
