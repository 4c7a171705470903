import { useBackend } from '@seqrec/core';
import { latestWindow, type SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluateGenerated } from '../../evaluate/generated.ts';
import { createModel, type ModelConfigInput } from '../../registry.ts';
import { CodeTrie } from '../../semantic-ids/codes/trie.ts';
import type { Codes } from '../../semantic-ids/tokenizers/tokenizer.ts';
import { codeModelConfig } from '../../tasks/generation/task.ts';
import { drawnCodes, histories } from '../../test-support/coded-world.ts';
import { drawnContent, plainDense, plainItems, plainLogSoftmax, plainQueries } from '../../test-support/plain-dense.ts';
import { tinySplit } from '../../test-support/tiny.ts';
import { type BeamOptions, constrainedBeams, type GeneratedList } from '../beams.ts';
import { codeDecoder } from '../code-decoder.ts';
import { codeSymbols } from '../code-symbols.ts';
import { generateItems } from '../recommend.ts';
import { type DenseEncoder, setContent } from './head.ts';
import { type DenseDecoding, denseFinder, scoreOfDense } from './rank.ts';

const sasrec: ModelConfigInput = {
  ...{ kind: 'sasrec', embeddingDim: 8, maxSequenceLength: 6, numBlocks: 1, numHeads: 1, ffnDim: 8 },
};
const codes = drawnCodes(20, [4, 3, 5], 7);
const [temperature, sharpness] = [0.3, 0.2];

function over(own: Codes, config = sasrec): DenseEncoder {
  const dense = { items: own.count, width: 3, content: 5, table: true };
  const options = { numItems: codeSymbols(own).count, seed: 2, dense };
  const model = createModel(codeModelConfig(config, own), options) as DenseEncoder;
  setContent(model, drawnContent(own.count, 5));
  return model;
}

const read = (model: DenseEncoder, own: Codes, batch: SequenceBatch, isCached = true) =>
  codeDecoder(model, { temperature, isCached }).read(batch, codeSymbols(own));

async function found(
  model: DenseEncoder,
  own: Codes,
  decoding: Partial<DenseDecoding>,
  beams: Partial<BeamOptions> = {},
): Promise<readonly GeneratedList[]> {
  const trie = new CodeTrie(own);
  const settings: DenseDecoding = { after: 0, levels: 'all', mix: 0.5, temperature: sharpness, ...decoding };
  const finder = await denseFinder(model.dense, trie, settings);
  const batch = histories(5);
  const reader = read(model, own, batch);
  const width = Number.POSITIVE_INFINITY;
  const { lists } = await finder.find(reader, 4, { trie, width, mask: 'after', ...beams });
  reader.dispose();
  finder.dispose();
  return lists;
}

const scoresOf = ({ rows, scores }: GeneratedList): Map<number, number> =>
  new Map(Array.from(rows, (row, i) => [row, scores[i]]));

