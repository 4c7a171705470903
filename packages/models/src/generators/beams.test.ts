import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createModel, type ModelConfigInput } from '../registry.ts';
import { CodeTrie } from '../semantic-ids/codes/trie.ts';
import type { Codes } from '../semantic-ids/tokenizers/tokenizer.ts';
import { codeModelConfig } from '../tasks/generation/task.ts';
import { drawnCodes, histories, itemLikelihoods } from '../test-support/coded-world.ts';
import { tableReader } from '../test-support/table-reader.ts';
import { codeMasks, constrainedBeams } from './beams.ts';
import { codeDecoder } from './code-decoder.ts';
import { codeSymbols } from './code-symbols.ts';

beforeAll(async () => {
  await useBackend('simd');
});
afterAll(() => tf.setBackend('cpu'));

describe.each(codeMasks)('masks %s the softmax', (mask) => {
  it('beams as wide as the catalogue rank every item by its likelihood', async () => {
    const codes = drawnCodes(20, [4, 5, 3], 7);
    const trie = new CodeTrie(codes);
    const symbols = codeSymbols(codes);
    const config: ModelConfigInput = {
      kind: 'sasrec',
      embeddingDim: 8,
      maxSequenceLength: 6,
      numBlocks: 1,
      numHeads: 1,
      ffnDim: 8,
    };
    const model = createModel(codeModelConfig(config, codes), { numItems: symbols.count, seed: 2 });
    const batch = histories(5);
    // What the likelihoods are compared with keeps nothing and shares nothing.
    const alone = codeDecoder(model, { temperature: 0.3, isCached: false }).read(batch, symbols);
    const likelihoods = itemLikelihoods(alone, batch, codes, mask);
    for (const width of [20, Number.POSITIVE_INFINITY]) {
      const reader = codeDecoder(model, { temperature: 0.3, isCached: true }).read(batch, symbols);
      const { lists, asked } = await constrainedBeams(reader, 4, { trie, width, mask });
      reader.dispose();
      const forks = [0, 1, 2].map((depth) => {
        const leaves = Array.from({ length: trie.nodes(depth) }, (_, node) => trie.leaves(depth, node));
        return mask === 'after' ? leaves.length : leaves.filter(({ first, past }) => past - first > 1).length;
      });
      expect([...asked]).toEqual(forks.map((nodes) => 4 * nodes));
      for (const [b, { rows, scores }] of lists.entries()) {
        const order = Array.from(likelihoods[b].keys()).sort((i, j) => likelihoods[b][j] - likelihoods[b][i]);
        expect([...rows]).toEqual(order);
        for (const [place, row] of rows.entries()) expect(scores[place]).toBeCloseTo(likelihoods[b][row], 4);
      }
    }
    model.dispose();
  });

  it('narrow beams are those of a search written out', async () => {
    const draws = fc.record({
      seed: fc.nat(1000),
      width: fc.integer({ min: 1, max: 6 }),
      levels: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(draws, async ({ seed, width, levels }) => {
        const sizes = new Array<number>(levels).fill(4).map((size, l) => size + l);
        const codes = drawnCodes(levels === 1 ? 4 : 12, sizes, seed);
        // Ties among them: few values.
        const logit = (path: readonly number[], k: number): number =>
          ((seed + 7 * k + path.reduce((h, x) => 3 * h + x, 1)) % 4) / 2;
        const closed = new Set([seed % codes.count]);
        const trie = new CodeTrie(codes);
        const options = { trie, width, mask, open: () => trie.without(closed) };
        const { lists } = await constrainedBeams(tableReader(2, sizes, logit), 2, options);
        for (let b = 0; b < 2; b++) {
          const found = searched(b);
          expect([...lists[b].rows]).toEqual(found.map(({ row }) => row));
          for (const [place, { score }] of found.entries()) expect(lists[b].scores[place]).toBeCloseTo(score, 9);
        }

        function searched(b: number): { row: number; score: number }[] {
          const all = Array.from({ length: codes.count }, (_, row) => ({
            row,
            own: [...codes.values.subarray(row * levels, (row + 1) * levels)],
          }));
          let beams = [{ prefix: [] as number[], score: 0 }];
          for (let level = 0; level < levels; level++) {
            const longer = beams.flatMap(({ prefix, score }) => {
              const under = all.filter(({ own }) => own.slice(0, level).join() === prefix.join());
              const logits = Array.from({ length: sizes[level] }, (_, k) => Math.fround(logit([b, ...prefix], k)));
              const exist = new Set(under.map(({ own }) => own[level]));
              // Sums in the order of the codes: ties are ties of the last bit too.
              const counted = logits.filter((_, k) => mask === 'after' || exist.has(k));
              const most = Math.max(...counted);
              const z = most + Math.log(counted.reduce((sum, x) => sum + Math.exp(x - most), 0));
              const may = new Set(under.filter(({ row }) => !closed.has(row)).map(({ own }) => own[level]));
              // What is certain adds nothing, to the last bit.
              const isCertain = counted.length === 1;
              return [...may].map((k) => ({
                prefix: [...prefix, k],
                score: isCertain ? score : score - z + logits[k],
              }));
            });
            longer.sort((x, y) => y.score - x.score || compare(x.prefix, y.prefix));
            beams = longer.slice(0, width);
          }
          const rowOf = (prefix: readonly number[]): number => all.find(({ own }) => own.join() === prefix.join())!.row;
          return beams.map(({ prefix, score }) => ({ row: rowOf(prefix), score }));
        }
      }),
      { examples: [[{ seed: 15, width: 5, levels: 3 }]] },
    );
  });
});

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((x, i) => x !== b[i]);
  return at < 0 ? 0 : a[at] - b[at];
}

