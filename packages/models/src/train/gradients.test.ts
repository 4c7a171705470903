import { type RowwiseAdamW, useBackend } from '@seqrec/core';
import { makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../errors.ts';
import type { Objective } from '../objectives/objective.ts';
import { sampledSoftmaxObjective } from '../objectives/sampled-softmax.ts';
import { readParameters } from '../parameters.ts';
import { capabilitiesOf, createModel } from '../registry.ts';
import { denseGradients, rowwiseGradients } from '../test-support/gradients.ts';
import { tinyConfigs, tinyTrain } from '../test-support/tiny.ts';
import { disposeGradients } from './gradients.ts';
import { createTrainer } from './trainer.ts';

const TABLE = '_embedding_module._item_emb.weight';
const objective = sampledSoftmaxObjective({ numNegatives: 3 });
const run = { training: true, step: 7, seed: 3 };

beforeAll(async () => {
  await useBackend('cpu');
});

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0);
}

describe.each(Object.keys(tinyConfigs))('row-wise gradients of %s', (name) => {
  it('are the dense ones, at the rows that the step reads; all other rows have none', async ({ skip }) => {
    const items = 60;
    const model = createModel(tinyConfigs[name], { numItems: items, seed: 1 });
    // Items that a tower reads, not the loss itself, are trained densely.
    if (model.tables().size === 0) {
      expect(capabilitiesOf(model.kind)).toContain('towers');
      model.dispose();
      skip('none of its tables is trained by rows');
    }
    const examples = tinyTrain({ items });
    const batch = makeBatch(examples, Int32Array.of(0, 4, 5));
    const before = tf.memory().numTensors;
    const dense = await denseGradients({ model, objective, batch, run });
    const rowwise = await rowwiseGradients({ model, objective, batch, run });
    expect(largestDifference(rowwise.loss.dataSync(), dense.loss.dataSync())).toBeLessThan(1e-6);
    const table = model.itemTable();
    const { ids, grad } = rowwise.rows.get(table.name)!;
    expect(ids.length).toBeLessThan(items);
    const whole = new Float32Array(table.size);
    const rows = grad.dataSync();
    for (const [u, id] of ids.entries()) whole.set(rows.subarray(u * 8, (u + 1) * 8), id * 8);
    expect(largestDifference(whole, dense.dense[table.name].dataSync())).toBeLessThan(1e-5);
    for (const variable of model.variables().values()) {
      if (variable === table) continue;
      const [ours, theirs] = [rowwise.dense[variable.name], dense.dense[variable.name]];
      // The head of actions that nobody asks for.
      if (theirs === undefined) {
        expect(ours).toBeUndefined();
        continue;
      }
      expect(largestDifference(ours.dataSync(), theirs.dataSync())).toBeLessThan(1e-5);
    }
    disposeGradients(dense);
    disposeGradients(rowwise);
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });
});

describe('a trainer with row-wise item embeddings', () => {
  const setUp = (options: { embeddings?: 'auto' | 'dense' | 'rowwise'; objective?: Objective } = {}) => {
    const model = createModel(tinyConfigs.hstu, { numItems: 60, seed: 1 });
    const examples = tinyTrain({ items: 60 });
    const settings = { batchSize: 4, learningRate: 0.02, numNegatives: 2, weightDecay: 0.1, seed: 4 };
    return createTrainer({ model, examples, embeddings: 'rowwise', ...settings, ...options });
  };

  it('leaves rows alone that no step has read, and learns', async () => {
    const trainer = setUp();
    const before = (await readParameters(trainer.model))[TABLE].data as Float32Array;
    const tensors = tf.memory().numTensors;
    await trainer.step();
    const after = (await readParameters(trainer.model))[TABLE].data as Float32Array;
    const [optimizer] = trainer.update.rows.values();
    const { steps } = (optimizer as RowwiseAdamW).state();
    expect(new Set(steps)).toEqual(new Set([0, 1]));
    for (let row = 0; row <= 60; row++) {
      const [was, now] = [before, after].map((data) => data.subarray(row * 8, (row + 1) * 8));
      if (steps[row] === 0) expect(now).toEqual(was);
      else expect(now).not.toEqual(was);
    }
    expect(steps[0]).toBe(0);
    const first = await trainer.runEpoch();
    const kept = tf.memory().numTensors;
    for (let epoch = 0; epoch < 15; epoch++) await trainer.runEpoch();
    expect((await trainer.runEpoch()).meanLoss).toBeLessThan(first.meanLoss - 0.1);
    expect(tf.memory().numTensors).toBe(kept);
    // The item table has no dense moments.
    expect(kept - tensors).toBe(2 * (trainer.model.variables().size - 1));
  });

  it('is chosen by size, when the objective names its items', () => {
    expect(setUp({ embeddings: 'auto' }).options.embeddings).toBe('dense');
    const { draw: _, ...blind } = objective;
    expect(() => setUp({ objective: blind })).toThrow(ConfigError);
    expect(() => setUp({ objective: blind })).toThrow(
      "trainer: embeddings: expected 'dense' for the objective 'sampled-softmax'; got 'rowwise'; row-wise training needs an objective that names its items beforehand, with draw()",
    );
  });
});

describe('a step that fails', () => {
  const fail = (): never => {
    throw new Error('no room');
  };
  const failsOnWayBack = tf.customGrad((x) => ({ value: tf.clone(x as tf.Tensor), gradFunc: fail }));

  it.each([
    ['on the way there', fail],
    ['on the way back', (sum: tf.Scalar) => failsOnWayBack(sum) as tf.Scalar],
  ])('%s leaves no tensor, and the next one is as ever', async (_, lossOf) => {
    const model = createModel(tinyConfigs.hstu, { numItems: 60, seed: 1 });
    const batch = makeBatch(tinyTrain({ items: 60 }), Int32Array.of(0, 4, 5));
    const failing: Objective = {
      ...objective,
      loss: (input) => {
        const loss = objective.loss(input);
        return { ...loss, sum: lossOf(loss.sum) };
      },
    };
    for (const gradients of [denseGradients, rowwiseGradients]) {
      const { numTensors, numBytes } = tf.memory();
      await expect(gradients({ model, objective: failing, batch, run })).rejects.toThrow('no room');
      expect(tf.memory()).toMatchObject({ numTensors, numBytes });
      disposeGradients(await gradients({ model, objective, batch, run }));
      expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    }
    model.dispose();
  });
});
