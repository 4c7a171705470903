import { describe, expect, test } from 'vitest';
import { fullWork, keptBytes, lastRowWork, rowsWork } from './serve-work.ts';

/** Sizes whose work was computed apart, by hand. */
const ml1m = { blocks: 2, heads: 1, width: 50, dim: 50 };
const large = { blocks: 8, heads: 4, width: 64, dim: 256 };

describe('the work of serving', () => {
  test('of the model of ML-1M at 200 tokens', () => {
    expect(fullWork(ml1m, 200)).toBe(18e6);
    expect(rowsWork(ml1m, 200, 2)).toBe(260_000);
    expect(rowsWork(ml1m, 200, 1024)).toBe(133_120_000);
    expect(keptBytes(ml1m, 200)).toBe(160_000);
  });

  test('of 8 x 4 x 64, D = 256, at 2,048 tokens', () => {
    expect(fullWork(large, 2048) / 1e9).toBeCloseTo(28, 0);
    expect(rowsWork(large, 2048, 2) / 1e6).toBeCloseTo(44, 0);
    expect(rowsWork(large, 2048, 1024) / 1e9).toBeCloseTo(22.5, 0);
    expect(keptBytes(large, 2048)).toBe(8 * 2048 * 512 * 4);
  });

  test('of the last row alone is less by what the last block leaves out', () => {
    for (const shape of [ml1m, large]) {
      const length = 64;
      const queriesAndGate = 2 * (length - 1) * shape.dim * 2 * shape.heads * shape.width;
      const back = 2 * (length - 1) * shape.heads * shape.width * shape.dim;
      const pairs = (length ** 2 - 2 * length) * 2 * shape.heads * shape.width;
      // One row of keys and values is counted in the maps of all and in those of the one.
      const twice = 2 * shape.dim * 2 * shape.heads * shape.width;
      expect(lastRowWork(shape, length)).toBe(fullWork(shape, length) - queriesAndGate - back - pairs + twice);
    }
  });
});
