import { useBackend } from '@seqrec/core';
import { interactionsFromArrays, latestWindow, trainTest } from '@seqrec/data';
import {
  createModel,
  createObjective,
  createTrainer,
  fitFeatures,
  isTokenEncoder,
  type ModelConfig,
  modelKinds,
  parseModelConfig,
  parseObjectiveConfig,
  workloadOf,
} from '@seqrec/models';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RecipeConfig } from '../../config/schema.ts';
import { countedWork } from '../../testing/counted-work.ts';
import { batchFlops, countedEncoders, encoderFlops, stepFlops, totalFlops } from './step.ts';

const base = { embeddingDim: 24, maxSequenceLength: 40, numBlocks: 2, numHeads: 2 };
/** Odd widths on purpose: a formula that swaps two of them must fail. */
const configs: Readonly<Record<string, readonly unknown[]>> = {
  hstu: [
    { kind: 'hstu', ...base, dqk: 7, dv: 13 },
    { kind: 'hstu', ...base, numBlocks: 3, dqk: 12, dv: 5, relativeBias: 'none', attention: 'softmax' },
    { kind: 'hstu', ...base, block: 'production', dqk: 7, dv: 13 },
    { kind: 'hstu', ...base, dqk: 8, dv: 13, gate: false, relativeBias: 'rotary', outputNorm: 'group' },
    { kind: 'hstu', ...base, dqk: 7, dv: 13, maxAttentionLength: 5, minFullAttentionLength: 3 },
    { kind: 'hstu', ...base, dqk: 7, dv: 13, maxAttentionLength: 4, globalAttentionLength: 6 },
    { kind: 'hstu', ...base, dqk: 7, dv: 13, actions: 'sum' },
    { kind: 'hstu', ...base, dqk: 7, dv: 13, actions: 'interleave', maxAttentionLength: 9 },
  ],
  sasrec: [{ kind: 'sasrec', ...base, ffnDim: 31 }],
  'transformer-plus-plus': [
    { kind: 'transformer-plus-plus', ...base, ffnDim: 19 },
    { kind: 'transformer-plus-plus', ...base, ffnDim: 19, headDim: 10 },
  ],
  pinnerformer: [
    { kind: 'pinnerformer', ...base, modelDim: 20 },
    { kind: 'pinnerformer', ...base, modelDim: 28, ffnDim: 33, itemHiddenDim: 17, time: false },
    { kind: 'pinnerformer', ...base, modelDim: 20, itemDim: 90, freezeItems: false },
    { kind: 'pinnerformer', ...base, modelDim: 20, actions: 'rating', actionDim: 50, duration: 'rating' },
    { kind: 'pinnerformer', ...base, modelDim: 20, itemDim: 90, freezeItems: true },
  ],
  gru4rec: [
    { kind: 'gru4rec', embeddingDim: 24, maxSequenceLength: 40, numBlocks: 2 },
    { kind: 'gru4rec', embeddingDim: 24, maxSequenceLength: 40, numBlocks: 1, hiddenDim: 13 },
    { kind: 'gru4rec', embeddingDim: 24, maxSequenceLength: 40, numBlocks: 2, outputProjection: false },
  ],
  'fuxi-alpha': [
    { kind: 'fuxi-alpha', ...base, dqk: 7, dv: 13 },
    { kind: 'fuxi-alpha', ...base, dqk: 7, dv: 13, ffnDim: 31, channels: 'time-content' },
    { kind: 'fuxi-alpha', ...base, dqk: 7, dv: 13, multistage: false, channels: 'position' },
  ],
  dssm: [
    { kind: 'dssm', userId: false, history: true, embeddingDim: 24, maxSequenceLength: 40, outputDim: 13 },
    {
      kind: 'dssm',
      userId: false,
      history: true,
      embeddingDim: 20,
      maxSequenceLength: 40,
      queryHiddenSizes: [31],
      itemHiddenSizes: [17, 45],
      outputDim: 28,
    },
  ],
  transformer: [
    { kind: 'transformer', ...base },
    { kind: 'transformer', ...base, numBlocks: 1, ffnDim: 17, activation: 'gelu' },
    { kind: 'transformer', ...base, ffnDim: 17, block: 'ligr' },
    { kind: 'transformer', ...base, numBlocks: 1, ffnDim: 17, block: 'ligr', activation: 'relu' },
    { kind: 'transformer', ...base, ffnDim: 17, attention: 'bidirectional' },
  ],
};
const sampled = { numNegatives: 9 };
const everyEvent = { kind: 'masked', probability: 1 } as const;

beforeAll(async () => {
  await useBackend('auto');
});

/** Work that the kernels of one training step count, on sequences of these many events. */
async function counted(
  config: ModelConfig,
  lengths: readonly number[],
  objective: { readonly numNegatives: number; readonly actionWeight?: number },
): Promise<{ readonly work: number; readonly numItems: number }> {
  const rows = lengths.flatMap((length, user) =>
    Array.from({ length: length + 2 }, (_, t) => ({ user: String(user), item: String((7 * t + user) % 60), time: t })),
  );
  const data = interactionsFromArrays({
    name: 'lengths',
    users: rows.map((row) => row.user),
    items: rows.map((row) => row.item),
    timestamps: rows.map((row) => row.time),
    ratings: rows.map((row) => 1 + (row.time % 5)),
  });
  const examples = latestWindow(trainTest(data).train, { maxLength: config.maxSequenceLength });
  const model = createModel(config, { numItems: data.numItems, seed: 1 });
  const hides = isTokenEncoder(model) && model.predicts === 'hidden';
  const trainer = createTrainer({
    model,
    examples,
    objective: createObjective({ ...objective, ...(hides && { labels: everyEvent }) }, examples),
    batchSize: 64,
    learningRate: 1e-3,
    shuffle: false,
  });
  const work = await countedWork(() => trainer.step());
  trainer.dispose();
  model.dispose();
  return { work, numItems: data.numItems };
}

