import { useBackend } from '@seqrec/core';
import type * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../errors.ts';
import { uploadBatch } from '../../inputs.ts';
import { createModel, modelKinds, parseModelConfig } from '../../registry.ts';
import { onlyPart } from '../../tasks/part.ts';
import { weightShapes } from '../../weight-shapes.ts';
import { isGenerator } from '../generator.ts';
import { relativeBucket } from './relative-buckets.ts';
import { drawnModel, someHistories, someSymbols, tinyConfig } from './test-support/world.ts';

beforeAll(async () => {
  await useBackend('auto');
});

const symbols = someSymbols();
const sizeOf = (shapes: Iterable<readonly number[]>): number =>
  [...shapes].reduce((sum, shape) => sum + shape.reduce((product, axis) => product * axis, 1), 0);

describe('parameters', () => {
  const ofConfig = (config: object, numItems = 1026): number =>
    sizeOf(weightShapes({ kind: 't5', maxSequenceLength: 80, ...config } as { kind: string }, { numItems }).values());

  it('are 4.46 M by default, besides the rows of codes', () => {
    expect(ofConfig({}) - 1027 * 128).toBe(4_459_648);
    expect(ofConfig({})).toBe(4_591_104);
    expect(ofConfig({ head: 'own' })).toBe(4_591_104 + 1027 * 128);
    expect(ofConfig({ head: 'own', tables: 'apart' })).toBe(4_591_104 + 2 * 1027 * 128);
  });

  it('have the sizes of published recipes', () => {
    const six = { encoderBlocks: 6, decoderBlocks: 6 };
    const attention = (d: number): number => 4 * d * 384;
    const ofSix = (d: number, f: number): number =>
      6 * (3 * attention(d) + 2 * 2 * d * f + 5 * d) + 2 * (32 * 6 + d) + 1027 * d;
    expect(ofConfig(six)).toBe(ofSix(128, 1024));
    expect(ofConfig({ ...six, embeddingDim: 196, ffnDim: 1536 })).toBe(ofSix(196, 1536));
    expect(ofConfig({ feedForward: 'gated-gelu' }) - ofConfig({})).toBe(8 * 128 * 1024);
  });

  it('start as those of the reference, a head of its own as a tied one', () => {
    const sizes = { maxSequenceLength: 80, encoderBlocks: 1, decoderBlocks: 1 };
    const config = { kind: 't5', ...sizes, head: 'own', feedForward: 'gated-gelu' };
    const model = createModel(config, { numItems: 1000, seed: 5 });
    const [d, a, h, f] = [128, 64, 6, 1024];
    const deviations: Readonly<Record<string, number>> = {
      'shared.weight': 1,
      'lm_head.weight': d ** -0.5,
      'encoder.block.0.layer.0.SelfAttention.q.weight': (d * a) ** -0.5,
      'encoder.block.0.layer.0.SelfAttention.k.weight': d ** -0.5,
      'encoder.block.0.layer.0.SelfAttention.v.weight': d ** -0.5,
      'encoder.block.0.layer.0.SelfAttention.o.weight': (h * a) ** -0.5,
      'encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight': d ** -0.5,
      'decoder.block.0.layer.1.EncDecAttention.q.weight': (d * a) ** -0.5,
      'decoder.block.0.layer.2.DenseReluDense.wi_0.weight': d ** -0.5,
      'decoder.block.0.layer.2.DenseReluDense.wi_1.weight': d ** -0.5,
      'decoder.block.0.layer.2.DenseReluDense.wo.weight': f ** -0.5,
    };
    for (const [name, deviation] of Object.entries(deviations)) {
      const values = Array.from((model.variables().get(name) as tf.Variable).dataSync());
      const found = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
      expect(Math.abs(found / deviation - 1), name).toBeLessThan(5 / Math.sqrt(2 * values.length));
    }
    for (const [name, variable] of model.variables()) {
      if (name.includes('norm')) expect(new Set(variable.dataSync()), name).toEqual(new Set([1]));
    }
    model.dispose();
  });
});

describe('the kind t5', () => {
  it('writes codes', () => {
    expect(modelKinds('generate')).toEqual(['t5']);
    const config: { readonly kind: string } = parseModelConfig({ kind: 't5', maxSequenceLength: 80 });
    const model = createModel(config, { numItems: 9, seed: 1 });
    expect(isGenerator(model)).toBe(true);
    expect(model).toMatchObject({ kind: 't5', numItems: 9, maxSequenceLength: 80 });
    expect(model.tables().size).toBe(0);
    model.dispose();
  });

  it.each<[object, string]>([
    [
      { headDim: 100, maxSequenceLength: 420 },
      'model config (t5): maxSequenceLength: expected with headDim at most 512: attention adds a column for each place of the history; got 420',
    ],
    [
      { relativeBuckets: 20, maxDistance: 10 },
      'model config (t5): maxDistance: expected more than half of relativeBuckets: so many distances have a bucket of their own; got 10',
    ],
    [{ feedForward: 'gelu' }, "model config (t5): feedForward: expected one of 'relu', 'gated-gelu'; got 'gelu'"],
  ])('refuses %j', (given, message) => {
    const parse = () => parseModelConfig({ kind: 't5', maxSequenceLength: 80, ...given });
    expect(parse).toThrow(ConfigError);
    expect(parse).toThrow(message);
  });

  it('refuses codes of other rows, and histories that are too long', () => {
    const { model } = drawnModel(tinyConfig({ maxSequenceLength: 9 }), symbols);
    const host = someHistories([2, 4]);
    const batch = uploadBatch(host);
    const run = { training: true, step: 0, seed: 0 };
    const lossOf = (of: typeof symbols) => () => model.loss({ symbols: of, batch, part: onlyPart(host), run });
    const other = someSymbols(12, [3, 4, 3]);
    const message =
      't5: expected codes of 9 rows, as the model was made for; got 10; give createModel the count of codeSymbols as numItems';
    expect(lossOf(other)).toThrow(message);
    expect(() => model.read(host, other)).toThrow(message);
    expect(() => model.read(host, symbols).first()).toThrow(
      't5: expected histories of at most 9 codes (maxSequenceLength); got one of 12; cut the histories with latestWindow',
    );
    batch.dispose();
    model.dispose();
  });
});

describe('buckets', () => {
  const paper = { buckets: 32, maxDistance: 128 };

  it('are exact near, and one for all that is far', () => {
    const back = (apart: number): number => relativeBucket(-apart, { ...paper, bothWays: false });
    expect([0, 1, 15, 16, 127, 128, 5000].map(back)).toEqual([0, 1, 15, 16, 31, 31, 31]);
    expect(relativeBucket(3, { ...paper, bothWays: false })).toBe(0);
    const both = (distance: number): number => relativeBucket(distance, { ...paper, bothWays: true });
    expect([0, -7, 7, -8, 8, -5000, 5000].map(both)).toEqual([0, 7, 23, 8, 24, 15, 31]);
  });

  it('never fall with the distance', () => {
    for (const bothWays of [true, false]) {
      const all = Array.from({ length: 300 }, (_, apart) => relativeBucket(-apart, { ...paper, bothWays }));
      for (let i = 1; i < all.length; i++) expect(all[i]).toBeGreaterThanOrEqual(all[i - 1]);
      expect(new Set(all).size).toBe(bothWays ? 16 : 32);
    }
  });
});
