import { useBackend } from '@seqrec/core';
import { interactionsFromArrays, latestWindow, makeBatch, trainTest } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluateGenerated } from '../../evaluate/generated.ts';
import { codeDecoder } from '../../generators/code-decoder.ts';
import type { TokenEncoder } from '../../model.ts';
import { createModel, type ModelConfigInput } from '../../registry.ts';
import { itemLikelihoods } from '../../test-support/coded-world.ts';
import { overfitEncoders } from '../../test-support/overfit.ts';
import { spokenWorld } from '../../test-support/spoken-world.ts';
import { createTrainer } from '../../train/trainer.ts';
import { createTask } from '../registry.ts';
import { codeModelConfig, codeWriter } from './task.ts';

const objective = { kind: 'full-softmax', temperature: 0.2 } as const;
const ids = {};
const sasrec: ModelConfigInput = {
  ...{ kind: 'sasrec', embeddingDim: 8, maxSequenceLength: 5, numBlocks: 1, numHeads: 1, ffnDim: 8 },
};
const language = { minCount: 2, maxWords: 8 };

beforeAll(async () => {
  await useBackend('simd');
});
afterAll(() => tf.setBackend('cpu'));

describe('training', () => {
  it.each(['sasrec', 'hstu', 'transformer'])('%s learns 32 histories by heart, among all tasks', async (kind) => {
    const world = spokenWorld({ users: 32, items: 60, length: 7, sizes: [8, 8, 4], seed: 3 });
    const { examples, codes } = world;
    const options = { train: examples, objective, codes };
    const tasks = { retrieve: 1, masked: 0.2, preferred: 0.2, toTitle: 0.2, fromTitle: 0.2, toAttributes: 0.2 };
    const task = createTask({ kind: 'generation', ids, language: { ...language, tasks } }, options);
    const model: TokenEncoder = createModel(codeModelConfig(overfitEncoders[kind], codes, world.language), {
      numItems: world.language.count,
      seed: 4,
    });
    const trainer = createTrainer({ model, examples, task: task as never, batchSize: 32, learningRate: 0.01, seed: 2 });
    const writer = codeWriter(model, { ...objective, language: world.language });
    let hits = 0;
    for (let round = 0; round < 20 && hits < 31 / 32; round++) {
      for (let epoch = 0; epoch < 20; epoch++) await trainer.runEpoch();
      const { metrics } = await evaluateGenerated({ writer, codes, beams: 5, examples, ks: [1], excludeSeen: false });
      hits = metrics['HR@1'];
    }
    expect(hits).toBeGreaterThanOrEqual(31 / 32);
    trainer.dispose();
    model.dispose();
  });
});

describe('decoding', () => {
  const world = spokenWorld({ users: 6 });
  const { examples, codes } = world;
  const over = (config: ModelConfigInput): TokenEncoder =>
    createModel(codeModelConfig(config, codes, world.language), { numItems: world.language.count, seed: 4 });

  it.each(['sasrec', 'hstu', 'transformer'])(
    '%s says the same from what it has kept as from all, to the bit',
    (kind) => {
      const model = over(overfitEncoders[kind]);
      const batch = makeBatch(examples, [0, 1, 2]);
      const opening = world.language.begins.retrieve;
      const said = [true, false].map((isCached) => {
        const reader = codeDecoder(model, { temperature: 0.2, isCached, opening }).read(batch, world.language.codes);
        const logits = tf.tidy(() => [
          reader.first().arraySync(),
          reader.next(Int32Array.of(0, 2, 1, 0), Int32Array.of(1, 3, 0, 2)).arraySync(),
          reader.next(Int32Array.of(3, 3, 1), Int32Array.of(4, 0, 1)).arraySync(),
        ]);
        reader.dispose();
        return logits;
      });
      expect(said[0]).toEqual(said[1]);
      // The mark is read: without it the logits are others.
      const bare = codeDecoder(model, { temperature: 0.2, isCached: true }).read(batch, world.language.codes);
      expect(tf.tidy(() => bare.first().arraySync())).not.toEqual(said[0][0]);
      bare.dispose();
      model.dispose();
    },
  );

  it('ranks by beams as wide as the catalogue as by the likelihood of every item', async () => {
    const model = over(sasrec);
    const writer = codeWriter(model, { temperature: 0.3, language: world.language });
    const batch = makeBatch(examples, [...examples.targets.keys()]);
    const reader = writer.read(batch, world.language.codes);
    const likelihoods = itemLikelihoods(reader, batch, codes, 'after');
    reader.dispose();
    const { itemIds } = examples.interactions;
    const expected = [...examples.targets].map((target, e) => {
      const own = likelihoods[e][itemIds[target] - 1];
      return 1 + likelihoods[e].filter((score) => score > own).length;
    });
    for (const beams of ['all', codes.count] as const) {
      const { ranks } = await evaluateGenerated({ writer, codes, beams, examples, ks: [1, 5], excludeSeen: false });
      expect([...ranks]).toEqual(expected);
    }
    model.dispose();
  });
});

