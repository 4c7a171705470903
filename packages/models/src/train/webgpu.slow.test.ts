import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { TrainingError } from '../errors.ts';
import type { TokenEncoder } from '../model.ts';
import { createObjective } from '../objectives/create.ts';
import { createModel } from '../registry.ts';
import { tinyConfigs, tinyTrain } from '../test-support/tiny.ts';
import type { TrainerOptions } from './options.ts';
import { createTrainer, type Trainer } from './trainer.ts';

const absent = await useBackend('webgpu').then(
  () => undefined,
  (error: Error) => error.message,
);

function trainerOf(options: Partial<TrainerOptions<TokenEncoder>> = {}, kind = 'sasrec'): Trainer<TokenEncoder> {
  const model = createModel(tinyConfigs[kind], { numItems: 20, seed: 1 });
  const settings = { batchSize: 5, numNegatives: 6, learningRate: 0.01, seed: 4 };
  return createTrainer({ model, examples: tinyTrain(), ...settings, ...options });
}

/** What the backend counts. */
interface Counted {
  readonly counters: { readonly reads: number; readonly pipelines: number };
  memory(): { readonly numBytesInGPU: number; readonly numBytesAllocatedInGPU: number };
}

describe.skipIf(absent !== undefined)(absent === undefined ? 'on a GPU' : `on a GPU (absent: ${absent})`, () => {
  beforeAll(async () => {
    await useBackend('webgpu');
  });

  it('a loss comes back one step later, the same as of a step that waits for it', async () => {
    const [waiting, trainer] = [trainerOf(), trainerOf()];
    const first = await waiting.step();
    const second = await waiting.step();
    expect(await trainer.advance()).toEqual([]);
    expect(trainer.progress.globalStep).toBe(1);
    const [info] = await trainer.advance();
    expect(info).toMatchObject({ globalStep: 0, loss: first.loss, tokens: first.tokens });
    expect((await trainer.settle())[0]).toMatchObject({ globalStep: 1, loss: second.loss });
    expect(await trainer.settle()).toEqual([]);
    expect(trainer.position).toEqual(waiting.position);
    expect(waiting.position.lossSum).toBeGreaterThan(0);
    const third = await waiting.step();
    expect((await trainer.steps(3)).map(({ globalStep }) => globalStep)).toEqual([2, 3, 4]);
    expect((await trainerOf().steps(3))[2].loss).toBe(third.loss);
  });

  it.each(['dense', 'rowwise'] as const)('an epoch tells every step and its mean, %s', async (embeddings) => {
    const trainer = trainerOf({ embeddings });
    const losses: number[] = [];
    const sums: number[] = [];
    let lossSum = 0;
    const result = await trainer.runEpoch({
      onStep: ({ loss, tokens }) => {
        losses.push(loss);
        lossSum += loss * tokens;
      },
      checkpointEvery: 2,
      onCheckpoint: ({ position }) => void sums.push(position.lossSum - lossSum),
    });
    expect(losses).toHaveLength(3);
    expect(sums).toEqual([0]);
    expect(result.meanLoss).toBe(lossSum / result.tokens);
    expect(result.interrupted).toBe(false);
  });

  it('a loss that is not finite is told, with the step it belongs to', async () => {
    const trainer = trainerOf();
    const table = trainer.model.itemTable();
    table.assign(tf.fill(table.shape, Number.NaN) as typeof table);
    await trainer.advance();
    await expect(trainer.advance()).rejects.toThrow(TrainingError);
    await expect(trainer.step()).rejects.toThrow(/got NaN at step 2 .*the weights are spoilt/);
  });

  const next = { kind: 'next-item' } as const;
  it.each([
    ...Object.keys(tinyConfigs).flatMap((kind) => [
      [kind, 'dense', undefined] as const,
      [kind, 'rowwise', undefined] as const,
    ]),
    ['sasrec', 'rowwise', { kind: 'sampled-softmax', numNegatives: 6, labels: { kind: 'dense-all-action' } }],
    ['sasrec', 'rowwise', { kind: 'bce', labels: next }],
    ['sasrec', 'rowwise', { kind: 'pool-softmax', labels: next }],
    ['sasrec', 'dense', { kind: 'full-softmax', labels: next }],
  ] as const)(
    'a step of %s, %s, %j reads its loss alone, and learns what cpu does',
    async (kind, embeddings, config) => {
      const options = { embeddings, ...(config && { objective: createObjective(config, tinyTrain()) }) };
      const train = async (backend: 'cpu' | 'webgpu'): Promise<number[]> => {
        await useBackend(backend);
        const trainer = trainerOf(options, kind);
        const { counters } = tf.backend() as unknown as Partial<Counted>;
        const before = counters?.reads ?? 0;
        const infos = [];
        for (let i = 0; i < 4; i++) infos.push(...(await trainer.advance()));
        infos.push(...(await trainer.settle()));
        if (counters !== undefined) expect(counters.reads - before).toBe(4);
        return infos.map(({ loss }) => loss);
      };
      const expected = await train('cpu');
      const losses = await train('webgpu');
      for (const [i, loss] of losses.entries()) expect(Math.abs(loss - expected[i])).toBeLessThan(1e-3);
    },
  );

  it('500 row-wise steps read a loss each and nothing else, and need no more memory', async () => {
    const trainer = trainerOf({ embeddings: 'rowwise' }, 'hstu');
    const { counters, memory } = tf.backend() as unknown as Counted;
    const count = () => ({ ...counters, ...memory.call(tf.backend()), tensors: tf.memory().numTensors });
    const run = async (steps: number) => {
      for (let i = 0; i < steps; i++) await trainer.advance();
      await trainer.settle();
      return count();
    };
    // A step draws another number of rows, and sizes are pooled: the last size that the pool lacked
    // came after some 300 steps.
    const before = await run(500);
    const after = await run(500);
    expect(after.reads - before.reads).toBe(500);
    expect(after.tensors).toBe(before.tensors);
    expect(after.pipelines).toBe(before.pipelines);
    expect(after.numBytesInGPU).toBe(before.numBytesInGPU);
    expect(after.numBytesAllocatedInGPU).toBe(before.numBytesAllocatedInGPU);
  });
});
