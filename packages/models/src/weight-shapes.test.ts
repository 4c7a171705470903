import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { createModel } from './registry.ts';
import { tinyConfigs } from './test-support/tiny.ts';
import { weightShapes } from './weight-shapes.ts';

beforeAll(async () => {
  await useBackend('cpu');
});

it.each(Object.keys(tinyConfigs))('names and shapes of %s are those of the model, and nothing is left', (name) => {
  const model = createModel(tinyConfigs[name], { numItems: 20 });
  const before = tf.memory().numTensors;
  const shapes = weightShapes(tinyConfigs[name], { numItems: 20 });
  expect([...shapes]).toEqual(Array.from(model.variables(), ([key, { shape }]) => [key, shape]));
  expect(tf.memory().numTensors).toBe(before);
  model.dispose();
});

it('costs nothing for a model that no machine holds', () => {
  const shapes = weightShapes({ ...tinyConfigs.sasrec, embeddingDim: 16_384 } as never, { numItems: 2 ** 30 });
  expect(shapes.get('_embedding_module._item_emb.weight')).toEqual([2 ** 30 + 1, 16_384]);
});