describe('the closed forms equal the work that the kernels count', () => {
  it('has a configuration here and a formula for every encoder', () => {
    expect([...countedEncoders()].sort()).toEqual([...modelKinds('encode')].sort());
    expect(Object.keys(configs).sort()).toEqual([...modelKinds('encode')].sort());
  });

  it.each(Object.values(configs).flat())('%j', async (raw) => {
    const config = parseModelConfig(raw);
    const lengths = [1, 40, 3, 17, 26];
    const { work, numItems } = await counted(config, lengths, sampled);
    const formula = totalFlops(stepFlops(config, sampled, lengths, numItems));
    expect(Math.abs(work - formula) / work).toBeLessThan(0.01);
  });

  it.each([0.5, 1])('actions predicted with weight %d', async (actionWeight) => {
    const config = parseModelConfig({ kind: 'hstu', ...base, dqk: 7, dv: 13, actions: 'interleave' });
    const objective = { ...sampled, actionWeight };
    const { work, numItems } = await counted(config, [1, 40, 3, 17], objective);
    const formula = totalFlops(stepFlops(config, objective, [1, 40, 3, 17], numItems));
    expect(Math.abs(work - formula) / work).toBeLessThan(0.01);
  });
});

describe('features of several numbers', () => {
  const width = 300;
  const lengths = [1, 40, 3, 17];
  const events = lengths.flatMap((length, user) =>
    Array.from({ length: length + 2 }, (_, t) => ({ user, item: (7 * t + user) % 60, time: t })),
  );
  const standardised = (...names: string[]) => names.map((column) => ({ column, encode: 'standardise' }));
  const vectors = (rows: number) => ({
    kind: 'number' as const,
    width,
    values: Array.from({ length: rows }, () => new Array<number>(width).fill(0.1)),
  });
  const items = Array.from({ length: 60 }, (_, item) => String(item));
  const users = lengths.map((_, user) => String(user));
  const data = interactionsFromArrays({
    name: 'vectors',
    users: events.map(({ user }) => String(user)),
    items: events.map(({ item }) => String(item)),
    timestamps: events.map(({ time }) => time),
    columns: { ofEvent: vectors(events.length) },
    itemColumns: { ids: items, columns: { ofItem: vectors(items.length) } },
    userColumns: { ids: users, columns: { ofUser: vectors(users.length) } },
  });
  const train = trainTest(data).train;

  it.each([
    { features: standardised('ofItem') },
    { features: standardised('ofItem'), itemFeatures: 'input' },
    { features: standardised('ofEvent', 'ofUser') },
    { kind: 'pinnerformer', modelDim: 20, itemDim: 90, features: standardised('ofEvent', 'ofItem') },
  ])('%j: their products are counted, with those of the items of the histories', async (own) => {
    const model = parseModelConfig({ kind: 'hstu', ...base, ...(!('kind' in own) && { dqk: 7, dv: 13 }), ...own });
    const examples = latestWindow(train, { maxLength: 40 });
    const objective = parseObjectiveConfig(sampled);
    const made = createModel(model, { numItems: data.numItems, seed: 1, features: fitFeatures(model, train) });
    const batchSize = lengths.length;
    const trainer = createTrainer({
      ...{ model: made, examples, batchSize, learningRate: 1e-3, shuffle: false },
      objective: createObjective(objective, examples),
    });
    const work = await countedWork(() => trainer.step());
    const all = Int32Array.from(examples.targets.keys());
    const formula = totalFlops(batchFlops({ model, objective, seed: 1 } as RecipeConfig, examples, all, 0));
    expect(Math.abs(work - formula) / work).toBeLessThan(0.01);
    trainer.dispose();
    made.dispose();
  });
});

it('counts no features whose products it does not know', () => {
  const config = { kind: 'sasrec', combineFeatures: 'concat' } as unknown as ModelConfig;
  expect(() => encoderFlops(config, workloadOf([1]))).toThrow('expected features that are summed');
});

it('of a step: the labels that are given, or one a token', () => {
  const config = parseModelConfig({
    kind: 'sasrec',
    embeddingDim: 8,
    maxSequenceLength: 9,
    numBlocks: 1,
    numHeads: 1,
    ffnDim: 8,
  });
  const encoder = totalFlops(encoderFlops(config, workloadOf([3, 4], { itemRows: 51 })));
  const objective = { kind: 'sampled-softmax', numNegatives: 1 } as const;
  expect(totalFlops(stepFlops(config, objective, [3, 4], 50))).toBe(encoder + 3 * 2 * 7 * 2 * 8);
  const drawn = { ...objective, labels: { kind: 'dense-all-action' } } as const;
  expect(totalFlops(stepFlops(config, drawn, [3, 4], 50, 5))).toBe(encoder + 3 * 2 * 5 * 2 * 8);
  expect(() => stepFlops(config, drawn, [3, 4], 50)).toThrow('or the number of labels of the step');
});
