import { integers, streamKey, useBackend } from '@seqrec/core';
import { interactionsFromArrays, latestWindow, makeBatch, trainTest } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, EvaluationError } from '../../errors.ts';
import { type EvaluateGeneratedOptions, evaluateGenerated } from '../../evaluate/generated.ts';
import { generatedLists } from '../../evaluate/generated-lists.ts';
import { codeDecoder } from '../../generators/code-decoder.ts';
import { codeSymbols } from '../../generators/code-symbols.ts';
import type { TokenEncoder } from '../../model.ts';
import { createModel, type ModelConfigInput } from '../../registry.ts';
import type { Codes } from '../../semantic-ids/tokenizers/tokenizer.ts';
import { drawnCodes, itemLikelihoods } from '../../test-support/coded-world.ts';
import { overfitEncoders } from '../../test-support/overfit.ts';
import { tinySplit, tinyTrain } from '../../test-support/tiny.ts';
import { createTrainer } from '../../train/trainer.ts';
import { createTask } from '../registry.ts';
import { codeModelConfig, codeWriter } from './task.ts';

const sasrec: ModelConfigInput = {
  ...{ kind: 'sasrec', embeddingDim: 8, maxSequenceLength: 6, numBlocks: 1, numHeads: 1, ffnDim: 8 },
};
const objective = { kind: 'full-softmax', temperature: 0.2 } as const;
const ids = {};

beforeAll(async () => {
  await useBackend('simd');
});
afterAll(() => tf.setBackend('cpu'));

function over(config: ModelConfigInput, codes: Codes): TokenEncoder {
  return createModel(codeModelConfig(config, codes), { numItems: codeSymbols(codes).count, seed: 4 });
}

describe('training', () => {
  it.each(['sasrec', 'hstu', 'transformer'])('%s learns 32 sequences by heart', async (kind) => {
    const length = 6;
    const items = 60;
    const events = Array.from({ length: 32 * (length + 1) }, (_, e) => e);
    const interactions = interactionsFromArrays({
      name: 'memorable',
      users: events.map((e) => Math.floor(e / (length + 1))),
      items: integers(streamKey(3, 'memorable'), 0, events.length, 1, items),
      timestamps: events.map((e) => 1e6 + 3600 * e),
      catalogue: Array.from({ length: items }, (_, i) => ({ item: i + 1 })),
    });
    const examples = latestWindow(trainTest(interactions).test, { maxLength: length });
    const codes = drawnCodes(items, [8, 8, 4], 1);
    const model = over(overfitEncoders[kind], codes);
    const task = createTask({ kind: 'generation', ids }, { train: examples, objective, codes });
    const trainer = createTrainer({ model, examples, task: task as never, batchSize: 32, learningRate: 0.01, seed: 2 });
    let hits = 0;
    for (let round = 0; round < 15 && hits < 31 / 32; round++) {
      for (let epoch = 0; epoch < 20; epoch++) await trainer.runEpoch();
      const writer = codeWriter(model, objective);
      const { metrics } = await evaluateGenerated({ writer, codes, beams: 5, examples, ks: [1], excludeSeen: false });
      hits = metrics['HR@1'];
    }
    expect(hits).toBeGreaterThanOrEqual(31 / 32);
    trainer.dispose();
    model.dispose();
  });

  it('refuses what does not go together, with words', () => {
    const train = tinyTrain();
    const codes = drawnCodes(20, [4, 4, 4], 5);
    const made = (changes: object = {}, given: Codes | undefined = codes) =>
      createTask(
        { kind: 'generation', ids },
        { train, objective: { ...objective, ...changes }, ...(given && { codes: given }) },
      );
    expect(() => made({ kind: 'sampled-softmax' })).toThrow(
      'generation: objective.kind: expected full-softmax, which is taken over the codes of a level; got sampled-softmax',
    );
    expect(() => made({ labels: { kind: 'next-item', minRating: 4 } })).toThrow(ConfigError);
    expect(() => createTask({ kind: 'generation', ids }, { train, objective })).toThrow(
      'createTask: codes: expected those of the items, for generation; got none',
    );
    expect(() => createTask({ kind: 'generation', ids, idsFile: 'x' }, { train, objective, codes })).toThrow(
      'expected one of ids and idsFile',
    );
    const check = (config: ModelConfigInput, given = codes, numItems = codeSymbols(given).count) => {
      const model = createModel(config, { numItems });
      try {
        made({}, given).check?.(model, train, undefined);
      } finally {
        model.dispose();
      }
    };
    expect(() => check(codeModelConfig(sasrec, codes))).not.toThrow();
    expect(() => check(sasrec)).toThrow(
      'generation: examples: expected histories of at most 1 events, whose 3 codes each fit into maxSequenceLength = 6; got one of 4; cut them with latestWindow',
    );
    const t5 = {
      kind: 't5',
      ...{ embeddingDim: 8, numHeads: 1, headDim: 8, ffnDim: 8 },
      maxSequenceLength: 168,
    } as const;
    // What T5 writes is not among the codes that it reads.
    expect(codeModelConfig(t5, codes).maxSequenceLength).toBe(504);
    expect(() => codeModelConfig({ ...t5, maxSequenceLength: 200 }, codes)).toThrow(
      "generation: model.maxSequenceLength: expected at most 168 events for 't5', as items have 3 codes; got 200: model config (t5): maxSequenceLength: expected with headDim at most 512: attention adds a column for each place of the history; got 600",
    );
    expect(() => check({ ...t5, maxSequenceLength: 12 } as never)).toThrow(
      'generation: objective.temperature: expected 1',
    );
    expect(() => check({ ...t5, maxSequenceLength: 11 } as never)).toThrow('expected histories of at most 3 events');
    expect(() => check(codeModelConfig(sasrec, codes), codes, 20)).toThrow(
      "generation: model: expected one over 12 rows of codes; got 'sasrec' over 20; make it with numItems of codeSymbols",
    );
    expect(() => check(codeModelConfig(sasrec, codes), drawnCodes(19, [4, 4, 4], 5))).toThrow(
      'generation: codes: expected those of the 20 items of the data; got 19; fit ids to this data',
    );
    expect(() => check(codeModelConfig({ ...sasrec, positionsFrom: 'newest' } as ModelConfigInput, codes))).toThrow(
      "generation: model: expected one whose rows stay as they are when a code comes, as one pass teaches all codes; got 'sasrec': 'sasrec' with positionsFrom newest cannot",
    );
    for (const kind of ['dssm', 'mlp'])
      expect(() => codeModelConfig({ kind }, codes)).toThrow(
        `generation: model: expected an encoder of histories or a generator; got '${kind}'; train it under a task that it can do`,
      );
    const bert: ModelConfigInput = {
      ...{ kind: 'transformer', attention: 'bidirectional', embeddingDim: 8, maxSequenceLength: 6, numBlocks: 1 },
      ...{ numHeads: 1, ffnDim: 8 },
    };
    expect(() => check(codeModelConfig(bert, codes))).toThrow(
      "generation: model: expected one that predicts what comes next; got 'transformer', which sees events on both sides",
    );
  });
});

