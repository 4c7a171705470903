import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import type { TokenEncoder } from '../model.ts';
import { createObjective } from '../objectives/create.ts';
import { createModel, type ModelConfigInput } from '../registry.ts';
import { evaluation, expectDropped, KEPT, RATE, ratios, rowsOf, single, training } from '../test-support/dropout.ts';
import { tinyConfigs, tinyTrain } from '../test-support/tiny.ts';
import { createTrainer } from '../train/trainer.ts';
import { dropItems } from './item-dropout.ts';

/** Encoders with an item table that is theirs; DSSM makes its vectors of features. */
const encoders = Object.keys(tinyConfigs).filter((name) => name !== 'dssm');

beforeAll(async () => {
  await useBackend('auto');
});

/** The loss of the first step, whose weights are the same however it is computed. */
async function firstLoss(name: string, embeddings: 'dense' | 'rowwise', parts: number, itemDropout = 0.4) {
  const config = { ...tinyConfigs[name], itemDropout } as ModelConfigInput;
  const model = createModel(config, { numItems: 20, seed: 3 });
  const examples = tinyTrain();
  const objective = createObjective({ kind: 'sampled-softmax', numNegatives: 5 }, examples);
  const shared = { batchSize: 7, learningRate: 0.01, seed: 11, embeddings, parts };
  const trainer = createTrainer({ model, examples, objective, ...shared });
  const { loss } = await trainer.step();
  trainer.dispose();
  model.dispose();
  return loss;
}

it.each(encoders)('%s loses the same numbers of the item table by rows and in parts', async (name) => {
  const whole = await firstLoss(name, 'dense', 1);
  for (const [embeddings, parts] of [
    ['rowwise', 1],
    ['dense', 3],
    ['rowwise', 3],
  ] as const)
    expect(Math.abs((await firstLoss(name, embeddings, parts)) - whole)).toBeLessThan(1e-5);
  expect(Math.abs((await firstLoss(name, 'dense', 1, 0)) - whole)).toBeGreaterThan(1e-4);
});

it.each(encoders)('%s drops numbers of the item table, the same in the history and among what is scored', (name) => {
  const config = { ...tinyConfigs[name], similarity: 'dot' };
  const made = [{ ...config, itemDropout: RATE }, config].map((each) =>
    createModel(each as ModelConfigInput, { numItems: 20, seed: 1 }),
  );
  const [model, other] = made as [TokenEncoder, TokenEncoder];
  const ids = Int32Array.of(2, 3, 7, 11, 18, 20);
  const batch = single();
  tf.tidy(() => {
    const table = model.itemTable();
    const dropped = dropItems(table, RATE, training);
    expectDropped(ratios(rowsOf(dropped).slice(1), rowsOf(table).slice(1)), KEPT, RATE, 'items');
    const plain = other.withItemRows(
      dropped,
      Int32Array.from({ length: 21 }, (_, i) => i),
    );
    // A later part of a batch has rows before it: its items are the same.
    const later = { ...training, before: { sequences: 3, tokens: 5 } };
    const rows = rowsOf(model.itemVectors(training));
    expect(rows).toEqual(rowsOf(plain.itemVectors(training)));
    expect(rowsOf(model.itemVectors(later))).toEqual(rows);
    expect(rowsOf(model.itemVectors(evaluation))).toEqual(rowsOf(other.itemVectors(evaluation)));
    for (const run of [training, later, evaluation])
      expect(rowsOf(model.encode(batch, run))).toEqual(rowsOf((run.training ? plain : other).encode(batch, run)));
    const some = model.withItemRows(tf.gather(table, ids) as tf.Tensor2D, ids);
    expect(rowsOf(some.itemVectors(training))).toEqual([...ids].map((id) => rows[id]));
  });
  batch.dispose();
  for (const each of made) each.dispose();
});
