import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { itInFull } from '../../../test/part.ts';
import { setItemVectors } from './item-vectors.ts';
import { readParameters } from './parameters.ts';
import { createModel, type ModelConfigInput } from './registry.ts';
import { tinyConfigs, tinyTrain } from './test-support/tiny.ts';
import { loadCheckpoint, loadModel, saveCheckpoint } from './train/checkpoint.ts';
import { createTrainer, type Trainer } from './train/trainer.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const TABLE = '_embedding_module._item_emb.weight';
const NUM_ITEMS = 20;
const WIDTH = 3;
const vectors = {
  width: WIDTH,
  items: Int32Array.of(2, 20),
  values: Float32Array.of(3, 0, 4, 0, -15, 0),
};

function modelOf(changes: object = {}) {
  const config = { ...tinyConfigs.pinnerformer, itemDim: WIDTH, ...changes } as ModelConfigInput;
  return createModel(config, { numItems: NUM_ITEMS, seed: 1 });
}

async function trainerOf(changes: object): Promise<Trainer> {
  const model = modelOf(changes);
  await setItemVectors(model, vectors);
  return createTrainer({ model, examples: tinyTrain(), batchSize: 5, learningRate: 0.01, numNegatives: 6, seed: 4 });
}

async function steps(trainer: Trainer, count: number): Promise<number[]> {
  const losses: number[] = [];
  for (let i = 0; i < count; i++) losses.push((await trainer.step()).loss);
  return losses;
}

describe('setItemVectors', () => {
  it('scales all by one factor, so that the table times sqrt(width) has length one on average, and leaves the rest', async () => {
    const model = modelOf();
    const before = (await readParameters(model))[TABLE].data;
    await setItemVectors(model, vectors);
    const after = (await readParameters(model))[TABLE].data;
    // Lengths 5 and 15, mean 10.
    const scale = 1 / (10 * Math.sqrt(WIDTH));
    const expected = Float32Array.from(before);
    expected.set(
      [3, 0, 4].map((x) => x * scale),
      2 * WIDTH,
    );
    expected.set([0, -15 * scale, 0], 20 * WIDTH);
    for (const [i, value] of expected.entries()) expect(after[i]).toBeCloseTo(value, 6);
  });

  it('refuses another width and unknown items', async () => {
    const model = modelOf({ itemDim: 4 });
    await expect(setItemVectors(model, vectors)).rejects.toThrow(
      'setItemVectors: expected vectors as wide as the item table, 4; got 3',
    );
    await expect(setItemVectors(modelOf(), { ...vectors, items: Int32Array.of(2, 21) })).rejects.toThrow(
      'setItemVectors: expected ids in 1..20; got 21 at 1',
    );
  });

  it('refuses a value that is not finite, and vectors that are too few, and leaves the table as it was', async () => {
    const model = modelOf();
    const before = (await readParameters(model))[TABLE].data;
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const values = Float32Array.of(3, 0, 4, 0, bad, 0);
      await expect(setItemVectors(model, { ...vectors, values })).rejects.toThrow(
        `setItemVectors: expected finite values; got ${bad} in the vector of item 20`,
      );
    }
    await expect(setItemVectors(model, { ...vectors, values: Float32Array.of(3, 0, 4) })).rejects.toThrow(
      'setItemVectors: expected values [2, 3], a vector for each id; got 3 values',
    );
    expect((await readParameters(model))[TABLE].data).toEqual(before);
  });
});

describe('given item vectors in training', () => {
  itInFull(
    'move when they are fine-tuned, and stay bit for bit when they are frozen, while all else learns',
    async () => {
      for (const freezeItems of [false, true]) {
        const trainer = await trainerOf({ freezeItems });
        const before = await readParameters(trainer.model);
        const losses = await steps(trainer, 60);
        expect(losses.at(-1)).toBeLessThan(losses[0]);
        const after = await readParameters(trainer.model);
        const still = Object.keys(before).filter((name) =>
          before[name].data.every((value, i) => value === after[name].data[i]),
        );
        expect(still).toEqual(freezeItems ? [TABLE] : []);
      }
    },
  );

  it('come back with a checkpoint, which goes on bit for bit', async () => {
    const straight = await trainerOf({ freezeItems: true });
    const expected = await steps(straight, 6);
    const first = await trainerOf({ freezeItems: true });
    await steps(first, 3);
    const file = join(mkdtempSync(join(tmpdir(), 'seqrec-')), 'frozen.safetensors');
    await saveCheckpoint(file, first);
    const second = createTrainer({
      ...first.options,
      model: modelOf({ freezeItems: true }),
      examples: tinyTrain(),
      numNegatives: 6,
    });
    await loadCheckpoint(file, second);
    expect(await steps(second, 3)).toEqual(expected.slice(3));
    const loaded = await loadModel(file);
    expect((await readParameters(loaded))[TABLE]).toEqual((await readParameters(straight.model))[TABLE]);
  });

  it('are not trained row by row when they are frozen', () => {
    const options = { examples: tinyTrain(), batchSize: 5, learningRate: 0.01, embeddings: 'rowwise' } as const;
    expect(() => createTrainer({ ...options, model: modelOf({ freezeItems: true }) })).toThrow(
      "trainer: embeddings: expected 'dense' for an item table that is kept as it is; got 'rowwise', which trains its rows",
    );
  });
});
