import { readFileSync } from 'node:fs';
import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkGolden } from '../golden/check.ts';
import type { GoldenReport } from '../golden/report.ts';

/** Parameters that are changed, one after the other, to see that it is noticed. */
const MOST_CHANGED = 20;

type Tensors = Record<string, { shape: number[]; data: number[] }>;

/** A file of the kind `fuxictr`, to be changed. */
export interface FuxiCtrJson {
  config: { model: string; arguments: Record<string, unknown>; features: Record<string, unknown>[] };
  parameters: Tensors;
  gradients: Tensors;
}

/** A file of the kind `fuxictr-training`, to be changed. */
export interface FuxiCtrTrainingJson {
  config: { maxGradientNorm: number; arguments: Record<string, unknown> & { learning_rate: number } };
  outputs: { losses: number[]; afterAll: Tensors };
}

/** Reads a file of `golden/fixtures/fuxictr`, as often as it is called. */
export function fuxiCtrFile<File = FuxiCtrJson>(name: string): () => File {
  const url = new URL(`../golden/fixtures/fuxictr/${name}.json`, import.meta.url);
  return () => JSON.parse(readFileSync(url, 'utf8')) as File;
}

/** The file of another model, other arguments, or other keys of all its features. */
export function changedFuxiCtr(
  { config, ...json }: FuxiCtrJson,
  { model = config.model, features = {}, ...given }: { model?: string; features?: object } & Record<string, unknown>,
): FuxiCtrJson {
  const changed = config.features.map((each) => ({ ...each, ...features }));
  return { ...json, config: { ...config, model, features: changed, arguments: { ...config.arguments, ...given } } };
}

const check = async (json: unknown): Promise<GoldenReport> => (await checkGolden(json)) as GoldenReport;

/** Tests that a model is that of the files, and that it is compared at all. */
export function describeFuxiCtr(files: Readonly<Record<string, () => FuxiCtrJson>>): void {
  describe.each(Object.entries(files))('%s of the reference', (_, read) => {
    it.each(['cpu', 'auto'] as const)('has its outputs, loss and every gradient on %s', async (backend) => {
      await useBackend(backend);
      const json = read();
      const before = tf.memory().numTensors;
      const { tolerance, maxima, gradients } = await check(json);
      expect(tf.memory().numTensors).toBe(before);
      for (const of of ['outputs', 'loss', 'gradients'] as const) {
        expect(tolerance[of], of).toBeLessThan(1e-5);
        expect(maxima[of], of).toBeLessThan(tolerance[of]);
      }
      expect(Object.keys(gradients)).toEqual(Object.keys(json.gradients));
    });

    it('is noticed to differ by one number of any parameter', async () => {
      const all = Object.entries(read().gradients);
      // Of many parameters every second, third, ...
      const step = Math.ceil(all.length / MOST_CHANGED);
      for (const [name, { data }] of all.filter((_, i) => i % step === 0)) {
        const at = data.reduce((best, value, i) => (Math.abs(value) > Math.abs(data[best]) ? i : best), 0);
        const changed = read();
        changed.parameters[name].data[at] += 0.01;
        const { maxima, tolerance } = await check(changed);
        expect(maxima.loss > tolerance.loss || maxima.outputs > tolerance.outputs, name).toBe(true);
      }
    });
  });
}

/**
 * Tests of steps of training.
 *
 * @param regularisers the arguments that are their lambdas.
 */
export function describeFuxiCtrTraining(
  name: string,
  read: () => FuxiCtrTrainingJson,
  regularisers: readonly string[],
): void {
  describe.each(['cpu', 'auto'] as const)(`steps of ${name} of the reference on %s`, (backend) => {
    beforeAll(async () => {
      await useBackend(backend);
    });

    it('have its losses and its weights', async () => {
      const before = tf.memory().numTensors;
      const { maxima, tolerance, outputs } = await check(read());
      expect(tf.memory().numTensors).toBe(before);
      expect(maxima.outputs).toBeLessThan(tolerance.outputs);
      // Losses, and all weights after the first and the last step.
      expect(Object.keys(outputs)).toHaveLength(1 + 2 * Object.keys(read().outputs.afterAll).length);
    });

    it.each<[string, (file: FuxiCtrTrainingJson) => unknown]>([
      ['clipping', ({ config }) => Object.assign(config, { maxGradientNorm: 10 * config.maxGradientNorm })],
      ...regularisers.map((key): [string, (file: FuxiCtrTrainingJson) => unknown] => [
        key,
        ({ config }) => Object.assign(config.arguments, { [key]: 0 }),
      ]),
      ['the learning rate', ({ config }) => Object.assign(config.arguments, { learning_rate: 0.0501 })],
      ['a loss', ({ outputs: { losses } }) => losses.fill(losses[losses.length - 1] + 1e-4, losses.length - 1)],
    ])('are noticed to differ by %s', async (_, change) => {
      const file = read();
      change(file);
      const { maxima, tolerance } = await check(file);
      expect(maxima.outputs).toBeGreaterThan(tolerance.outputs);
    });
  });
}