it('items that come later leave the scores and the order of the others as they were, to the bit', async () => {
  const all = drawnCodes(24, [4, 5, 3], 7);
  const old = { ...all, count: 18, values: all.values.slice(0, 18 * 3) };
  const symbols = codeSymbols(old);
  const config: ModelConfigInput = { kind: 'gru4rec', embeddingDim: 8, maxSequenceLength: 6, numBlocks: 1 };
  const model = createModel(codeModelConfig(config, old), { numItems: symbols.count, seed: 2 });
  const batch = histories(5);
  const ids = batch.itemIds.map((item) => 1 + (item % 18));
  const ranked = async (codes: Codes) => {
    const reader = codeDecoder(model, { temperature: 0.3, isCached: true }).read(
      { ...batch, itemIds: ids },
      codeSymbols(codes),
    );
    const options = { trie: new CodeTrie(codes), width: Number.POSITIVE_INFINITY, mask: 'after' } as const;
    const { lists } = await constrainedBeams(reader, 4, options);
    reader.dispose();
    return lists.map(({ rows, scores }) =>
      Array.from(rows, (row, i) => [row, scores[i]] as const).filter(([row]) => row < old.count),
    );
  };
  expect(await ranked(all)).toEqual(await ranked(old));
  model.dispose();
});

it('ranks what a model hardly believes in: codes far below those that no item has', async () => {
  const codes = { count: 2, sizes: [3], values: Int32Array.of(0, 1) };
  const options = { trie: new CodeTrie(codes), width: 2, mask: 'before' } as const;
  const { lists } = await constrainedBeams(
    tableReader(1, [3], (_, k) => [0, 1, 2000][k]),
    1,
    options,
  );
  expect([...lists[0].rows]).toEqual([1, 0]);
  expect(lists[0].scores[0]).toBeCloseTo(-Math.log(1 + Math.exp(-1)), 9);
});

it('asks nothing about a prefix of a single item where probability is shared among those that items have', async () => {
  // Two items fork at the last code, two at the first.
  const codes = { count: 4, sizes: [3, 2, 2], values: Int32Array.of(0, 0, 0, 0, 0, 1, 1, 1, 0, 2, 0, 1) };
  const read: number[][] = [];
  const reader = tableReader(2, codes.sizes, (path, k) => {
    if (k === 0) read.push([...path]);
    return k + path[0];
  });
  const { lists, asked } = await constrainedBeams(reader, 2, { trie: new CodeTrie(codes), width: 4, mask: 'before' });
  expect(read).toEqual([[0], [1], [0, 0], [1, 0], [0, 0, 0], [1, 0, 0]]);
  expect([...asked]).toEqual([2, 2, 2]);
  const root = Math.log(1 + Math.E + Math.E ** 2);
  const last = Math.log(1 + Math.E);
  for (const { rows, scores } of lists) {
    expect([...rows]).toEqual([3, 2, 1, 0]);
    const right = [2 - root, 1 - root, -root + 1 - last, -root - last];
    for (const [place, score] of scores.entries()) expect(score).toBeCloseTo(right[place], 6);
  }
  const lone = { trie: new CodeTrie({ count: 1, sizes: [3, 2], values: Int32Array.of(2, 1) }), width: 4 };
  const alone = await constrainedBeams(
    tableReader(1, [3, 2], () => 0),
    1,
    { ...lone, mask: 'before' },
  );
  expect([[...alone.lists[0].rows], [...alone.lists[0].scores], [...alone.asked]]).toEqual([[0], [0], [1, 0]]);
});

it('says how much probability lay on codes that no item has', async () => {
  const codes = { count: 2, sizes: [4, 2], values: Int32Array.of(0, 0, 1, 1) };
  const options = { trie: new CodeTrie(codes), width: 2, mask: 'after' } as const;
  const { invalid, asked } = await constrainedBeams(
    tableReader(1, [4, 2], () => 0),
    1,
    options,
  );
  expect([...asked]).toEqual([1, 2]);
  expect(invalid[0]).toBeCloseTo(0.5, 9);
  expect(invalid[1]).toBeCloseTo(2 * 0.5, 9);
});

it('refuses a logit that is no number', async () => {
  const options = {
    trie: new CodeTrie({ count: 2, sizes: [2], values: Int32Array.of(0, 1) }),
    width: 2,
    mask: 'after',
  };
  const beams = constrainedBeams(
    tableReader(1, [2], (_, k) => (k === 1 ? Number.NaN : 0)),
    1,
    options as never,
  );
  await expect(beams).rejects.toThrow('beams: expected logits that are numbers; got NaN at level 1 after history 0');
});

it('has no list where everything is left out', async () => {
  const codes = { count: 2, sizes: [2], values: Int32Array.of(0, 1) };
  const trie = new CodeTrie(codes);
  const open = (b: number) => (b === 0 ? trie.without([0, 1]) : undefined);
  const { lists } = await constrainedBeams(
    tableReader(2, [2], (_, k) => k),
    2,
    { trie, width: 5, mask: 'after', open },
  );
  expect(lists.map(({ rows }) => [...rows])).toEqual([[], [1, 0]]);
});