/** By the formula, history by history and item by item, whatever the beams: `[B][N]`. */
function plainScores(
  model: DenseEncoder,
  own: Codes,
  { after, levels, mix }: Pick<DenseDecoding, 'after' | 'mix'> & { levels: number },
  mask: 'after' | 'before',
): number[][] {
  const { count, sizes, values } = own;
  const dense = plainDense(model);
  const items = plainItems(dense);
  const prefix = (row: number, depth: number): string =>
    values.subarray(row * sizes.length, row * sizes.length + depth).join();
  const under = (row: number, depth: number): number[] =>
    Array.from({ length: count }, (_, i) => i).filter((i) => prefix(i, depth) === prefix(row, depth));
  const batch = histories(5);
  return Array.from({ length: 4 }, (_, b) =>
    Array.from({ length: count }, (_, row) => {
      // A sequence of its own, read whole: nothing is kept or shared.
      const reader = read(model, own, batch, false);
      const [logits, encoded] = [[] as number[][], [] as number[][]];
      for (let l = 0; l < sizes.length; l++) {
        const step =
          l === 0
            ? reader.first()
            : reader.next(Int32Array.of(l === 1 ? b : 0), Int32Array.of(values[row * sizes.length + l - 1]));
        const state = reader.encoded!();
        logits.push(step.arraySync()[l === 0 ? b : 0]);
        encoded.push(state.arraySync()[l === 0 ? b : 0]);
        tf.dispose([step, state]);
      }
      reader.dispose();
      let ofCodes = 0;
      for (let l = 0; l < levels; l++) {
        const known = new Set(under(row, l).map((i) => values[i * sizes.length + l]));
        const allowed = logits[l].filter((_, k) => mask === 'after' || known.has(k));
        const sum = allowed.reduce((total, logit) => total + Math.exp(logit), 0);
        ofCodes += logits[l][values[row * sizes.length + l]] - Math.log(sum);
      }
      const [query] = plainQueries([encoded[after]], dense);
      const ofItem = plainLogSoftmax(query, items, under(row, after), row, sharpness);
      return mix * ofCodes + (1 - mix) * ofItem;
    }),
  );
}

beforeAll(async () => {
  await useBackend('simd');
});
afterAll(() => tf.setBackend('cpu'));

describe('scores of codes and vectors', () => {
  it.each([
    [0, 'all', 0.5, 'after'],
    [0, 'all', 0, 'before'],
    [0, 0, 0, 'after'],
    [0, 2, 0.3, 'before'],
    [1, 1, 0.5, 'after'],
    [1, 2, 0.5, 'before'],
    [2, 2, 0.7, 'after'],
    [2, 'all', 0.2, 'after'],
  ] as const)(
    'after %s codes, beams of %s, mix %s, mask %s: wide beams rank every item by the formula',
    async (...given) => {
      const [after, levels, mix, mask] = given;
      const model = over(codes);
      const lists = await found(model, codes, { after, levels, mix }, { mask });
      const expected = plainScores(model, codes, { after, mix, levels: levels === 'all' ? 3 : levels }, mask);
      for (const [b, list] of lists.entries()) {
        const scores = scoresOf(list);
        expect(scores.size).toBe(20);
        for (const [row, score] of expected[b].entries()) expect(scores.get(row)).toBeCloseTo(score, 4);
      }
      model.dispose();
    },
  );

  it('with mix 1 are those of codes alone, to the bit', async () => {
    const model = over(codes);
    for (const width of [6, Number.POSITIVE_INFINITY]) {
      const mixed = await found(model, codes, { mix: 1 }, { width });
      const reader = read(model, codes, histories(5));
      const alone = await constrainedBeams(reader, 4, { trie: new CodeTrie(codes), width, mask: 'after' });
      reader.dispose();
      expect(mixed).toEqual(alone.lists);
    }
    model.dispose();
  });

  it('with one item under each prefix are those of its codes', async () => {
    const single: Codes = {
      count: 20,
      sizes: [20, 2],
      values: Int32Array.from({ length: 40 }, (_, e) => (e % 2 ? 1 : e / 2)),
    };
    const model = over(single);
    const lists = await found(model, single, { after: 1, levels: 1, mix: 0.5 }, { mask: 'before' });
    const reader = read(model, single, histories(5));
    const alone = await constrainedBeams(reader, 4, {
      ...{ trie: new CodeTrie(single), width: Number.POSITIVE_INFINITY, mask: 'before' },
    });
    reader.dispose();
    for (const [b, list] of lists.entries()) {
      const scores = scoresOf(list);
      for (const [row, score] of scoresOf(alone.lists[b])) expect(scores.get(row)).toBeCloseTo(score / 2, 9);
    }
    model.dispose();
  });
});

