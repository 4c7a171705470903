import { sequenceBatch } from '@seqrec/data';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { drawnCodes } from '../test-support/coded-world.ts';
import { codeBatch } from './code-batch.ts';
import { codeSymbols, codeTokens } from './code-symbols.ts';

it('has the codes of a level in rows of their own', () => {
  const symbols = codeSymbols({ count: 2, sizes: [3, 2], values: Int32Array.of(2, 0, 0, 1) });
  expect(symbols).toMatchObject({ numItems: 2, levels: 2, firsts: [1, 4], count: 5 });
  expect([...symbols.ofItems]).toEqual([0, 0, 3, 4, 1, 5]);
});

it('writes histories as codes, and asks for every code of every item after the first', () => {
  const symbols = codeSymbols({ count: 3, sizes: [4, 4], values: Int32Array.of(0, 1, 2, 3, 1, 0) });
  const items = sequenceBatch({
    offsets: Int32Array.of(0, 2),
    itemIds: Int32Array.of(1, 2),
    timestamps: Float64Array.of(10, 20),
    targets: Int32Array.of(2, 3),
    targetTimestamps: Float64Array.of(20, 50),
  });
  const { batch, asked } = codeBatch(items, symbols, { targets: true });
  // Items 1, 2 and the target 3 without its last code: rows (1, 6), (3, 8), (2).
  expect([...batch.itemIds]).toEqual([1, 6, 3, 8, 2]);
  expect([...batch.offsets]).toEqual([0, 5]);
  expect([...batch.timestamps]).toEqual([10, 10, 20, 20, 50]);
  expect([...batch.targetTimestamps]).toEqual([10, 20, 20, 50, 50]);
  expect(asked.map(({ tokens }) => [...tokens])).toEqual([
    [1, 3],
    [2, 4],
  ]);
  expect(asked.map(({ rows }) => [...rows])).toEqual([
    [3, 2],
    [8, 5],
  ]);
  const alone = codeBatch(items, symbols, { targets: false });
  expect([...alone.batch.itemIds]).toEqual([1, 6, 3, 8]);
});

it('puts before each code that is asked for the code that comes before it', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 4 }), fc.nat(1000), (lengths, levels, seed) => {
      const codes = drawnCodes(8, new Array<number>(levels).fill(9), seed);
      const symbols = codeSymbols(codes);
      const offsets = Int32Array.from([0, ...lengths.map((_, b) => lengths.slice(0, b + 1).reduce((a, x) => a + x))]);
      const count = offsets[lengths.length];
      const itemIds = Int32Array.from({ length: count }, (_, t) => 1 + ((seed + 3 * t) % 8));
      const targets = Int32Array.from({ length: count }, (_, t) =>
        offsets.includes(t + 1) ? 1 + (t % 8) : itemIds[t + 1],
      );
      const items = sequenceBatch({ offsets, itemIds, targets, timestamps: new Float64Array(count) });
      const { batch, asked } = codeBatch(items, symbols, { targets: true });
      for (let b = 0; b < lengths.length; b++) {
        expect(batch.offsets[b + 1] - batch.offsets[b]).toBe(codeTokens(lengths[b], levels));
        // All codes of the sequence and its target, one after the other.
        const all = [...itemIds.subarray(offsets[b], offsets[b + 1]), targets[offsets[b + 1] - 1]].flatMap((item) => [
          ...symbols.ofItems.subarray(item * levels, (item + 1) * levels),
        ]);
        expect([...batch.itemIds.subarray(batch.offsets[b], batch.offsets[b + 1])]).toEqual(all.slice(0, -1));
        for (let t = offsets[b]; t < offsets[b + 1]; t++) {
          for (let l = 0; l < levels; l++) {
            const place = (t - offsets[b] + 1) * levels + l;
            expect(asked[l].rows[t]).toBe(all[place]);
            expect(asked[l].tokens[t]).toBe(batch.offsets[b] + place - 1);
          }
        }
      }
    }),
  );
});