describe('what does not go together', () => {
  const { examples: train, codes, language: spoken } = spokenWorld();
  const made = (changes: object, given = train) =>
    createTask({ kind: 'generation', ids, language: { ...language, ...changes } }, { train: given, objective, codes });

  it.each([
    [{ tasks: { retrieve: 0 } }, 'expected a weight above 0 for one of the tasks, since nothing is learned otherwise'],
    [{ tasks: { retrieve: -1 } }, 'tasks.retrieve'],
    [{ tasks: { rating: 1 } }, 'rating'],
    [{ minCount: 0 }, 'minCount'],
    [{ maxWords: 65 }, 'maxWords'],
    [
      { histories: 9 },
      'generation: language.histories: expected at most the 8 users of training; got 9; all of them are `all`',
    ],
  ])('%j is refused', (changes, message) => {
    expect(() => made(changes)).toThrow(message);
  });

  it('items without words, a model of another size, one that has no words', () => {
    const bare = interactionsFromArrays({
      name: 'bare',
      users: Array.from({ length: 40 }, (_, e) => Math.floor(e / 5)),
      items: Array.from({ length: 40 }, (_, e) => 1 + (e % 20)),
      timestamps: Array.from({ length: 40 }, (_, e) => e),
    });
    const without = latestWindow(trainTest(bare).test, { maxLength: 4 });
    expect(() => made({ tasks: { toTitle: 1 } }, without)).toThrow(
      'generation: language.tasks.toTitle: expected items with titles (data.items.title names their column); got none that has words; leave the task out, or read them',
    );
    expect(() => made({ tasks: { toAttributes: 1 } }, without)).toThrow(
      'generation: language.tasks.toAttributes: expected items with columns of ids, such as categories (data.items.columns names them); got none that has words',
    );
    expect(() => made({ tasks: { retrieve: 1, masked: 1, preferred: 1 } }, without)).not.toThrow();
    const check = (config: { readonly kind: string }, numItems = spoken.count) => {
      const model = createModel(config, { numItems });
      try {
        made({}).check?.(model, train, undefined);
      } finally {
        model.dispose();
      }
    };
    expect(() => check(codeModelConfig(sasrec, codes, spoken))).not.toThrow();
    expect(() => check(codeModelConfig(sasrec, codes, spoken), 12)).toThrow(
      `generation: model: expected one over ${spoken.count} rows of codes and words; got 'sasrec' over 12; make it with numItems of languageOf`,
    );
    expect(() => check({ ...sasrec, maxSequenceLength: 24 } as ModelConfigInput)).toThrow(
      'generation: examples: expected histories of at most 4 events, with which every task fits into maxSequenceLength = 24; got one of 5; cut them with latestWindow',
    );
    const t5 = {
      ...{ kind: 't5', embeddingDim: 8, numHeads: 2, headDim: 4, ffnDim: 8, maxSequenceLength: 5 },
      ...{ encoderBlocks: 1, decoderBlocks: 1 },
    };
    expect(() => check(codeModelConfig(t5, codes, spoken))).toThrow(
      "generation: task.language: expected an encoder of histories, which reads words as it reads codes; got 't5'; leave it out, or take another model",
    );
  });

  it('is part of what a run is resumed by', () => {
    const identities = [{}, { maxWords: 4 }, { minCount: 30 }, { histories: 4 }, { tasks: { retrieve: 1 } }];
    expect(new Set(identities.map((changes) => JSON.stringify(made(changes).identity))).size).toBe(5);
  });
});
