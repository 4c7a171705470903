import { useBackend } from '@seqrec/core';
import { makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { uploadBatch } from '../../inputs.ts';
import { encodeLast, type TokenEncoder } from '../../model.ts';
import { createModel, parseModelConfig } from '../../registry.ts';
import { expectFormula } from '../../test-support/formula-kinds.ts';
import { tinyTrain } from '../../test-support/tiny.ts';
import { weightShapes } from '../../weight-shapes.ts';
import type { HstuConfigInput } from './config.ts';
import { HstuLayer } from './layer.ts';
import { plainHstu } from './test-support/plain.ts';

beforeAll(async () => {
  await useBackend('auto');
});

const base = { kind: 'hstu', embeddingDim: 8, maxSequenceLength: 6, numBlocks: 1, numHeads: 2, dqk: 4, dv: 3 } as const;
const switches: Record<string, Partial<HstuConfigInput>> = {
  'as published': {},
  rotary: { relativeBias: 'rotary' },
  'rotary softmax': { relativeBias: 'rotary', attention: 'softmax' },
  'no gate': { gate: false },
  concat: { concat: true },
  'activation on U': { activation: 'u' },
  'no activation': { activation: 'none' },
  'normaliser: keys seen': { normalizer: 'seen' },
  'normaliser: none': { normalizer: 'none' },
  'scores by a number': { attentionScale: 0.3 },
  window: { maxAttentionLength: 2 },
  'semi-local': { maxAttentionLength: 1, globalAttentionLength: 2 },
  'semi-local softmax, newest full': {
    attention: 'softmax',
    relativeBias: 'none',
    maxAttentionLength: 1,
    globalAttentionLength: 1,
    minFullAttentionLength: 1,
  },
  'semi-local, keys seen': { maxAttentionLength: 2, globalAttentionLength: 1, normalizer: 'seen' },
  'root mean square': { outputNorm: 'rms' },
  'root mean square with a gain': { outputNorm: 'rms', affineNorms: true },
  'norm by head': { outputNorm: 'group', affineNorms: true, concat: true },
  'no output bias, projection bias': { outputBias: false, projectionBias: true, projectionInit: 'xavier-uniform' },
  'actions summed': { actions: 'sum' },
  'actions interleaved': { actions: 'interleave' },
  'production, actions interleaved': { block: 'production', actions: 'interleave' },
  production: { block: 'production' },
  'production with a norm by head': { block: 'production', outputNorm: 'group', ageScale: 'log', ageBuckets: 5 },
  'window with full newest': { maxAttentionLength: 1, minFullAttentionLength: 2, normalizer: 'seen' },
};
const run = { training: false, step: 0, seed: 0 };

describe.each(Object.keys(switches))('%s', (name) => {
  const build = (): TokenEncoder => {
    const config = { ...base, inputDropout: 0, ...switches[name] } as HstuConfigInput;
    const model = createModel(config, { numItems: 20, seed: 3 });
    // Away from the start, where layer norms hide the attention and gains and biases do nothing.
    for (const [i, variable] of [...model.variables().values()].entries()) {
      const noise = tf.randomNormal(variable.shape, 0, 0.1, 'float32', i);
      variable.assign(tf.tidy(() => tf.add(tf.mul(variable, 6), noise)));
    }
    return model;
  };

  it('is its formula', () => {
    const config = { ...base, inputDropout: 0, linearDropout: 0, ...switches[name] };
    expectFormula(config as HstuConfigInput, plainHstu(config), 3);
  });

  it('gives every weight a gradient, and the last rows alone are those of all rows', () => {
    const model = build();
    const batch = uploadBatch(makeBatch(tinyTrain(), [0, 1, 2]));
    const variables = [...model.variables()];
    const { grads } = tf.variableGrads(
      () => {
        const { encoded, actionLogits } = model.encodeWithActions?.(batch, run) ?? {
          encoded: model.encode(batch, run),
        };
        const scores = tf.sum(tf.mul(encoded, tf.gather(model.itemVectors(), batch.targets)));
        return (actionLogits === undefined ? scores : tf.add(scores, tf.sum(tf.square(actionLogits)))) as tf.Scalar;
      },
      variables.map(([, variable]) => variable),
    );
    for (const [weight, variable] of variables) {
      expect(tf.max(tf.abs(grads[variable.name])).dataSync()[0], weight).toBeGreaterThan(0);
    }
    const rows = Int32Array.from({ length: 3 }, (_, b) => batch.hostOffsets[b + 1] - 1);
    const all = tf.gather(model.encode(batch, run), tf.tensor1d(rows, 'int32')).dataSync();
    for (const [i, value] of encodeLast(model, batch).dataSync().entries()) expect(value).toBeCloseTo(all[i], 5);
  });
});

it.each([{}, { attention: 'softmax', relativeBias: 'none' }, { concat: true }, { outputNorm: 'rms' }] as const)(
  'the last rows of %j are made without the others',
  (changes) => {
    const { embeddingDim, numHeads, dqk, dv } = base;
    const args = { embeddingDim, numHeads, dqk, dv, attention: 'silu', numTimeBuckets: 4, paddedLength: 5 } as const;
    const layer = new HstuLayer({ ...args, relativeBias: 'position', stream: 'test', ...changes });
    const inputs = [tf.randomNormal([3, embeddingDim], 0, 1, 'float32', 1), tf.tensor1d([0, 3], 'int32')];
    const [, , all] = (layer.apply(inputs) as tf.Tensor2D).arraySync();
    const whole = vi.spyOn(layer, 'apply');
    const [last] = layer.last(inputs, tf.tensor1d([2], 'int32')).arraySync();
    expect(whole).not.toHaveBeenCalled();
    for (const [i, value] of last.entries()) expect(value).toBeCloseTo(all[i], 5);
  },
);

it('drops as the published layers do: 0.2, in production 0.3', () => {
  expect(parseModelConfig(base)).toMatchObject({ linearDropout: 0.2 });
  expect(parseModelConfig({ ...base, block: 'production' })).toMatchObject({ linearDropout: 0.3 });
});

it('has 2,048 buckets of ages and one for all above, unless told', () => {
  const shapes = weightShapes({ ...base, block: 'production' }, { numItems: 20 });
  expect(shapes.get('_input_features_preproc._timestamp_embeddings_weight')).toEqual([2049, base.embeddingDim]);
});

it.each([
  [{ block: 'production', gate: false }, 'gate: expected true for concat'],
  [{ ageScale: 'log' }, 'ageBuckets: expected no ageBuckets and no ageScale without'],
  [
    { attention: 'softmax', relativeBias: 'none', attentionScale: 'one' },
    "attentionScale: expected 'inverse-sqrt' when",
  ],
  [{ attentionScale: 0 }, 'attentionScale: expected'],
  [{ gate: false, concat: true }, 'gate: expected true for concat'],
  [{ relativeBias: 'rotary', dqk: 3 }, 'dqk: expected an even width'],
  [{ globalAttentionLength: 2 }, 'globalAttentionLength: expected nothing without maxAttentionLength'],
  [{ minFullAttentionLength: 2 }, 'minFullAttentionLength: expected nothing without maxAttentionLength'],
  [
    { attention: 'softmax', relativeBias: 'none', normalizer: 'seen' },
    "normalizer: expected 'padded' when attention is",
  ],
])('%j is refused', (changes, message) => {
  expect(() => parseModelConfig({ ...base, ...changes })).toThrow(message);
});
