import { layerNorm, useBackend } from '@seqrec/core';
import { makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from '../inputs.ts';
import { encodeLast, type SequenceModel } from '../model.ts';
import { createModel, parseModelConfig } from '../registry.ts';
import { tinyTrain } from '../test-support/tiny.ts';
import type { HstuConfigInput } from './config.ts';

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
  'window with full newest': { maxAttentionLength: 1, minFullAttentionLength: 2, normalizer: 'seen' },
};
const run = { training: false, step: 0, seed: 0 };

/** The block written as its formula over one sequence, `[length, D]` to `[length, D]`, with loops over queries and keys. */
function plainBlock(model: SequenceModel, x: tf.Tensor2D, times: { query: Int32Array; key: Int32Array }): number[][] {
  const config = parseModelConfig(model.config) as HstuConfigInput & { kind: 'hstu' };
  const weight = (name: string): number[] | number[][] =>
    model.variables().get(`_hstu._attention_layers.0.${name}`)!.arraySync() as number[][];
  const { dqk, dv, numHeads: h } = config;
  const silu = (z: number): number => z / (1 + Math.exp(-z));
  const mixed = (tf.matMul(layerNorm(x), tf.tensor2d(weight('_uvqk') as number[][])).arraySync() as number[][]).map(
    (row) => {
      const gateColumns = config.gate === false ? 0 : h * dv;
      return row.map((z, c) =>
        config.activation === 'none' || (config.activation === 'u' && c >= gateColumns) ? z : silu(z),
      );
    },
  );
  const part = (t: number, from: number, width: number): number[] => mixed[t].slice(from, from + width);
  const first = config.gate === false ? 0 : h * dv;
  const length = mixed.length;
  const turn = (values: number[], position: number): number[] => {
    if (config.relativeBias !== 'rotary') return values;
    const half = values.length / 2;
    return values.map((value, i) => {
      const angle = position * 10_000 ** (-(i % half) / half);
      const other = i < half ? -values[i + half] : values[i - half];
      return value * Math.cos(angle) + other * Math.sin(angle);
    });
  };
  const n = 17;
  const out: number[][] = [];
  for (let i = 0; i < length; i++) {
    const row: number[] = [];
    for (let head = 0; head < h; head++) {
      const q = turn(part(i, first + h * dv + head * dqk, dqk), i);
      const full = i >= length - (config.minFullAttentionLength ?? 0);
      const reach = full ? length : (config.maxAttentionLength ?? length);
      const keys = Array.from({ length: i + 1 }, (_, j) => j).filter((j) => i - j <= reach);
      const scores = keys.map((j) => {
        const k = turn(part(j, first + h * dv + h * dqk + head * dqk, dqk), j);
        const product = q.reduce((sum, value, c) => sum + value * k[c], 0);
        if (config.relativeBias !== undefined && config.relativeBias !== 'position-time') return product;
        const gap = Math.max(Math.abs(times.query[i] - times.key[j]), 1);
        const bucket = Math.min(128, Math.trunc(Math.log(gap) / 0.301));
        const position = (weight('_rel_attn_bias._pos_w') as number[])[j - i + n - 1];
        return product + position + (weight('_rel_attn_bias._ts_w') as number[])[bucket];
      });
      const exponentials = scores.map((score) => Math.exp(score / Math.sqrt(dqk)));
      const total = exponentials.reduce((sum, value) => sum + value, 0);
      const divisor = config.normalizer === 'none' ? 1 : config.normalizer === 'seen' ? keys.length : n;
      for (let c = 0; c < dv; c++) {
        row.push(
          keys.reduce((sum, j, at) => {
            const p = config.attention === 'softmax' ? exponentials[at] / total : silu(scores[at]) / divisor;
            return sum + p * mixed[j][first + head * dv + c];
          }, 0),
        );
      }
    }
    out.push(row);
  }
  const norm = layerNorm(tf.tensor2d(out)).arraySync() as number[][];
  const output = weight('_o.weight') as number[][];
  const bias = weight('_o.bias') as number[];
  const residual = x.arraySync();
  return norm.map((row, t) => {
    const u = part(t, 0, first);
    const product = config.gate === false ? row : row.map((value, c) => value * u[c]);
    const read = config.concat ? [...u, ...row, ...product] : product;
    return output.map((w, d) => w.reduce((sum, value, c) => sum + value * read[c], bias[d] + residual[t][d]));
  });
}

describe.each(Object.keys(switches))('%s', (name) => {
  const build = (): SequenceModel => {
    const config = { ...base, inputDropout: 0, ...switches[name] } as HstuConfigInput;
    const model = createModel(config, { numItems: 20, seed: 3 });
    // Away from the start, where layer norms hide the attention.
    for (const variable of model.variables().values()) variable.assign(tf.tidy(() => tf.mul(variable, 6)));
    return model;
  };

  it('is its formula', () => {
    const model = build();
    const batch = uploadBatch(makeBatch(tinyTrain(), [0]));
    const actual = tf.tidy(() => model.encode(batch, run).arraySync());
    const items = tf.gather(model.itemTable(), batch.itemIds);
    const places = tf.gather(model.variables().get('_input_features_preproc._pos_emb.weight')!, batch.positions);
    const x = tf.add(tf.mul(items, Math.sqrt(8)), places) as tf.Tensor2D;
    const times = { query: batch.queryTimes.dataSync() as Int32Array, key: batch.keyTimes.dataSync() as Int32Array };
    const expected = plainBlock(model, x, times).map((row) => row.map((value) => value / Math.hypot(...row)));
    for (const [t, row] of expected.entries()) {
      for (const [d, value] of row.entries()) expect(actual[t][d]).toBeCloseTo(value, 3);
    }
  });

  it('gives every weight a gradient, and the last rows alone are those of all rows', () => {
    const model = build();
    const batch = uploadBatch(makeBatch(tinyTrain(), [0, 1, 2]));
    const variables = [...model.variables()];
    const { grads } = tf.variableGrads(
      () => tf.sum(tf.mul(model.encode(batch, run), tf.gather(model.itemVectors(), batch.targets))) as tf.Scalar,
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
  [{ gate: false, concat: true }, 'gate: expected true for concat'],
  [{ relativeBias: 'rotary', dqk: 3 }, 'dqk: expected an even width'],
  [{ minFullAttentionLength: 2 }, 'minFullAttentionLength: expected nothing without maxAttentionLength'],
  [
    { attention: 'softmax', relativeBias: 'none', normalizer: 'seen' },
    "normalizer: expected 'padded' when attention is",
  ],
])('%j is refused', (changes, message) => {
  expect(() => parseModelConfig({ ...base, ...changes })).toThrow(message);
});
