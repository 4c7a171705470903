import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../errors.ts';
import { declarationOf } from '../layers/layer.ts';
import type { TokenEncoder } from '../model.ts';
import { sampledSoftmaxObjective } from '../objectives/sampled-softmax.ts';
import { readParameters } from '../parameters.ts';
import { createModel } from '../registry.ts';
import { denseGradients } from '../test-support/gradients.ts';
import { tinyConfigs, tinyTrain } from '../test-support/tiny.ts';
import { loadCheckpoint, loadModel, saveCheckpoint } from './checkpoint.ts';
import { readCheckpoint } from './checkpoint-file.ts';
import { disposeGradients } from './gradients.ts';
import type { TrainerOptions } from './options.ts';
import { createTrainer, type Trainer } from './trainer.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-update-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => {
  await useBackend('auto');
});

type Options = Partial<Omit<TrainerOptions<TokenEncoder>, 'model'>>;
function trainerOf(options: Options, name = 'sasrec'): Trainer<TokenEncoder> {
  const model = createModel(tinyConfigs[name], { numItems: 20, seed: 1 });
  const settings = { batchSize: 5, learningRate: 0.01, numNegatives: 6, seed: 4 };
  return createTrainer({ model, examples: tinyTrain(), ...settings, ...options });
}
function freeAll(...trainers: readonly Trainer[]): void {
  for (const trainer of trainers) {
    trainer.dispose();
    trainer.model.dispose();
  }
}

/** What a run tells its trainer after steps 3, 6, ...: better, then no better. */
const told = [0.2, 0.1, 0.1, 0.1];
async function run(trainer: Trainer, count: number): Promise<number[]> {
  const losses: number[] = [];
  for (let i = 0; i < count; i++) {
    losses.push((await trainer.step()).loss);
    const { globalStep } = trainer.progress;
    if (globalStep % 3 === 0) trainer.update.observe(told[globalStep / 3 - 1], 'larger');
  }
  return losses;
}

const variants: Readonly<Record<string, Options>> = {
  'a clipped norm': { clipNorm: 0.01 },
  'a cosine after a warm-up': { schedule: { kind: 'cosine', warmupSteps: 3, steps: 20, floor: 0.1 } },
  'a plateau': { schedule: { kind: 'plateau', patience: 0, factor: 0.5 } },
  'averaged weights': { weightAverage: { decay: 0.8 } },
  Adagrad: { kind: 'adagrad', weightDecay: 0.01 },
  Muon: { kind: 'muon', weightDecay: 0.01, decayVectors: false },
  'tables of their own': { tables: { learningRate: 0.1 }, decayVectors: false, weightDecay: 0.1 },
  'Adagrad by rows': { embeddings: 'rowwise', tables: { kind: 'adagrad' } },
  'parts, averages, Muon, rows and a schedule': {
    parts: 3,
    kind: 'muon',
    embeddings: 'rowwise',
    weightAverage: { decay: 0.5 },
    clipNorm: 1,
    schedule: { kind: 'inverse-square-root', warmupSteps: 2 },
  },
};

describe.each(Object.entries(variants))('training with %s', (name, options) => {
  it('resumes bit for bit, and changes what is trained', async () => {
    const straight = trainerOf(options);
    const expected = await run(straight, 12);
    const first = trainerOf(options);
    const before = await run(first, 5);
    const file = join(folder, `${name}.safetensors`);
    await saveCheckpoint(file, first);
    const second = trainerOf(options);
    await loadCheckpoint(file, second);
    expect([...before, ...(await run(second, 7))]).toEqual(expected);
    expect(await readParameters(second.model)).toEqual(await readParameters(straight.model));
    expect(second.update.plateau).toEqual(straight.update.plateau);
    for (const [weight, average] of straight.update.average?.state() ?? []) {
      expect([...second.update.average!.state().get(weight)!.dataSync()]).toEqual([...average.dataSync()]);
    }
    const plain = trainerOf({ embeddings: options.embeddings });
    await run(plain, 12);
    const [own, others] = [await readParameters(straight.model), await readParameters(plain.model)];
    // Averages leave the weights alone that the training goes on with.
    if (name === 'averaged weights') expect(own).toEqual(others);
    else expect(own).not.toEqual(others);
    freeAll(straight, first, second, plain);
  });
});