describe('ranks of generated codes', () => {
  const codes = drawnCodes(20, [4, 5, 3], 7);
  const { test } = tinySplit();
  const examples = latestWindow(test, { maxLength: 6 });
  const evaluated = (model: TokenEncoder, options: Partial<EvaluateGeneratedOptions>) =>
    evaluateGenerated({
      ...{
        writer: codeDecoder(model, { temperature: 0.3, isCached: true }),
        codes,
        beams: 'all',
        examples,
        ks: [1, 5],
      },
      ...options,
    });

  it('of all items are those of their likelihoods, whatever the size of a batch', async () => {
    const model = over(sasrec, codes);
    const batch = makeBatch(examples, [...examples.targets.keys()]);
    const reader = codeDecoder(model, { temperature: 0.3, isCached: false }).read(batch, codeSymbols(codes));
    const likelihoods = itemLikelihoods(reader, batch, codes, 'after');
    const { itemIds } = examples.interactions;
    for (const excludeSeen of [true, false]) {
      const expected = [...examples.targets].map((target, e) => {
        const seen = new Set(excludeSeen ? itemIds.subarray(examples.starts[e], target) : []);
        const own = likelihoods[e][itemIds[target] - 1];
        return 1 + likelihoods[e].filter((score, i) => score > own && !seen.has(i + 1)).length;
      });
      for (const batchSize of [1, 5, 64]) {
        const { ranks } = await evaluated(model, { excludeSeen, batchSize });
        expect([...ranks]).toEqual(expected);
      }
    }
    model.dispose();
  });

  it('count a target outside of the beams as a miss, and keep the order of those inside', async () => {
    const model = over(sasrec, codes);
    const all = await evaluated(model, { mask: 'before' });
    const wide = await evaluated(model, { mask: 'before', beams: 20 });
    expect([...wide.ranks]).toEqual([...all.ranks]);
    const narrow = await evaluated(model, { mask: 'before', beams: 5 });
    expect(narrow.ranks.some((rank) => rank === Number.POSITIVE_INFINITY)).toBe(true);
    expect(narrow.ranks.every((rank) => rank <= 5 || rank === Number.POSITIVE_INFINITY)).toBe(true);
    expect(narrow.definition.join('\n')).toContain(
      'of the items that 5 beams find, a target outside of them being a miss',
    );
    // MRR is cut at the beams, which stands beside it.
    const cut = 'targets that 5 beams do not find count 0 in MRR, where a ranking of all items counts 1 / rank';
    expect(narrow.warnings).toContain(cut);
    expect(narrow.metrics.MRR).toBeLessThan(all.metrics.MRR);
    for (const { warnings } of [all, wide]) expect(warnings.join()).not.toContain('MRR');
    model.dispose();
  });

  it('of every position are those of histories that end there', async () => {
    const model = over(sasrec, codes);
    const every = await evaluated(model, { positions: 'all' });
    const last = await evaluated(model, {});
    expect(every.ranks.length).toBeGreaterThan(last.ranks.length);
    const ends = [...examples.targets.keys()].map((e) => every.ranks[every.examples.lastIndexOf(e)]);
    expect(ends).toEqual([...last.ranks]);
    model.dispose();
  });

  it('do not depend on what the target is', () => {
    const model = over(sasrec, codes);
    const batch = makeBatch(examples, [0, 1, 2]);
    const targets = batch.targets.map((item) => 1 + (item % 20));
    const logits = [batch, { ...batch, targets }].map((given) => {
      const reader = codeDecoder(model, { temperature: 0.3, isCached: true }).read(given, codeSymbols(codes));
      const said = tf.tidy(() => [
        reader.first().arraySync(),
        reader.next(Int32Array.of(0, 2), Int32Array.of(1, 3)).arraySync(),
      ]);
      reader.dispose();
      return said;
    });
    expect(logits[0]).toEqual(logits[1]);
    model.dispose();
  });

  it('refuse fewer beams than a cut-off, and codes of other data', async () => {
    const model = over(sasrec, codes);
    await expect(evaluated(model, { beams: 4 })).rejects.toThrow(
      'evaluate: beams: expected at least as many as the largest cut-off, 5; got 4; more beams, or smaller cut-offs',
    );
    await expect(evaluated(model, { codes: drawnCodes(19, [4, 5, 3], 7) })).rejects.toThrow(EvaluationError);
    model.dispose();
  });
});

