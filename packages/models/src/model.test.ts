import { readFileSync } from 'node:fs';
import { makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as exported from './browser.ts';
import { ParameterError } from './errors.ts';
import { parseGolden } from './golden/parse.ts';
import { goldenModelConfig } from './golden/run.ts';
import { uploadBatch } from './inputs.ts';
import type { ModelOptions, TokenEncoder } from './model.ts';
import { loadParameters, readParameters } from './parameters.ts';
import { createModel, type ModelConfigInput, modelKinds, parseModelConfig } from './registry.ts';
import { tinyConfigs, tinyTrain } from './test-support/tiny.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const models: TokenEncoder[] = [];
afterEach(() => {
  for (const model of models.splice(0)) model.dispose();
});
function build(config: ModelConfigInput, options: ModelOptions = { numItems: 20, seed: 1 }): TokenEncoder {
  const model = createModel(config, options);
  models.push(model);
  return model;
}
const configs: Record<string, ModelConfigInput> = {
  ...tinyConfigs,
  'hstu-position': { ...tinyConfigs.hstu, relativeBias: 'position' } as ModelConfigInput,
  'hstu-without-bias': { ...tinyConfigs.hstu, relativeBias: 'none' } as ModelConfigInput,
  'sasrec-gelu': { ...tinyConfigs.sasrec, activation: 'gelu' } as ModelConfigInput,
};
const names = Object.keys(configs);
/** `transformer-plus-plus` as exports have it: `TransformerPlusPlus`. */
const nameOf = (kind: string): string => kind.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
const builderOf = (kind: string) =>
  (exported as unknown as Record<string, (config: object, options: ModelOptions) => TokenEncoder>)[
    `create${nameOf(kind)}`
  ];
/** Their last row stands for all further places. */
const openPositions = ['hstu-production'];
const modelConfig = (name: string): object => parseModelConfig(configs[name]);
const evaluation = { training: false, step: 0, seed: 0 };

describe.each(names)('%s', (name) => {
  it('encodes to unit vectors, one per token, whatever the rest of the batch', () => {
    const model = build(configs[name]);
    const train = tinyTrain();
    const together = uploadBatch(makeBatch(train, [0, 1, 2]));
    const alone = uploadBatch(makeBatch(train, [1]));
    const [all, one] = [together, alone].map((batch) => tf.tidy(() => model.encode(batch, evaluation).arraySync()));
    expect(all).toHaveLength(together.numTokens);
    for (const row of all) expect(Math.hypot(...row)).toBeCloseTo(1, 5);
    const begin = together.hostOffsets[1];
    for (const [t, row] of one.entries()) {
      for (const [d, value] of row.entries()) expect(all[begin + t][d]).toBeCloseTo(value, 5);
    }
    together.dispose();
    alone.dispose();
  });

  it('gives every weight a gradient, except those that cannot matter', () => {
    const model = build(configs[name]);
    const batch = uploadBatch(makeBatch(tinyTrain(), [0, 1, 2, 3]));
    const { value, grads } = tf.variableGrads(() => {
      const run = { training: true, step: 0, seed: 0 };
      const both = model.encodeWithActions?.(batch, run);
      const queries = both?.encoded ?? model.encode(batch, run);
      const items = tf.gather(model.itemVectors(), batch.targets);
      const read = tf.sum(tf.mul(queries, items));
      const scores = both === undefined ? read : tf.add(read, tf.sum(tf.square(both.actionLogits)));
      const temperature = model.temperature?.(0.05);
      return (temperature === undefined ? scores : tf.sum(tf.div(scores, temperature))) as tf.Scalar;
    }, [...model.variables().values()]);
    for (const [reference, variable] of model.variables()) {
      expect(grads[variable.name]?.shape, reference).toEqual(variable.shape);
      const largest = tf.tidy(() => tf.max(tf.abs(grads[variable.name])).dataSync()[0]);
      expect(largest, reference).toBeGreaterThan(0);
    }
    tf.dispose([value, grads]);
    batch.dispose();
  });

  it('is causal: an item changes nothing before itself', () => {
    const model = build(configs[name]);
    const batch = makeBatch(tinyTrain(), [0]);
    const changed = { ...batch, itemIds: batch.itemIds.slice() };
    const at = batch.itemIds.length - 2;
    changed.itemIds[at] = (batch.itemIds[at] % 20) + 1;
    const [before, after] = [batch, changed].map((each) => {
      const uploaded = uploadBatch(each);
      const rows = tf.tidy(() => model.encode(uploaded, evaluation).arraySync());
      uploaded.dispose();
      return rows;
    });
    expect(after.slice(0, at)).toEqual(before.slice(0, at));
    expect(after[at]).not.toEqual(before[at]);
    expect(after[at + 1]).not.toEqual(before[at + 1]);
  });

  it('starts from seed 0 unless told, by its name or by its own builder', async () => {
    const weights = await readParameters(build(configs[name], { numItems: 20 }));
    expect(weights).toEqual(await readParameters(build(configs[name], { numItems: 20, seed: 0 })));
    expect(weights).not.toEqual(await readParameters(build(configs[name], { numItems: 20, seed: 1 })));
    const config = parseModelConfig(configs[name]);
    const own = builderOf(config.kind)(config, { numItems: 20 });
    models.push(own);
    expect(await readParameters(own)).toEqual(weights);
  });

  it('frees everything', () => {
    const before = tf.memory().numTensors;
    createModel(configs[name], { numItems: 5 }).dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses histories beyond its table of positions, and takes any without one', () => {
    const shorter =
      'outputLength' in modelConfig(name) ? { maxSequenceLength: 1, outputLength: 1 } : { maxSequenceLength: 2 };
    const model = build({ ...configs[name], ...shorter } as ModelConfigInput);
    const batch = uploadBatch(makeBatch(tinyTrain(), [0]));
    const encode = () => tf.tidy(() => model.encode(batch, evaluation).shape);
    const hasPositions = [...model.variables().keys()].some((weight) => /_pos_emb|positions/.test(weight));
    if (hasPositions && !openPositions.includes(name)) {
      expect(encode).toThrow(/encode: expected sequences of at most [23] tokens/);
    } else expect(encode()[0]).toBe(batch.numTokens);
    batch.dispose();
  });
});

it.each(modelKinds())('%s: its builder and its schema are exported', (kind) => {
  const schema = `${nameOf(kind)[0].toLowerCase()}${nameOf(kind).slice(1)}ConfigSchema`;
  expect(builderOf(kind)).toBeInstanceOf(Function);
  expect(exported).toHaveProperty(schema);
});

it.each(['hstu-2x2', 'sasrec-2x2'])('names and shapes of %s are those of the state dict, in order', (file) => {
  const golden = parseGolden(
    JSON.parse(readFileSync(new URL(`./golden/fixtures/${file}.json`, import.meta.url), 'utf8')),
  );
  const model = build(goldenModelConfig(golden), { numItems: golden.config.numItems, seed: 0 });
  const ours = [...model.variables()].map(([name, variable]) => [name, variable.shape]);
  expect(ours).toEqual(Object.entries(golden.parameters).map(([name, { shape }]) => [name, shape]));
});

it('only the time bias reads the clock', () => {
  const batch = makeBatch(tinyTrain(), [0, 1]);
  const later = { ...batch, targetTimestamps: batch.targetTimestamps.map((time) => time + 1e5) };
  const encoded = (name: string): Float32Array[] =>
    [batch, later].map((each) => {
      const uploaded = uploadBatch(each);
      const out = tf.tidy(() => build(configs[name]).encode(uploaded, evaluation).dataSync() as Float32Array);
      uploaded.dispose();
      return out;
    });
  for (const name of [
    'hstu-position',
    'hstu-without-bias',
    'hstu-softmax',
    'sasrec',
    'transformer',
    'gru4rec',
    'pinnerformer',
  ]) {
    const [before, after] = encoded(name);
    expect(after, name).toEqual(before);
  }
  const [before, after] = encoded('hstu');
  expect(after).not.toEqual(before);
});

describe('initial weights', () => {
  const spread = (model: TokenEncoder, name: string): number =>
    tf.tidy(() => tf.sqrt(tf.mean(tf.square(model.variables().get(name)!))).dataSync()[0]);
  const positions = '_input_features_preproc._pos_emb.weight';
  const big = { embeddingDim: 50, maxSequenceLength: 200, numBlocks: 1, numHeads: 1 };

  it('position tables: xavier-normal for HSTU, truncated normal for SASRec', () => {
    const hstu = build({ kind: 'hstu', ...big, dqk: 50, dv: 50 });
    const sasrec = build({ kind: 'sasrec', ...big, ffnDim: 50 });
    expect(spread(hstu, positions)).toBeCloseTo(Math.sqrt(2 / 261), 2);
    expect(spread(sasrec, positions)).toBeCloseTo(0.8796 / Math.sqrt(50), 2);
  });

  it('one weight does not move another: a second block leaves the first as it was', async () => {
    const config = { kind: 'hstu', ...big, dqk: 8, dv: 8 } as const;
    const one = await readParameters(build(config));
    const two = await readParameters(build({ ...config, numBlocks: 2 }));
    for (const [name, tensor] of Object.entries(one)) expect(two[name], name).toEqual(tensor);
    const other = await readParameters(build(config, { numItems: 20, seed: 2 }));
    expect(other[positions]).not.toEqual(one[positions]);
  });

  it('biases of attention are zero, of convolutions inside 1/sqrt(fan-in)', async () => {
    const weights = await readParameters(build({ kind: 'sasrec', ...big, ffnDim: 64 }));
    expect(weights['attention_layers.0.in_proj_bias'].data.every((value) => value === 0)).toBe(true);
    const bias = weights['forward_layers.0._conv1d.3.bias'].data;
    expect(Math.max(...bias.map(Math.abs))).toBeLessThanOrEqual(1 / 8);
    expect(Math.max(...bias.map(Math.abs))).toBeGreaterThan(0.08);
  });
});

describe('loadParameters', () => {
  it('restores what readParameters gave', async () => {
    const source = build(tinyConfigs.hstu);
    const target = build(tinyConfigs.hstu, { numItems: 20, seed: 9 });
    const saved = await readParameters(source);
    loadParameters(target, saved);
    expect(await readParameters(target)).toEqual(saved);
  });

  it('lists what is missing, unexpected and misshapen, and changes nothing', async () => {
    const model = build(tinyConfigs.hstu);
    const before = await readParameters(model);
    const { '_hstu._attention_layers.1._o.bias': _gone, ...rest } = before;
    const bad = {
      ...rest,
      '_hstu._attention_layers.0._o.bias': { shape: [9], data: new Float32Array(9) },
      '_hstu._attention_layers.0._uvqq': { shape: [1], data: [0] },
    };
    expect(() => loadParameters(model, bad)).toThrow(ParameterError);
    expect(() => loadParameters(model, bad)).toThrow(
      /missing '_hstu\._attention_layers\.1\._o\.bias' \[8\].*'_hstu\._attention_layers\.0\._o\.bias' is \[9\], expected \[8\].*unexpected '_hstu\._attention_layers\.0\._uvqq' \(nearest: '_hstu\._attention_layers\.0\._uvqk'\)|'_hstu/,
    );
    expect(await readParameters(model)).toEqual(before);
  });
});

describe('uploadBatch', () => {
  const batch = {
    users: Int32Array.of(0, 1),
    offsets: Int32Array.of(0, 2, 3),
    itemIds: Int32Array.of(3, 4, 5),
    timestamps: Float64Array.of(1e9, 1e9 + 10, 5),
    targets: Int32Array.of(4, 6, 7),
    targetTimestamps: Float64Array.of(1e9 + 10, 1e9 + 70, 9),
  };

  it('counts positions and seconds from the first event of each sequence', () => {
    const uploaded = uploadBatch(batch);
    expect([...uploaded.positions.dataSync()]).toEqual([0, 1, 0]);
    expect([...uploaded.keyTimes.dataSync()]).toEqual([0, 10, 0]);
    expect([...uploaded.queryTimes.dataSync()]).toEqual([10, 70, 4]);
    expect([uploaded.numSequences, uploaded.numTokens, uploaded.longest]).toEqual([2, 3, 2]);
    uploaded.dispose();
  });

  it('refuses columns that disagree and milliseconds', () => {
    expect(() => uploadBatch({ ...batch, targets: Int32Array.of(1) })).toThrow(/got itemIds\[3\].*targets\[1\]/);
    const times = Float64Array.of(1.6e12, 1.6e12 + 2 ** 32, 0);
    expect(() => uploadBatch({ ...batch, timestamps: times })).toThrow(/divide milliseconds by 1000/);
  });
});

describe.each(Object.entries(tinyConfigs))('item vectors of %s', (_, config) => {
  it('belong to who asks: the table stays when they are freed', () => {
    for (const similarity of [undefined, 'dot'] as const) {
      if (similarity !== undefined && config.kind === 'dssm') continue;
      const given = { ...config, ...(similarity && { similarity }) } as ModelConfigInput;
      const model = createModel(given, { numItems: 20, numUsers: 3, seed: 1 }) as TokenEncoder;
      model.itemVectors().dispose();
      expect(model.itemTable().isDisposed).toBe(false);
      expect(() => model.itemVectors().dispose()).not.toThrow();
      model.dispose();
    }
  });
});