describe('averaged weights', () => {
  it('are the weights of a checkpoint, of an evaluation and of a loaded model, and no weights of training', async () => {
    const decay = 0.6;
    const trainer = trainerOf({ weightAverage: { decay } });
    const expected = new Map<string, number[]>();
    for (let step = 0; step < 4; step++) {
      await trainer.step();
      for (const [name, { data }] of Object.entries(await readParameters(trainer.model))) {
        const was = expected.get(name);
        expected.set(
          name,
          Array.from(data, (value, i) => (was === undefined ? value : decay * was[i] + (1 - decay) * value)),
        );
      }
    }
    const raw = await readParameters(trainer.model);
    const file = join(folder, 'average.safetensors');
    await saveCheckpoint(file, trainer);
    const model = await loadModel(file);
    const loaded = await readParameters(model);
    await trainer.update.averaged(async () => expect(await readParameters(trainer.model)).toEqual(loaded));
    expect(await readParameters(trainer.model)).toEqual(raw);
    for (const [name, values] of expected) {
      for (const [i, value] of values.entries()) expect(loaded[name].data[i]).toBeCloseTo(value, 5);
    }
    expect(loaded).not.toEqual(raw);
    const { moments } = await readCheckpoint(file);
    const [table] = raw ? [...moments.keys()] : [];
    expect([...moments.get(table)!.raw.data]).toEqual([...raw[table].data]);
    freeAll(trainer);
    model.dispose();
  });
});

describe('groups of weights', () => {
  const rulesOf = (options: Options, name?: string): Record<string, string> => {
    const trainer = trainerOf(options, name);
    const rules = Object.fromEntries(
      Array.from(trainer.model.variables(), ([weight, variable]) => {
        const group = trainer.update.groups.find(({ variables }) => variables.has(variable.name))!;
        return [weight, `${group.slots.join()} ${group.learningRate}`];
      }),
    );
    freeAll(trainer);
    return rules;
  };

  it('are one group unless something asks for more', () => {
    const trainer = trainerOf({ weightDecay: 0.1 });
    expect(trainer.update.groups).toHaveLength(1);
    freeAll(trainer);
  });

  it('give matrices of hidden layers to Muon, tables, vectors and convolutions to AdamW', () => {
    const rules = rulesOf({ kind: 'muon', muon: { learningRate: 0.5 }, tables: { learningRate: 0.25 } }, 'hstu');
    expect(rules).toMatchObject({
      '_embedding_module._item_emb.weight': 'm,v 0.25',
      '_input_features_preproc._pos_emb.weight': 'm,v 0.01',
      '_hstu._attention_layers.0._uvqk': 'momentum 0.5',
      '_hstu._attention_layers.1._o.weight': 'momentum 0.5',
      '_hstu._attention_layers.0._o.bias': 'm,v 0.01',
      '_hstu._attention_layers.0._rel_attn_bias._pos_w': 'm,v 0.01',
    });
  });

  it.each(['hstu', 'fuxi-alpha'])('scale matrices of %s by outputs over inputs, however they lie', async (name) => {
    const steps = async (scale: 'spectral' | 'adamw') => {
      const options = { kind: 'muon', weightDecay: 0, muon: { scale, byBlock: false } } as const;
      const trainer = trainerOf(options as Options, name);
      const before = await readParameters(trainer.model);
      const variables = [...trainer.model.variables()].filter(([, variable]) => variable.rank === 2);
      const dense = Object.fromEntries(variables.map(([, variable]) => [variable.name, tf.onesLike(variable)]));
      await trainer.update.apply({ dense, rows: new Map(), loss: undefined as never, weight: 1 }, 0);
      for (const tensor of Object.values(dense)) tensor.dispose();
      const after = await readParameters(trainer.model);
      freeAll(trainer);
      return new Map(variables.map(([weight]) => [weight, before[weight].data[0] - after[weight].data[0]]));
    };
    const [spectral, adamw] = [await steps('spectral'), await steps('adamw')];
    const model = createModel(tinyConfigs[name], { numItems: 20, seed: 1 });
    let wide = 0;
    for (const [weight, variable] of model.variables()) {
      const declared = declarationOf(variable);
      if (variable.rank !== 2 || declared?.isTable || !/layers|blocks/.test(weight)) continue;
      const isInOut = weight.endsWith('uvqk');
      expect(declared?.isInOut === true, weight).toBe(isInOut);
      const [rows, columns] = variable.shape;
      const ratio = isInOut ? columns / rows : rows / columns;
      if (isInOut && ratio > 1) wide++;
      const expected = Math.sqrt(Math.max(1, ratio)) / (0.2 * Math.sqrt(Math.max(rows, columns)));
      expect(spectral.get(weight)! / adamw.get(weight)!, weight).toBeCloseTo(expected, 4);
    }
    expect(wide).toBeGreaterThan(0);
    model.dispose();
  });

  it('leave vectors without weight decay where asked: zero gradients then change matrices alone', async () => {
    const trainer = trainerOf({ weightDecay: 0.5, decayVectors: false, learningRate: 0.1 });
    const before = await readParameters(trainer.model);
    const dense = Object.fromEntries(
      Array.from(trainer.model.variables().values(), (variable) => [variable.name, tf.zerosLike(variable)]),
    );
    await trainer.update.apply({ dense, rows: new Map(), loss: undefined as never, weight: 1 }, 0);
    for (const tensor of Object.values(dense)) tensor.dispose();
    const after = await readParameters(trainer.model);
    for (const [name, variable] of trainer.model.variables()) {
      const kept = variable.rank < 2 ? 1 : 0.95;
      for (const [i, value] of before[name].data.entries()) {
        expect(after[name].data[i], name).toBeCloseTo(kept * value, 6);
      }
    }
    freeAll(trainer);
  });
});

