import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Codes } from '../tokenizers/tokenizer.ts';
import { CodeTrie } from './trie.ts';

const codesOf = (rows: readonly (readonly number[])[], sizes: readonly number[]): Codes => ({
  ...{ count: rows.length, sizes },
  values: Int32Array.from(rows.flat()),
});
const drawn = fc.uniqueArray(fc.tuple(fc.nat(3), fc.nat(2), fc.nat(4)), {
  ...{ minLength: 1, maxLength: 40, selector: (row) => row.join() },
});
const sizes = [4, 3, 5];

/** Distinct prefixes by plain maps. */
const prefixes = (rows: readonly (readonly number[])[], depth: number): string[] =>
  [...new Set(rows.map((row) => row.slice(0, depth).join()))].sort();

describe('CodeTrie', () => {
  it('has a node for each prefix, and a leaf for each row', () => {
    fc.assert(
      fc.property(drawn, (rows) => {
        const trie = new CodeTrie(codesOf(rows, sizes));
        for (let depth = 0; depth <= 3; depth++) {
          const expected = prefixes(rows, depth);
          expect(trie.nodes(depth)).toBe(expected.length);
          for (const [node, prefix] of expected.entries()) {
            if (depth > 0) {
              expect(trie.find(prefix.split(',').map(Number))).toBe(node);
              expect(trie.code(depth, node)).toBe(Number(prefix.split(',').at(-1)));
            }
            if (depth === 3) {
              expect(rows[trie.rows[node]].join()).toBe(prefix);
              continue;
            }
            const leaves = trie.leaves(depth, node);
            for (let leaf = 0; leaf < rows.length; leaf++) {
              const isUnder = rows[trie.rows[leaf]].slice(0, depth).join() === prefix;
              expect(leaf >= leaves.first && leaf < leaves.past).toBe(isUnder);
              expect(trie.above(depth, leaf) === node).toBe(isUnder);
              expect(trie.leaf(trie.rows[leaf])).toBe(leaf);
            }
            const { first, past } = trie.children(depth, node);
            const own = Array.from({ length: past - first }, (_, i) => trie.code(depth + 1, first + i));
            const after = prefixes(rows, depth + 1).filter((other) => depth === 0 || other.startsWith(`${prefix},`));
            expect(own).toEqual(after.map((other) => Number(other.split(',').at(-1))));
          }
        }
      }),
    );
  });

  it('finds no prefix that no row has', () => {
    fc.assert(
      fc.property(drawn, fc.tuple(fc.nat(3), fc.nat(2), fc.nat(4)), (rows, other) => {
        const node = new CodeTrie(codesOf(rows, sizes)).find(other);
        expect(node >= 0).toBe(rows.some((row) => row.join() === other.join()));
      }),
    );
  });

  it('closes what leads to rows that are left out alone', () => {
    fc.assert(
      fc.property(drawn, fc.array(fc.nat(39)), (rows, places) => {
        const out = places.filter((row) => row < rows.length);
        const trie = new CodeTrie(codesOf(rows, sizes));
        const open = trie.without(out);
        for (let depth = 0; depth <= 3; depth++) {
          for (const [node, prefix] of prefixes(rows, depth).entries()) {
            const isOpen = rows.some((row, r) => !out.includes(r) && row.slice(0, depth).join() === prefix);
            expect(open.isOpen(depth, node)).toBe(isOpen);
          }
        }
      }),
    );
  });

  it('refuses equal codes', () => {
    expect(
      () =>
        new CodeTrie(
          codesOf(
            [
              [1, 0, 2],
              [0, 0, 0],
              [1, 0, 2],
            ],
            sizes,
          ),
        ),
    ).toThrow('CodeTrie: expected different codes for all rows; got those of 0 for 2 too; make them unique first');
  });
});
