import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CheckpointError } from '../errors.ts';
import { decodeSafetensors } from '../io/safetensors.ts';
import { readParameters } from '../parameters.ts';
import { createModel, type ModelConfigInput } from '../registry.ts';
import { tinyConfigs, tinyTrain } from '../test-support/tiny.ts';
import { loadCheckpoint, loadModel, saveCheckpoint } from './checkpoint.ts';
import { readCheckpoint, readCheckpointState } from './checkpoint-file.ts';
import type { TrainerOptions } from './options.ts';
import { createTrainer, type Trainer } from './trainer.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-checkpoint-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => {
  await useBackend('cpu');
});

const settings = { batchSize: 5, learningRate: 0.01, numNegatives: 6, seed: 4 };
function trainerOf(
  name: string,
  options: Partial<TrainerOptions> = {},
  config: Partial<ModelConfigInput> = {},
): Trainer {
  const model = createModel({ ...tinyConfigs[name], ...config } as ModelConfigInput, { numItems: 20, seed: 1 });
  return createTrainer({ model, examples: tinyTrain(), ...settings, ...options });
}
async function steps(trainer: Trainer, count: number): Promise<number[]> {
  const losses: number[] = [];
  for (let i = 0; i < count; i++) losses.push((await trainer.step()).loss);
  return losses;
}

function itemMoments({ update }: Trainer): unknown {
  const [itemOptimizer] = update.rows.values();
  if (itemOptimizer === undefined) return undefined;
  return Object.values(itemOptimizer.state()).map((x) => (x instanceof tf.Variable ? x.dataSync() : x));
}

const everyKind = Object.keys(tinyConfigs).map((name) => [name, 'cpu', 'dense'] as const);
// 'auto' is the fastest backend of this machine: ours with threads, where it must hold all the more.
describe.each([
  ...everyKind,
  ['hstu', 'auto', 'dense'],
  ['sasrec', 'auto', 'dense'],
  ['sasrec', 'cpu', 'rowwise'],
  ['hstu', 'auto', 'rowwise'],
] as const)('a resumed run of %s on %s with %s embeddings', (name, backend, embeddings) => {
  beforeAll(async () => {
    await useBackend(backend);
  });
  afterAll(async () => {
    await useBackend('cpu');
  });

  it('equals an uninterrupted one bit for bit', async () => {
    const start = (): Trainer => trainerOf(name, { embeddings, weightDecay: 0.01 });
    const straight = start();
    const expected = await steps(straight, 12);

    const first = start();
    const before = await steps(first, 5);
    const file = join(folder, `${name}.safetensors`);
    await saveCheckpoint(file, first, { note: 'five steps' });

    const second = start();
    expect(await loadCheckpoint(file, second)).toEqual({ note: 'five steps' });
    expect(second.progress).toEqual(first.progress);
    expect([...before, ...(await steps(second, 7))]).toEqual(expected);
    expect(second.position).toEqual(straight.position);
    expect(await readParameters(second.model)).toEqual(await readParameters(straight.model));
    expect(itemMoments(second)).toEqual(itemMoments(straight));
    for (const [reference, variable] of second.model.variables()) {
      if (variable === second.update.rows.values().next().value?.table) continue;
      const ours = second.update.groups[0].optimizer.state().get(variable.name);
      const theirs = straight.update.groups[0].optimizer.state().get(straight.model.variables().get(reference)!.name);
      // A weight that gets no gradient, as the head of actions that nobody asks for, has none.
      expect(ours?.m.dataSync(), reference).toEqual(theirs?.m.dataSync());
      expect(ours?.v.dataSync(), reference).toEqual(theirs?.v.dataSync());
    }
  });
});