describe('candidates', () => {
  it('of narrow beams are the items under the prefixes that they find, with the scores of wide ones', async () => {
    const model = over(codes);
    const trie = new CodeTrie(codes);
    const reader = read(model, codes, histories(5));
    const { lists: items } = await constrainedBeams(reader, 4, { trie, width: 4, mask: 'after' });
    reader.dispose();
    const narrow = await found(model, codes, {}, { width: 4 });
    const wide = await found(model, codes, {});
    for (const [b, list] of narrow.entries()) {
      expect([...list.rows].sort()).toEqual([...items[b].rows].sort());
      for (const [row, score] of scoresOf(list)) expect(scoresOf(wide[b]).get(row)).toBe(score);
    }
    const under = await found(model, codes, { after: 1, levels: 1 }, { width: 1 });
    for (const { rows } of under) {
      const first = new Set(Array.from(rows, (row) => codes.values[3 * row]));
      expect(first.size).toBe(1);
      const same = Array.from({ length: 20 }, (_, i) => i).filter((i) => first.has(codes.values[3 * i]));
      expect([...rows].sort((a, c) => a - c)).toEqual(same);
    }
    model.dispose();
  });

  it('leave out what is closed, whose share of the softmax stays, and take what is added', async () => {
    const model = over(codes);
    const trie = new CodeTrie(codes);
    const closed = [0, 3, 4, 19];
    const open = () => trie.without(closed);
    for (const decoding of [{}, { after: 1, levels: 1 }, { levels: 0, mix: 0 }] as const) {
      const [all, left] = [await found(model, codes, decoding), await found(model, codes, decoding, { open })];
      for (const [b, list] of left.entries()) {
        const kept = [...scoresOf(all[b])].filter(([row]) => !closed.includes(row));
        expect([...scoresOf(list)].sort(([a], [c]) => a - c)).toEqual(kept.sort(([a], [c]) => a - c));
      }
    }
    const added = Int32Array.of(3, 7, 11);
    const wide = await found(model, codes, { mix: 0 });
    const more = await found(model, codes, { mix: 0, added }, { open, width: 2 });
    const fewer = await found(model, codes, { mix: 0 }, { open, width: 2 });
    for (const [b, list] of more.entries()) {
      const rows = [...list.rows];
      expect(new Set(rows)).toEqual(new Set([...fewer[b].rows, 7, 11]));
      expect(rows.length).toBe(new Set(rows).size);
      for (const [row, score] of scoresOf(list)) expect(score).toBe(scoresOf(wide[b]).get(row));
    }
    model.dispose();
  });

  it('are recommended best first, none of them seen, none invalid', async () => {
    const model = over(codes);
    const history = [3, 8, 3, 15];
    const writer = codeDecoder(model, { temperature, isCached: true });
    for (const decoding of [
      { after: 0, levels: 'all' },
      { after: 2, levels: 2 },
      { after: 0, levels: 0 },
    ] as const) {
      const dense = { head: model.dense, mix: 0.4, temperature: sharpness, ...decoding };
      const items = await generateItems({
        writer,
        codes,
        beams: 12,
        mask: 'after',
        dense,
        history,
        maxEvents: 6,
        k: 12,
      });
      expect(items.length).toBe(12);
      const ids = items.map(({ item }) => item);
      expect(new Set(ids).size).toBe(12);
      for (const id of ids) expect(id >= 1 && id <= 20 && !history.includes(id)).toBe(true);
      const scores = items.map(({ score }) => score);
      expect(scores).toEqual([...scores].sort((a, b) => b - a));
    }
    model.dispose();
  });

  it('keep nothing on the backend', async () => {
    const model = over(codes);
    const before = tf.memory().numTensors;
    await found(model, codes, { after: 2, levels: 2 });
    await found(model, codes, {});
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });
});

