import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { equalSteps, latestWindow, type SlidingWindowOptions, slidingWindows, stochasticLength } from '@seqrec/data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readParameters } from '../parameters.ts';
import { createModel } from '../registry.ts';
import { tinyConfigs, tinySplit } from '../test-support/tiny.ts';
import { loadCheckpoint, saveCheckpoint } from './checkpoint.ts';
import type { TrainerOptions } from './options.ts';
import { createTrainer, type Trainer } from './trainer.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-windows-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => {
  // The fastest backend of this machine: ours with threads, where bits must be equal all the more.
  await useBackend('auto');
});

const maxLength = 6;
const { train } = tinySplit({ users: 12, items: 40, length: 24 });
const newest = latestWindow(train, { maxLength });
const settings = { batchSize: 5, learningRate: 0.01, numNegatives: 6, seed: 4 };

function policy(options: Partial<SlidingWindowOptions> = {}) {
  return slidingWindows({ rule: 'one-random', maxLength, seed: 3, ...options });
}

function trainerOf(options: Partial<TrainerOptions>, kind = 'hstu'): Trainer {
  const model = createModel(tinyConfigs[kind], { numItems: 40, seed: 1 });
  return createTrainer({ model, examples: train, ...settings, ...options });
}

async function weightsAfter(epochs: number, options: Partial<TrainerOptions>, kind?: string): Promise<unknown> {
  const trainer = trainerOf(options, kind);
  for (let e = 0; e < epochs; e++) await trainer.runEpoch();
  const weights = await readParameters(trainer.model);
  trainer.dispose();
  trainer.model.dispose();
  return weights;
}

describe.each(['hstu', 'sasrec'])('training %s on windows', (kind) => {
  it('X = N, and maxHistory = K, are control bit for bit; sliding is not', async () => {
    const control = await weightsAfter(3, { examples: newest }, kind);
    for (const rule of ['one-random', 'round-robin', 'weighted', 'all-windows', 'strided-offset'] as const) {
      const all = policy({ rule, schedule: { epochs: 3, controlEpochs: 3 } });
      expect(await weightsAfter(3, { windows: all }, kind), rule).toEqual(control);
      expect(await weightsAfter(3, { windows: policy({ rule, maxHistory: maxLength }) }, kind), rule).toEqual(control);
    }
    expect(await weightsAfter(3, { windows: policy({ rule: 'control' }) }, kind)).toEqual(control);
    expect(await weightsAfter(3, { windows: policy() }, kind)).not.toEqual(control);
    const mixed = policy({ schedule: { epochs: 3, controlEpochs: 2 } });
    expect(await weightsAfter(2, { windows: mixed }, kind)).toEqual(await weightsAfter(2, { examples: newest }, kind));
    expect(await weightsAfter(3, { windows: mixed }, kind)).not.toEqual(control);
  });
});

describe('the trainer', () => {
  it.each([
    ['one window', policy({ schedule: { epochs: 4, controlEpochs: 2, order: 'interleaved' } })],
    ['epochs of different length', policy({ rule: 'strided-offset', offsetEpochs: 3 })],
    ['a selection', equalSteps(policy({ rule: 'all-windows' }), { seed: 3 })],
    ['subsequences', stochasticLength({ maxLength, alpha: 1.5, seed: 3 })],
  ])('resumed inside an epoch equals one left alone: %s', async (_, windows) => {
    const steps = async (trainer: Trainer, count: number): Promise<number[]> => {
      const losses: number[] = [];
      for (let i = 0; i < count; i++) losses.push((await trainer.step()).loss);
      return losses;
    };
    const whole = trainerOf({ windows });
    const expected = await steps(whole, 16);
    const first = trainerOf({ windows });
    const before = await steps(first, 7);
    expect(first.progress.stepInEpoch).not.toBe(0);
    const file = join(folder, 'windows.safetensors');
    await saveCheckpoint(file, first);
    const second = trainerOf({ windows });
    await loadCheckpoint(file, second);
    expect([...before, ...(await steps(second, 9))]).toEqual(expected);
    expect(await readParameters(second.model)).toEqual(await readParameters(whole.model));
    expect(second.position).toEqual(whole.position);
  });

  it('draws the same windows whatever the batch size and whichever epoch is asked for first', () => {
    const [small, large] = [trainerOf({ windows: policy() }), trainerOf({ windows: policy(), batchSize: 12 })];
    const drawn = [3, 0, 7].map((epoch) => small.epochExamples(epoch));
    expect(drawn[0].targets).not.toEqual(drawn[1].targets);
    expect([7, 0, 3].map((epoch) => large.epochExamples(epoch)).reverse()).toEqual(drawn);
  });

  it('takes the stated number of steps', async () => {
    const control = trainerOf({ examples: newest });
    expect(trainerOf({ windows: policy() }).stepsPerEpoch).toBe(control.stepsPerEpoch);
    const all = policy({ rule: 'all-windows' });
    const lengths = Array.from(train.targets, (target, e) => target - train.starts[e]);
    const windows = lengths.reduce((sum, n) => sum + Math.max(1, n - maxLength + 1), 0);
    expect(trainerOf({ windows: all }).stepsPerEpoch).toBe(Math.ceil(windows / settings.batchSize));
    const equal = trainerOf({ windows: equalSteps(all, { seed: 1 }) });
    expect(equal.stepsPerEpoch).toBe(control.stepsPerEpoch);
    await equal.runEpoch();
    expect(equal.progress).toMatchObject({ epoch: 1, globalStep: control.stepsPerEpoch });
  });

  it('ends with a word where an epoch has no windows', async () => {
    const own = policy();
    const none = new Int32Array(0);
    const empty = { users: none, starts: none, targets: none };
    const examples: typeof own.examples = (set, epoch) => ({ ...own.examples(set, epoch), ...(epoch > 0 && empty) });
    const trainer = trainerOf({ windows: { ...own, name: 'first alone', examples } });
    await trainer.runEpoch();
    const before = trainer.position;
    await expect(trainer.runEpoch({ signal: AbortSignal.timeout(5000) })).rejects.toThrow(
      "expected at least one example in every epoch; got none of 'first alone' in epoch 1",
    );
    expect(trainer.position).toEqual(before);
  });

  it('refuses a checkpoint of another policy, and windows that are longer than the model reads', async () => {
    const file = join(folder, 'policy.safetensors');
    await saveCheckpoint(file, trainerOf({ windows: policy() }));
    await expect(loadCheckpoint(file, trainerOf({ windows: policy({ stride: 2 }) }))).rejects.toThrow(
      'training.windows.stride: saved 1, here 2',
    );
    await expect(loadCheckpoint(file, trainerOf({ examples: newest }))).rejects.toThrow('training.windows: saved {');
    expect(() => trainerOf({ windows: policy({ maxLength: 7 }) })).toThrow(
      'trainer: examples: expected histories of at most maxSequenceLength = 6; got one of 7; give the window policy maxLength: 6',
    );
  });
});