describe('lists of generated codes', () => {
  const codes = drawnCodes(20, [4, 5, 3], 7);
  // Every other user takes the first item again, last.
  const items = [3, 9, 4, 14, 3, 5, 7, 8, 20, 11, 12, 1, 6, 2, 12, 10, 13, 15, 16, 17];
  const interactions = interactionsFromArrays({
    ...{ name: 'repeats', items, users: items.map((_, e) => Math.floor(e / 5)), timestamps: items.map((_, e) => e) },
    catalogue: Array.from({ length: 20 }, (_, i) => ({ item: i + 1 })),
  });
  const examples = latestWindow(trainTest(interactions).test, { maxLength: 6 });
  const { itemIds } = interactions;
  const batch = makeBatch(examples, [...examples.targets.keys()]);
  const seenBy = (e: number) => new Set(itemIds.subarray(examples.starts[e], examples.targets[e]));

  it('hold the best items that were not seen, a target among those that were', async () => {
    expect([...examples.targets].filter((target, e) => seenBy(e).has(itemIds[target]))).toHaveLength(2);
    const model = over(sasrec, codes);
    const writer = codeDecoder(model, { temperature: 0.3, isCached: true });
    const reader = codeDecoder(model, { temperature: 0.3, isCached: false }).read(batch, codeSymbols(codes));
    const likelihoods = itemLikelihoods(reader, batch, codes, 'after');
    const asked = { writer, codes, examples, k: 20 };
    for (const excludeSeen of [true, false]) {
      const expected = likelihoods.map((scores, e) =>
        Array.from(scores.keys(), (row) => row + 1)
          .filter((item) => !excludeSeen || !seenBy(e).has(item))
          .sort((a, b) => scores[b - 1] - scores[a - 1]),
      );
      for (const beams of ['all', 20] as const) {
        const lists = await generatedLists({ ...asked, beams, excludeSeen, batchSize: 3 });
        expect(lists.map((list) => [...list])).toEqual(expected);
      }
      const narrow = await generatedLists({ ...asked, k: 3, beams: 3, excludeSeen });
      for (const [e, list] of narrow.entries()) {
        expect(list).toHaveLength(3);
        for (const item of list) expect(excludeSeen && seenBy(e).has(item)).toBe(false);
      }
    }
    model.dispose();
  });

  it('hold no item beyond the candidates of an example', async () => {
    const model = over(sasrec, codes);
    const writer = codeDecoder(model, { temperature: 0.3, isCached: true });
    const asked = { writer, codes, beams: 'all', examples, k: 20, excludeSeen: true } as const;
    const all = await generatedLists(asked);
    const lists = await generatedLists({ ...asked, k: 4, candidates: (e) => 6 + e });
    for (const [e, list] of lists.entries())
      expect([...list]).toEqual([...all[e]].filter((item) => item <= 6 + e).slice(0, 4));
    model.dispose();
  });
});