describe('checkpoint files', () => {
  it('hold weights and moments under the reference names', async () => {
    const trainer = trainerOf('sasrec');
    await steps(trainer, 1);
    const file = join(folder, 'names.safetensors');
    await saveCheckpoint(file, trainer);
    const { tensors, metadata } = decodeSafetensors(readFileSync(file), file);
    const names = [...trainer.model.variables().keys()];
    expect([...tensors.keys()]).toEqual([
      ...names,
      ...names.map((name) => `optimizer.m/${name}`),
      ...names.map((name) => `optimizer.v/${name}`),
    ]);
    expect(JSON.parse(metadata.state)).toMatchObject({ numItems: 20, iterations: 1, position: { globalStep: 1 } });
    expect(JSON.parse(metadata.state).model).toEqual(trainer.model.config);
  });

  it('hold the moments of row-wise embeddings by row, which fit no dense trainer', async () => {
    const trainer = trainerOf('hstu', { embeddings: 'rowwise' });
    await steps(trainer, 1);
    const file = join(folder, 'rowwise.safetensors');
    await saveCheckpoint(file, trainer);
    const { moments } = await readCheckpoint(file);
    const { m, v, steps: touched } = moments.get('_embedding_module._item_emb.weight')!;
    expect([m.shape, v.shape, touched.shape]).toEqual([[21, 8], [21], [21]]);
    expect([...trainer.update.rows.values()][0].state()).toMatchObject({ steps: touched.data });
    expect((await readCheckpointState(file)).training).toMatchObject({ embeddings: 'rowwise' });
    const dense = trainerOf('hstu', { embeddings: 'dense' });
    await expect(loadCheckpoint(file, dense)).rejects.toThrow(/training\.embeddings: saved "rowwise", here "dense"/);
    await expect(loadCheckpoint(file, dense, { allowDifferentTraining: true })).rejects.toThrow(
      "expected moments of '_embedding_module._item_emb.weight': m [21, 8], v [21, 8]; got m [21, 8], v [21], steps [21]; 'dense' and 'rowwise' training",
    );
  });

  it('restore step zero too, and a loaded trainer leaks nothing', async () => {
    const file = join(folder, 'zero.safetensors');
    await saveCheckpoint(file, trainerOf('hstu'));
    const trainer = trainerOf('hstu');
    await steps(trainer, 2);
    await loadCheckpoint(file, trainer);
    expect(trainer.progress.globalStep).toBe(0);
    expect(await steps(trainer, 2)).toEqual(await steps(trainerOf('hstu'), 2));
    const before = tf.memory().numTensors;
    await loadCheckpoint(file, trainer);
    await steps(trainer, 1);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('restore step zero of averaged weights too', async () => {
    const averaged = (): Trainer => trainerOf('hstu', { weightAverage: { decay: 0.9 } });
    const file = join(folder, 'zero-averaged.safetensors');
    await saveCheckpoint(file, averaged());
    const [trainer, anew] = [averaged(), averaged()];
    await steps(trainer, 3);
    await loadCheckpoint(file, trainer);
    expect(trainer.update.average?.updates).toBe(0);
    const means = async (of: Trainer): Promise<unknown> => {
      await steps(of, 1);
      return Array.from(of.update.average!.state(), ([name, values]) => [name, values.dataSync()]);
    };
    expect(await means(trainer)).toEqual(await means(anew));
  });

  it('leave a trainer of another schedule at its own rate', async () => {
    const fallen = trainerOf('hstu', { schedule: { kind: 'plateau', factor: 0.1, patience: 0 } } as never);
    for (let i = 0; i < 2; i++) fallen.update.observe(1, 'larger');
    const file = join(folder, 'plateau.safetensors');
    await saveCheckpoint(file, fallen);
    const loaded = async (options: Partial<TrainerOptions>): Promise<Trainer> => {
      const trainer = trainerOf('hstu', options);
      trainer.update.observe(1, 'larger');
      await loadCheckpoint(file, trainer, { allowDifferentTraining: true });
      return trainer;
    };
    expect((await loaded({})).update.factor(0)).toBe(1);
    const falling = { schedule: { kind: 'plateau', factor: 0.5, patience: 1 } } as never;
    expect((await loaded(falling)).update.factor(0)).toBe(0.1);
    // And one that has fallen is where a checkpoint of a constant rate begins.
    const constant = join(folder, 'constant.safetensors');
    await saveCheckpoint(constant, trainerOf('hstu'));
    await loadCheckpoint(constant, fallen, { allowDifferentTraining: true });
    expect(fallen.update.factor(0)).toBe(1);
  });

  it('say why moments do not fit', async () => {
    const averaged = { weightAverage: { decay: 0.9 } };
    for (const [saved, here, why] of [
      [averaged, {}, "raw [21, 8]; with 'weightAverage'"],
      [{}, { kind: 'adagrad' }, "got m [21, 8], v [21, 8]; optimisers of another 'kind'"],
      [{}, { tables: { kind: 'adagrad' } }, "optimisers of another 'kind', of the tables too ('tables.kind')"],
      [{ embeddings: 'rowwise' }, {}, "'dense' and 'rowwise' training of embeddings"],
    ] as const) {
      const file = join(folder, 'moments.safetensors');
      const trainer = trainerOf('hstu', saved);
      await steps(trainer, 1);
      await saveCheckpoint(file, trainer);
      const load = loadCheckpoint(file, trainerOf('hstu', here), { allowDifferentTraining: true });
      await expect(load, why).rejects.toThrow(why);
    }
  });

  it('give back a model for serving', async () => {
    const trainer = trainerOf('hstu');
    await steps(trainer, 1);
    const file = join(folder, 'model.safetensors');
    await saveCheckpoint(file, trainer);
    const model = await loadModel(file);
    expect(model.config).toEqual(trainer.model.config);
    expect(await readParameters(model)).toEqual(await readParameters(trainer.model));
  });

  it('replace the old file only when complete, and leave no temporary file', async () => {
    const trainer = trainerOf('hstu');
    const file = join(folder, 'atomic', 'deep', 'c.safetensors');
    await saveCheckpoint(file, trainer, { n: 1 });
    await saveCheckpoint(file, trainer, { n: 2 });
    expect((await readCheckpoint(file)).extra).toEqual({ n: 2 });
    expect(readdirSync(join(folder, 'atomic', 'deep'))).toEqual(['c.safetensors']);
    await expect(saveCheckpoint('/dev/null/c', trainer)).rejects.toThrow(CheckpointError);
  });

  it('are not written with weights that are not finite', async () => {
    const trainer = trainerOf('hstu');
    const file = join(folder, 'nan.safetensors');
    await saveCheckpoint(file, trainer);
    const good = readFileSync(file);
    const bias = trainer.model.variables().get('_hstu._attention_layers.0._o.bias')!;
    bias.assign(tf.fill(bias.shape, Number.NaN));
    await expect(saveCheckpoint(file, trainer)).rejects.toThrow(
      /got NaN in '_hstu\._attention_layers\.0\._o\.bias' at 0; nothing was written/,
    );
    expect(readFileSync(file)).toEqual(good);
  });

  it.each<[string, Partial<TrainerOptions>, Partial<ModelConfigInput>, RegExp]>([
    ['a wider model', {}, { embeddingDim: 16 } as Partial<ModelConfigInput>, /model\.embeddingDim: saved 8, here 16/],
    ['another learning rate', { learningRate: 0.1 }, {}, /training\.learningRate: saved 0\.01, here 0\.1/],
    ['other negatives', { numNegatives: 7 }, {}, /training\.objective\.numNegatives: saved 6, here 7/],
    ['other data', { examples: tinyTrain({ seed: 2 }) }, {}, /training\.examples\.digest: saved ".*", here/],
  ])('say what differs: %s', async (_, options, config, message) => {
    const file = join(folder, 'differs.safetensors');
    await saveCheckpoint(file, trainerOf('hstu'));
    const trainer = trainerOf('hstu', options, config);
    const before = await readParameters(trainer.model);
    await expect(loadCheckpoint(file, trainer)).rejects.toThrow(CheckpointError);
    await expect(loadCheckpoint(file, trainer)).rejects.toThrow(message);
    expect(await readParameters(trainer.model)).toEqual(before);
    if (Object.keys(config).length === 0) await loadCheckpoint(file, trainer, { allowDifferentTraining: true });
  });

  it('of another kind are refused', async () => {
    const file = join(folder, 'kind.safetensors');
    await saveCheckpoint(file, trainerOf('sasrec'));
    await expect(loadCheckpoint(file, trainerOf('hstu'))).rejects.toThrow(/model\.kind: saved "sasrec", here "hstu"/);
    await expect(loadCheckpoint(join(folder, 'none'), trainerOf('hstu'))).rejects.toThrow(
      /expected a readable file; ENOENT.*; there is none: check the path, or take another checkpoint/,
    );
  });

  it('are refused when cut anywhere or changed in one byte', async () => {
    const trainer = trainerOf('hstu-softmax');
    await steps(trainer, 1);
    const whole = join(folder, 'whole.safetensors');
    await saveCheckpoint(whole, trainer);
    const bytes = readFileSync(whole);
    const dataStart = 8 + Number(bytes.readBigUInt64LE(0));
    const damaged = join(folder, 'damaged.safetensors');
    const refused = async (content: Uint8Array): Promise<void> => {
      writeFileSync(damaged, content);
      const error = await readCheckpoint(damaged).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(CheckpointError);
      expect((error as CheckpointError).file).toBe(damaged);
      expect((error as Error).message).toContain(damaged);
    };
    await fc.assert(fc.asyncProperty(fc.nat(bytes.length - 1), (length) => refused(bytes.subarray(0, length))));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.integer({ min: dataStart, max: bytes.length - 1 }), fc.nat(dataStart - 1)),
        fc.integer({ min: 1, max: 255 }),
        (at, flip) => {
          const copy = Uint8Array.from(bytes);
          copy[at] ^= flip;
          return refused(copy);
        },
      ),
    );
    // Numbers that a training goes on with: 1 more or less of each.
    const header = bytes.toString('latin1', 0, dataStart);
    const counts = [...header.matchAll(/(?:globalStep|stepInEpoch|epoch|iterations)\\":(?=\d)/g)];
    expect(counts.length).toBeGreaterThanOrEqual(4);
    for (const { 0: name, index } of counts) {
      const copy = Uint8Array.from(bytes);
      copy[index + name.length] ^= 1;
      await refused(copy);
    }
  });
});
