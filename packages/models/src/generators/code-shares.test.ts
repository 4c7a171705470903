import { expect, it } from 'vitest';
import { CodeTrie } from '../semantic-ids/codes/trie.ts';
import { drawnCodes } from '../test-support/coded-world.ts';
import { codeShares, debiasOf } from './code-shares.ts';

it('shares of codes add up to those of items, along every path', () => {
  const codes = drawnCodes(20, [4, 5, 3], 3);
  const trie = new CodeTrie(codes);
  const events = Int32Array.from({ length: 20 }, (_, row) => (row * 7) % 5);
  const total = events.reduce((sum, count) => sum + count + 1, 0);
  const shares = codeShares(trie, events);
  for (let row = 0; row < 20; row++) {
    const own = [...codes.values.subarray(3 * row, 3 * row + 3)];
    const sum = [1, 2, 3].reduce((all, depth) => all + shares[depth][trie.find(own.slice(0, depth))], 0);
    expect(sum).toBeCloseTo(Math.log((events[row] + 1) / total), 12);
  }
  expect(debiasOf(trie, { weight: 0, events })).toBeUndefined();
  const half = debiasOf(trie, { weight: 0.5, events })!;
  expect(half[2][3]).toBeCloseTo(0.5 * shares[2][3], 12);
});
