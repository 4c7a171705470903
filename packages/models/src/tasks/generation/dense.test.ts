import { integers, streamKey, useBackend } from '@seqrec/core';
import { interactionsFromArrays, latestWindow, trainTest } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluateGenerated } from '../../evaluate/generated.ts';
import { codeSymbols } from '../../generators/code-symbols.ts';
import { denseSizes } from '../../generators/dense/config.ts';
import { isDenseEncoder, setContent } from '../../generators/dense/head.ts';
import type { TokenEncoder } from '../../model.ts';
import { createModel, type ModelConfigInput } from '../../registry.ts';
import { drawnCodes } from '../../test-support/coded-world.ts';
import { overfitEncoders } from '../../test-support/overfit.ts';
import { drawnContent } from '../../test-support/plain-dense.ts';
import { tinyTrain } from '../../test-support/tiny.ts';
import { createTrainer } from '../../train/trainer.ts';
import { createTask } from '../registry.ts';
import { denseOf, generationConfigSchema } from './config.ts';
import { codeModelConfig, codeWriter } from './task.ts';

const objective = { kind: 'full-softmax', temperature: 0.2 } as const;
const config = (dense: object) => generationConfigSchema().parse({ kind: 'generation', ids: {}, dense });

beforeAll(async () => {
  await useBackend('simd');
});
afterAll(() => tf.setBackend('cpu'));

describe('a hybrid', () => {
  it.each([
    ['LIGER', { after: 0, vectors: 'content', width: 16 }],
    ['COBRA', { after: 1, levels: 1, vectors: 'table', width: 16 }],
  ])('as %s learns 32 sequences by heart, by vectors and by both', async (_, dense) => {
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
    const settings = config(dense);
    const made = denseSizes(denseOf(settings)!, items, dense.vectors === 'content' ? 12 : undefined);
    const model = createModel(codeModelConfig(overfitEncoders.sasrec, codes), {
      ...{ numItems: codeSymbols(codes).count, seed: 4, dense: made },
    });
    if (!isDenseEncoder(model)) throw new Error('expected a model with vectors');
    if (dense.vectors === 'content') setContent(model, drawnContent(items, 12));
    const task = createTask(settings, { train: examples, objective, codes });
    const trainer = createTrainer({ model, examples, task: task as never, batchSize: 32, learningRate: 0.01, seed: 2 });
    const hits = async (mix: number): Promise<number> => {
      const { after, levels, temperature } = settings.dense!;
      const { metrics } = await evaluateGenerated({
        ...{
          writer: codeWriter(model, { temperature: objective.temperature }),
          codes,
          beams: 5,
          examples,
          ks: [1],
          excludeSeen: false,
        },
        dense: { head: model.dense, after, levels, temperature, mix },
      });
      return metrics['HR@1'];
    };
    let least = 0;
    for (let round = 0; round < 15 && least < 31 / 32; round++) {
      for (let epoch = 0; epoch < 20; epoch++) await trainer.runEpoch();
      least = Math.min(await hits(0.5), settings.dense!.levels === 'all' ? await hits(0) : 1);
    }
    expect(least).toBeGreaterThanOrEqual(31 / 32);
    // Content is what it was.
    if (dense.vectors === 'content')
      expect(model.dense.variables.get('dense.content')?.dataSync()).toEqual(drawnContent(items, 12).values);
    trainer.dispose();
    model.dispose();
  });

  it('without a weight, or ranked by codes alone, is generation to the bit', async () => {
    const codes = drawnCodes(20, [4, 4, 4], 5);
    const examples = tinyTrain();
    const sasrec: ModelConfigInput = {
      ...{ kind: 'sasrec', embeddingDim: 8, maxSequenceLength: 6, numBlocks: 1, numHeads: 1, ffnDim: 8 },
    };
    const trained = async (dense: object | undefined) => {
      const settings = generationConfigSchema().parse({ kind: 'generation', ids: {}, ...(dense && { dense }) });
      const own = denseOf(settings);
      const model: TokenEncoder = createModel(codeModelConfig(sasrec, codes), {
        ...{ numItems: codeSymbols(codes).count, seed: 4, ...(own && { dense: denseSizes(own, 20, undefined) }) },
      });
      const task = createTask(settings, { train: examples, objective, codes });
      const trainer = createTrainer({
        model,
        examples,
        task: task as never,
        batchSize: 8,
        learningRate: 0.01,
        seed: 2,
      });
      for (let epoch = 0; epoch < 3; epoch++) await trainer.runEpoch();
      const weights = new Map(Array.from(model.variables(), ([name, weight]) => [name, [...weight.dataSync()]]));
      trainer.dispose();
      model.dispose();
      return { weights, identity: task.identity };
    };
    const plain = await trained(undefined);
    expect(await trained({ weight: 0, mix: 1 })).toEqual(plain);
    const both = await trained({ vectors: 'table', width: 4 });
    const name = '_embedding_module._item_emb.weight';
    expect(both.weights.get(name)).not.toEqual(plain.weights.get(name));
    expect(both.identity.dense).toEqual({ weight: 1, after: 0, temperature: 0.05 });
  });
});

describe('settings that do not go together', () => {
  it.each([
    [{ weight: 0 }, 'expected 1 with weight 0, which learns no vectors"'],
    [{ mix: 1, levels: 1 }, 'expected all with mix 1, by which items of one prefix are equal"'],
    [{ after: 2, levels: 1 }, 'expected at least after, 2, as vectors are made of prefixes that are written"'],
    [{ cold: true }, 'expected false unless mix and after are 0, here 0.5 and 0, as no beam has written these items"'],
    [
      { cold: true, mix: 0, vectors: 'table' },
      'expected false unless vectors is content, here table: rows of a table without an event are what they began as"',
    ],
  ])('%j', (dense, message) => {
    expect(() => config(dense)).toThrow(message);
  });

  it('debias, and codes that items do not have', () => {
    const idle = { kind: 'generation', debias: 0.5, dense: { weight: 0, mix: 1 } };
    expect(() => generationConfigSchema().parse(idle)).not.toThrow();
    const both = generationConfigSchema().safeParse({ ...idle, dense: { weight: 0, mix: 0.5 } });
    expect(both.error?.issues.map(({ message }) => message)).toEqual([
      'expected 1 with weight 0, which learns no vectors',
    ]);
    expect(() => generationConfigSchema().parse({ kind: 'generation', debias: 0.5, dense: {} })).toThrow(
      'expected 0 with dense, whose vectors have no share of the training events',
    );
    const codes = drawnCodes(20, [4, 4, 4], 5);
    const made = (dense: object) => createTask(config(dense), { train: tinyTrain(), objective, codes });
    expect(() => made({ after: 3 })).toThrow(
      'generation: dense.after: expected at most 2, as items have 3 codes; got 3',
    );
    expect(() => made({ levels: 4 })).toThrow(
      'generation: dense.levels: expected at most 3, as items have 3 codes; got 4',
    );
    expect(() => made({ after: 2, levels: 3 })).not.toThrow();
  });
});
