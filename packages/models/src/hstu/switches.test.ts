import { layerNorm, useBackend } from '@seqrec/core';
import { makeBatch, type SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from '../inputs.ts';
import { encodeLast, type SequenceModel } from '../model.ts';
import { createModel, parseModelConfig } from '../registry.ts';
import { plainHstuBlock } from '../test-support/plain-hstu.ts';
import { tinyTrain } from '../test-support/tiny.ts';
import { withSwitches } from './blocks.ts';
import type { HstuConfig, HstuConfigInput } from './config.ts';

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

/** The input written as its formula, `[length, D]`; actions in the ids of the data: ratings in half stars. */
function plainInput(model: SequenceModel, host: SequenceBatch): tf.Tensor2D {
  const config = withSwitches(parseModelConfig(model.config) as HstuConfig);
  const table = (name: string): number[][] =>
    model.variables().get(`_input_features_preproc.${name}`)!.arraySync() as number[][];
  const items = model.itemTable().arraySync();
  const tokens: { vector: number[]; time: number }[] = [];
  for (const [t, item] of host.itemIds.entries()) {
    const time = host.timestamps[t];
    const vector = items[item];
    if (config.actions === 'none') tokens.push({ vector, time });
    else {
      const action = table('_action_emb.weight')[2 * host.ratings![t]];
      if (config.actions === 'sum') tokens.push({ vector: vector.map((value, d) => value + action[d]), time });
      else tokens.push({ vector, time }, { vector: action, time });
    }
  }
  const rows = tokens.map(({ vector, time }, column) => {
    if (config.inputEncoding === 'position') {
      return vector.map((value, d) => Math.sqrt(8) * value + table('_pos_emb.weight')[column][d]);
    }
    const minutes = Math.max(tokens.at(-1)!.time - time, 1e-6) / 60;
    const { ageBuckets = 2048, ageScale = 'sqrt' } = config;
    const age = Math.max(0, Math.trunc(ageScale === 'sqrt' ? Math.sqrt(minutes) : Math.log(minutes)));
    const place = table('_position_embeddings_weight')[tokens.length - column];
    const old = table('_timestamp_embeddings_weight')[Math.min(age, ageBuckets)];
    return vector.map((value, d) => Math.sqrt(8) * value + place[d] + old[d]);
  });
  return tf.tensor2d(rows);
}

/** Logits of the actions of contents `[T, D]`: `W2 gelu(W1 LN(x) + b1) + b2`. */
function plainHead(model: SequenceModel, contents: number[][]): number[][] {
  const weight = (name: string): tf.Tensor2D => model.variables().get(`action_head.${name}`) as unknown as tf.Tensor2D;
  const map = (x: tf.Tensor2D, layer: number): tf.Tensor2D =>
    tf.add(tf.matMul(x, weight(`${layer}.weight`), false, true), weight(`${layer}.bias`));
  const hidden = map(layerNorm(tf.tensor2d(contents)), 0).arraySync();
  const gelu = (z: number): number => (z / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3)));
  return map(tf.tensor2d(hidden.map((row) => row.map(gelu))), 2).arraySync();
}

describe.each(Object.keys(switches))('%s', (name) => {
  const build = (): SequenceModel => {
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
    const model = build();
    const batch = uploadBatch(makeBatch(tinyTrain(), [0]));
    const actual = tf.tidy(() => model.encode(batch, run).arraySync());
    const interleaved = (switches[name].actions ?? 'none') === 'interleave';
    const [query, key] = [batch.queryTimes.dataSync(), batch.keyTimes.dataSync()];
    const twice = (one: ArrayLike<number>, two: ArrayLike<number>): number[] =>
      Array.from(one).flatMap((value, t) => [value, two[t]]);
    const times = interleaved ? { query: twice(key, query), key: twice(key, key) } : { query, key };
    const rows = plainHstuBlock(model, plainInput(model, batch.host), times, interleaved ? 23 : 17);
    const read = interleaved ? rows.filter((_, token) => token % 2 === 1) : rows;
    const expected = read.map((row) => row.map((value) => value / Math.hypot(...row)));
    expect(actual).toHaveLength(expected.length);
    for (const [t, row] of expected.entries()) {
      for (const [d, value] of row.entries()) expect(actual[t][d]).toBeCloseTo(value, 3);
    }
    if (!interleaved) return;
    const contents = rows.filter((_, token) => token % 2 === 0);
    const logits = tf.tidy(() => model.encodeWithActions!(batch, run).actionLogits.arraySync());
    const wanted = plainHead(model, contents);
    for (const [t, row] of wanted.entries()) {
      for (const [a, value] of row.entries()) expect(logits[t][a] / 100).toBeCloseTo(value / 100, 3);
    }
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

it.each([
  [{ block: 'production', gate: false }, 'gate: expected true for concat'],
  [{ ageScale: 'log' }, 'ageBuckets: expected no ageBuckets and no ageScale without'],
  [
    { attention: 'softmax', relativeBias: 'none', attentionScale: 'one' },
    "attentionScale: expected 'inverse-sqrt' when",
  ],
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