it('what the encoder made of a row is the same from what is kept as from the whole sequence, to the bit', () => {
  for (const kind of ['sasrec', 'hstu', 'gru4rec'] as const) {
    const config =
      kind === 'sasrec'
        ? sasrec
        : kind === 'hstu'
          ? { kind, embeddingDim: 8, maxSequenceLength: 6, numBlocks: 1, numHeads: 1, dqk: 4, dv: 4 }
          : { kind, embeddingDim: 8, maxSequenceLength: 6, numBlocks: 1, hiddenDim: 8 };
    const model = over(codes, config as ModelConfigInput);
    const said = [true, false].map((isCached) => {
      const reader = read(model, codes, histories(5), isCached);
      const steps = tf.tidy(() => {
        reader.first();
        const histories = reader.encoded!().arraySync();
        reader.next(Int32Array.of(0, 2, 2), Int32Array.of(1, 3, 0));
        return [histories, reader.encoded!().arraySync()];
      });
      reader.dispose();
      return steps;
    });
    expect(said[0]).toEqual(said[1]);
    expect(said[0].map((rows) => rows.length)).toEqual([4, 3]);
    model.dispose();
  }
});

describe('an evaluation', () => {
  const { test } = tinySplit();
  const examples = latestWindow(test, { maxLength: 6 });

  it('ranks by the mixed scores and says so', async () => {
    const model = over(codes);
    const writer = codeDecoder(model, { temperature, isCached: true });
    const dense = { head: model.dense, after: 1, levels: 1, mix: 0.5, temperature: sharpness };
    const asked = { writer, codes, examples, ks: [1, 2], excludeSeen: false, dense };
    const { ranks, definition } = await evaluateGenerated({ ...asked, beams: 'all', batchSize: 3 });
    const { itemIds } = examples.interactions;
    for (const [e, target] of [...examples.targets.keys()].slice(0, 4).entries()) {
      const batch = examples.targets[target];
      const question = {
        ...({ writer, codes, beams: 'all', mask: 'after', dense, k: 20, excludeSeen: false, maxEvents: 6 } as const),
        history: itemIds.subarray(examples.starts[e], batch),
        timestamps: examples.interactions.timestamps.subarray(examples.starts[e], batch),
        requestTime: examples.interactions.timestamps[batch],
      };
      const list = await generateItems(question);
      const best = list[0].item;
      const others = await generateItems({ ...question, excludeSeen: true, leftOut: [best] });
      expect(others.map(({ item }) => item)).toEqual(list.slice(1).map(({ item }) => item));
      expect(ranks[e]).toBe(1 + list.findIndex(({ item }) => item === itemIds[batch]));
    }
    expect(definition.join(' ')).toContain(
      '0.5 times the log-probability of the first 1 of 3 codes and 0.5 times that of the item by its vector, made after 1 codes, among the items under them; of the items under the prefixes that there are.',
    );
    const narrow = await evaluateGenerated({ ...asked, beams: 2 });
    expect(narrow.definition.join(' ')).toContain('that 2 beams find, a target outside of them being a miss');
    const alone = { ...dense, after: 0, levels: 0, mix: 0 };
    const vectors = await evaluateGenerated({ ...asked, dense: alone, beams: 1, ks: [1, 5] });
    expect(vectors.ranks.every(Number.isFinite)).toBe(true);
    model.dispose();
  });

  it('refuses codes that are too short, and models that keep no vectors', async () => {
    const model = over(codes);
    for (const [decoding, got] of [
      [{ after: 3 }, 'after 3 and levels all'],
      [{ after: 2, levels: 1 }, 'after 2 and levels 1'],
      [{ levels: 4 }, 'after 0 and levels 4'],
    ] as const)
      await expect(found(model, codes, decoding)).rejects.toThrow(
        `dense: expected after below the 3 codes of an item, and levels in ${decoding.after ?? 0}..3; got ${got}`,
      );
    model.dispose();
  });
});

it('a score is told with shares that are written as shares', () => {
  const told = scoreOfDense(
    { after: 0, temperature: 1, levels: 'all', mix: 0.7 },
    { levels: 3, beams: 5, mask: 'after' },
  );
  expect(told).toContain('0.7 times the log-probability of the 3 codes of an item and 0.3 times that of the item');
});
