import { normals, streamKey, useBackend } from '@seqrec/core';
import { latestWindow } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TokenEncoder } from '../model.ts';
import { createModel, type ModelConfigInput } from '../registry.ts';
import { tinyConfigs, tinySplit } from '../test-support/tiny.ts';
import { evaluateCached } from './cached.ts';
import { evaluate } from './evaluate.ts';

const configs = {
  hstu: { ...tinyConfigs.hstu, relativeBias: 'position-time' },
  'hstu, interleaved': { ...tinyConfigs.hstu, actions: 'interleave' },
  sasrec: tinyConfigs.sasrec,
  gru4rec: tinyConfigs.gru4rec,
} as Readonly<Record<string, ModelConfigInput>>;

const examples = latestWindow(tinySplit({ users: 40, items: 60, length: 14 }).test, { maxLength: 8 });
const protocol = { examples, ks: [5, 10], batchSize: 16 };

/** A model whose weights are far from small, so that a mistake shows. */
function modelOf(config: ModelConfigInput): TokenEncoder {
  const given = { ...config, maxSequenceLength: 8 } as ModelConfigInput;
  const model = createModel(given, { numItems: examples.interactions.numItems, seed: 3 });
  let stream = 0;
  for (const variable of model.variables().values()) {
    const noise = Float32Array.from(normals(streamKey(7, 'weights'), stream++, variable.size), (x) => 0.3 * x);
    tf.tidy(() => variable.assign(tf.add(variable, tf.tensor(noise, variable.shape))));
  }
  return model;
}

describe('evaluateCached', () => {
  beforeAll(async () => {
    await useBackend('simd');
  });

  it.each(Object.keys(configs))('gives the ranks of evaluate, event by event, of %s', async (name) => {
    const model = modelOf(configs[name]);
    const before = tf.memory().numTensors;
    for (const queryTime of ['target', 'last'] as const) {
      const usual = await evaluate({ model, ...protocol, queryTime });
      const cached = await evaluateCached({ model, ...protocol, queryTime, askedUsers: 1 });
      expect(cached.ranks).toEqual(usual.ranks);
      expect(cached.tied).toEqual(usual.tied);
      expect(cached.examples).toEqual(usual.examples);
      expect(cached.metrics).toEqual(usual.metrics);
      const events = examples.targets.reduce((sum, target, e) => sum + target - examples.starts[e], 0);
      expect(cached.appended).toBe(events);
      expect(cached.asked).toBeGreaterThan(events / 10);
      expect(cached.asked).toBeLessThan(events / 2);
    }
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });

  it('gives them from a store in which few users have room', async () => {
    const model = modelOf(configs.sasrec);
    const usual = await evaluate({ model, ...protocol });
    const scorer = { pageTokens: 4, maxBytes: 5000 };
    const cached = await evaluateCached({ model, ...protocol, scorer });
    expect(cached.ranks).toEqual(usual.ranks);
    expect(cached.stats.evictions).toBeGreaterThan(0);
    model.dispose();
  });

  it('refuses what it cannot do, with the reason', async () => {
    const model = modelOf(configs.sasrec);
    await expect(evaluateCached({ model, ...protocol, positions: 'all' })).rejects.toThrow(/positions 'last'/);
    model.dispose();
    const bidirectional = modelOf(tinyConfigs.pinnerformer as ModelConfigInput);
    await expect(evaluateCached({ model: bidirectional, ...protocol })).rejects.toThrow(/createScorer: /);
    bidirectional.dispose();
  });
});