it('clips the norm of all gradients together, tables by rows among them', async () => {
  const objective = sampledSoftmaxObjective({ numNegatives: 6 });
  const examples = tinyTrain();
  const model = createModel(tinyConfigs.sasrec, { numItems: 20, seed: 1 });
  const at = { training: true, step: 0, seed: 4 };
  const made = await denseGradients({ model, objective, batch: makeBatch(examples, [0, 1, 2, 3, 4]), run: at });
  let squares = 0;
  for (const grad of Object.values(made.dense)) for (const x of grad.dataSync()) squares += x * x;
  disposeGradients(made);
  model.dispose();
  const norm = Math.sqrt(squares);
  // With plain gradient descent the change of a step would be lr times the clipped gradient; Adagrad's first step
  // from an empty sum is lr g / |g|, whatever the clip: so the clip shows in the sums.
  for (const embeddings of ['dense', 'rowwise'] as const) {
    const sums = async (clipNorm: number | undefined): Promise<number> => {
      const trainer = trainerOf({ kind: 'adagrad', shuffle: false, embeddings, ...(clipNorm && { clipNorm }) });
      await trainer.step();
      let total = 0;
      for (const { optimizer } of trainer.update.groups) {
        for (const { sum } of optimizer.state().values()) for (const x of sum.dataSync()) total += x;
      }
      for (const row of trainer.update.rows.values()) {
        const { sum } = row.state() as { readonly sum: Float32Array };
        for (const x of sum) total += x * row.table.shape[1];
      }
      freeAll(trainer);
      return Math.sqrt(total);
    };
    expect(await sums(undefined)).toBeCloseTo(norm, 4);
    expect(await sums(norm / 3)).toBeCloseTo(norm / 3, 4);
    expect(await sums(3 * norm)).toBeCloseTo(norm, 4);
  }
});

describe('a learning rate', () => {
  it('is that of the schedule at every step', () => {
    const trainer = trainerOf({ schedule: { kind: 'linear', warmupSteps: 4, steps: 10, floor: 0.5 } });
    const factors = [0, 2, 4, 9, 14, 99].map((step) => trainer.update.factor(step));
    for (const [i, factor] of [0, 0.5, 1, 0.75, 0.5, 0.5].entries()) expect(factors[i]).toBeCloseTo(factor, 12);
    freeAll(trainer);
  });

  it('falls on a plateau, after as many values as patience says, and no value is waited for without one', () => {
    const trainer = trainerOf({ schedule: { kind: 'plateau', patience: 1, factor: 0.1 } });
    const factors = [0.5, 0.6, 0.6, 0.6, 0.7, 0.1, 0.1].map((value) => {
      trainer.update.observe(value, 'larger');
      return trainer.update.factor(0);
    });
    expect(factors).toEqual([1, 1, 1, 0.1, 0.1, 0.1, 0.1 * 0.1]);
    const constant = trainerOf({});
    constant.update.observe(0, 'larger');
    constant.update.observe(0, 'larger');
    expect(constant.update.factor(7)).toBe(1);
    freeAll(trainer, constant);
  });
});

it.each<[Options, string]>([
  [{ clipNorm: 0 }, 'trainer: clipNorm: expected number > 0; got 0'],
  [{ schedule: { kind: 'cosine' } as never }, 'schedule.steps'],
  [{ kind: 'sgd' as never }, "trainer: kind: expected one of 'adamw', 'adagrad', 'muon'; got 'sgd'"],
  [{ weightAverage: { decay: 1 } }, 'trainer: weightAverage.decay: expected number < 1; got 1'],
  [{ parts: 0 }, 'trainer: parts: expected number >= 1; got 0'],
])('refuses %j', (options, message) => {
  expect(() => trainerOf(options)).toThrow(ConfigError);
  expect(() => trainerOf(options)).toThrow(message);
});
