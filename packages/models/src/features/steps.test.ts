import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { latestWindow } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ConfigError,
  createTrainer,
  exportWeights,
  type FeatureConfig,
  fitFeatures,
  loadModel,
  modelConfigSchema,
  sampledSoftmaxObjective,
  saveCheckpoint,
} from '../index.ts';
import { configOf, modelOf, split, weightsOf } from '../test-support/feature-world.ts';
import { featureSchema } from './config.ts';
import { featureTensors, readFeatures } from './store.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-steps-'));

beforeAll(() => tf.setBackend('cpu'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('steps as a feature', () => {
  const features: FeatureConfig[] = [{ column: 'size', encode: 'steps', width: 5 }];

  it('are a row for each step that training items have, and one for those without a size or a step', () => {
    const fitted = fitFeatures({ features }, split.train)!;
    // Items 1 to 18 train, 19 and 20 do not; item 4 has no size, and 20 alone would be step 4.
    expect(fitted.features[0].transform).toEqual({ encode: 'steps', columns: ['size'], width: 5, steps: [0, 1, 2, 3] });
    const size = fitted.items.get('size');
    expect(size).toMatchObject({ kind: 'row', size: 6 });
    expect([...(size?.values ?? [])]).toEqual(
      Array.from({ length: 21 }, (_, item) =>
        item === 0 || item === 4 ? 0 : item === 20 ? 1 : 2 + Math.floor(item / 5),
      ),
    );
  });

  it('come back from a checkpoint, and from a file of weights alone', async () => {
    const fitted = fitFeatures({ features }, split.train)!;
    const tensors = featureTensors(fitted);
    const state = JSON.parse(JSON.stringify({ numItems: 20, features: fitted.features }));
    expect(await readFeatures(state, (name) => tensors.get(name), 'f')).toEqual(fitted);
    const model = modelOf(split, configOf('sasrec', { features }));
    expect(weightsOf(model).get('features.items.size.weight')).toHaveLength(6);
    const trainer = createTrainer({
      ...{ model, examples: latestWindow(split.train, { maxLength: 4 }) },
      objective: sampledSoftmaxObjective({ numNegatives: 8, temperature: 0.1 }),
      ...{ batchSize: 4, learningRate: 1e-2, beta1: 0.9, beta2: 0.98, weightDecay: 0, seed: 1, shuffle: true },
    });
    await trainer.runEpoch();
    const [file, slim] = [join(folder, 'steps.safetensors'), join(folder, 'weights.safetensors')];
    await saveCheckpoint(file, trainer);
    await exportWeights(file, slim);
    const vectors = tf.tidy(() => model.itemVectors().arraySync());
    for (const again of [await loadModel(file), await loadModel(slim)]) {
      expect(again.features).toEqual(model.features);
      expect(tf.tidy(() => again.itemVectors().arraySync())).toEqual(vectors);
      again.dispose();
    }
    trainer.dispose();
    model.dispose();
  });

  it('need a width, above 0, and take no option of another encoding', () => {
    const fit = (feature: FeatureConfig) => () => fitFeatures({ features: [feature] }, split.train);
    expect(fit({ column: 'size', encode: 'steps' })).toThrow(
      'model config: features: size: fitTransform: expected a width above 0 for steps; got none',
    );
    expect(fit({ column: 'size', encode: 'steps' })).toThrow(ConfigError);
    expect(fit({ column: 'size', width: 5 })).toThrow('expected buckets with encode buckets; got width 5');
    expect(featureSchema.safeParse({ column: 'size', encode: 'steps', width: 10 }).success).toBe(true);
    expect(featureSchema.safeParse({ column: 'size', encode: 'steps', width: 0 }).success).toBe(false);
    const config = configOf('sasrec', { features: [{ column: 'year', encode: 'steps', width: 10 }] });
    expect(modelConfigSchema('encode').safeParse(config).success).toBe(true);
  });
});
