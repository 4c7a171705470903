import { latestWindow, makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from '../inputs.ts';
import { createModel } from '../registry.ts';
import { expectNothingStays } from '../test-support/throwing-model.ts';
import { tinyConfigs, tinySplit } from '../test-support/tiny.ts';
import { evaluatePerplexity, type PerplexityOptions } from './perplexity.ts';
import { everyPosition } from './query-time.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const examples = latestWindow(tinySplit({ length: 10 }).test, { maxLength: 6 });

describe.each(['hstu', 'pinnerformer'])('perplexity of %s', (kind) => {
  const model = createModel(tinyConfigs[kind], { numItems: 20, seed: 3 });

  it.each(['last', 'all'] as const)('is the cross-entropy written out in float64: %s', async (positions) => {
    const temperature = 0.1;
    // Ages of PinnerFormer are those at the question: each has a pass of its own.
    const apart = positions === 'all' && kind === 'pinnerformer';
    const asked = apart ? everyPosition(examples, () => false).set : examples;
    const batch = makeBatch(asked, [...asked.targets.keys()]);
    const uploaded = uploadBatch(batch);
    const [encoded, items] = [model.encode(uploaded, { training: false, step: 0, seed: 0 }), model.itemVectors()];
    const [q, v] = [encoded.arraySync(), items.arraySync()];
    const tau = model.temperature?.(temperature).dataSync()[0] ?? temperature;
    let [sum, count] = [0, 0];
    for (let t = 0; t < q.length; t++) {
      if ((apart || positions === 'last') && !batch.offsets.includes(t + 1)) continue;
      const scores = v.map((row) => row.reduce((dot, x, d) => dot + x * q[t][d], 0) / tau);
      let total = 0;
      for (let item = 1; item <= 20; item++) total += Math.exp(scores[item]);
      sum += Math.log(total) - scores[batch.targets[t]];
      count++;
    }
    const result = await evaluatePerplexity({ model, examples, temperature, positions, batchSize: 5 });
    expect(result.numQueries).toBe(count);
    expect(result.crossEntropy).toBeCloseTo(sum / count, 4);
    expect(result.perplexity).toBeCloseTo(Math.exp(result.crossEntropy), 10);
  });

  it('asks at the time of the last event when told so', async () => {
    const timed = createModel(tinyConfigs[kind], { numItems: 20, seed: 3 });
    for (const [name, weight] of timed.variables()) {
      if (/ts_w/.test(name)) weight.assign(tf.reshape(tf.mul(tf.sin(tf.range(0, weight.size)), 3), weight.shape));
    }
    const asked = async (options: Partial<PerplexityOptions>): Promise<number> =>
      (await evaluatePerplexity({ model: timed, examples, temperature: 0.1, ...options })).crossEntropy;
    // The data with every target at the time of the event before it: nothing else of the target's time is read.
    const timestamps = examples.interactions.timestamps.slice();
    for (const target of examples.targets) timestamps[target] = timestamps[target - 1];
    const early = { ...examples, interactions: { ...examples.interactions, timestamps } };
    expect(await asked({ queryTime: 'last' })).toBe(await asked({ examples: early as typeof examples }));
    expect((await asked({ queryTime: 'last' })) === (await asked({}))).toBe(kind !== 'hstu');
    // Position by position, each as the last of a set of its own.
    let [sum, count] = [0, 0];
    for (let back = 0; back < 6; back++) {
      const targets = examples.targets.map((target, e) => Math.max(examples.starts[e], target - back));
      const rows = [...targets.keys()].filter((e) => targets[e] > examples.starts[e]);
      const cut = { ...examples, targets };
      sum += rows.length * (await asked({ examples: cut, queryTime: 'last' }));
      count += rows.length;
    }
    expect(await asked({ positions: 'all', queryTime: 'last' })).toBeCloseTo(sum / count, 5);
  });

  it('is at most the number of items at a high temperature, and leaks nothing', async () => {
    const { perplexity } = await evaluatePerplexity({ model, examples, temperature: 1e6 });
    expect(perplexity).toBeCloseTo(20, 3);
    const before = tf.memory().numTensors;
    await evaluatePerplexity({ model, examples, temperature: 0.1, positions: 'all' });
    expect(tf.memory().numTensors).toBe(before);
  });
});

it('refuses a set without histories', async () => {
  const model = createModel(tinyConfigs.hstu, { numItems: 20 });
  const empty = { ...examples, starts: examples.targets };
  await expect(evaluatePerplexity({ model, examples: empty, temperature: 1 })).rejects.toThrow(
    'perplexity: expected an example with a history; got none',
  );
});

describe('a perplexity that cannot be', () => {
  const model = createModel(tinyConfigs.hstu, { numItems: 20, seed: 3 });
  it.each([0, -1, 1.5, Number.NaN])('a batch size of %s is refused', async (batchSize) => {
    await expect(evaluatePerplexity({ model, examples, temperature: 1, batchSize })).rejects.toThrow(
      `perplexity: batchSize: expected an integer >= 1; got ${batchSize}`,
    );
  });

  it('nothing stays where the model throws', () =>
    expectNothingStays(model, (broken) => evaluatePerplexity({ model: broken, examples, temperature: 1 })));

  it('histories longer than the model reads are refused', async () => {
    const short = { ...model, maxSequenceLength: 3 };
    await expect(evaluatePerplexity({ model: short, examples, temperature: 1 })).rejects.toThrow(
      /perplexity: expected histories of at most 3 events; got \d in example/,
    );
  });
});
