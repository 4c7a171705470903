import { useBackend } from '@seqrec/core';
import { beforeAll, expect, it } from 'vitest';
import { createObjective } from '../objectives/create.ts';
import { createModel, type ModelConfigInput } from '../registry.ts';
import { tinyConfigs, tinyTrain } from '../test-support/tiny.ts';
import { createTrainer } from '../train/trainer.ts';

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

it.each(Object.keys(tinyConfigs).filter((name) => name !== 'dssm'))(
  '%s loses the same numbers of the item table by rows and in parts',
  async (name) => {
    const whole = await firstLoss(name, 'dense', 1);
    for (const [embeddings, parts] of [
      ['rowwise', 1],
      ['dense', 3],
      ['rowwise', 3],
    ] as const)
      expect(Math.abs((await firstLoss(name, embeddings, parts)) - whole)).toBeLessThan(1e-5);
    expect(Math.abs((await firstLoss(name, 'dense', 1, 0)) - whole)).toBeGreaterThan(1e-4);
  },
);
