import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { createModel, type ModelConfigInput, modelKinds } from './registry.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** A documented distribution: shape of the density, and its deviation or limit. */
type Initial =
  | { readonly kind: 'zeros' | 'ones' }
  | { readonly kind: 'normal' | 'truncated' | 'uniform'; readonly size: number };

const zeros: Initial = { kind: 'zeros' };
const ones: Initial = { kind: 'ones' };
const normal = (size: number): Initial => ({ kind: 'normal', size });
const truncated = (size: number): Initial => ({ kind: 'truncated', size });
const uniform = (size: number): Initial => ({ kind: 'uniform', size });
const xavierNormal = (into: number, out: number): Initial => normal(Math.sqrt(2 / (into + out)));
const xavierUniform = (into: number, out: number): Initial => uniform(Math.sqrt(6 / (into + out)));

const D = 32;
const wide = { embeddingDim: D, maxSequenceLength: 400, numBlocks: 2, learnedTemperature: true };
const items = { '_embedding_module._item_emb.weight': truncated(0.02) };
const temperature = { 'temperature.theta': zeros };
const positions = (initial: Initial) => ({ '_input_features_preproc._pos_emb.weight': initial });
/** The same names for both blocks. */
const blocks = (names: (i: number) => Record<string, Initial>): Record<string, Initial> => ({
  ...names(0),
  ...names(1),
});
const prefixed = (prefix: string, names: Record<string, Initial>): Record<string, Initial> =>
  Object.fromEntries(Object.entries(names).map(([name, initial]) => [prefix + name, initial]));
const map = (into: number, out: number) => ({ weight: xavierNormal(into, out), bias: zeros });
const norm = { weight: ones, bias: zeros };
const transformerBlock = (width: number, ffn: number): Record<string, Initial> => ({
  ...prefixed('norm1.', norm),
  in_proj_weight: xavierNormal(width, 3 * width),
  in_proj_bias: zeros,
  ...prefixed('out_proj.', map(width, width)),
  ...prefixed('norm2.', norm),
  ...prefixed('ffn.0.', map(width, ffn)),
  ...prefixed('ffn.2.', map(ffn, width)),
});
const network = (into: number, hidden: number, out: number): Record<string, Initial> => ({
  ...prefixed('0.', map(into, hidden)),
  ...prefixed('2.', map(hidden, out)),
});

interface Documented {
  readonly config: ModelConfigInput;
  /** Initial values of every weight, as docs/models says. */
  readonly initial: Readonly<Record<string, Initial>>;
}

const hstu = { kind: 'hstu', ...wide, numHeads: 2, dqk: 24, dv: 20, numTimeBuckets: 999 } as const;
const hstuLayer = (i: number): string => `_hstu._attention_layers.${i}.`;
const documented: Readonly<Record<string, Documented>> = {
  hstu: {
    config: hstu,
    initial: {
      ...items,
      ...positions(xavierNormal(411, D)),
      ...blocks((i) =>
        prefixed(hstuLayer(i), {
          _uvqk: normal(0.02),
          '_rel_attn_bias._ts_w': normal(0.02),
          '_rel_attn_bias._pos_w': normal(0.02),
          '_o.weight': xavierUniform(40, D),
          '_o.bias': uniform(1 / Math.sqrt(40)),
        }),
      ),
      ...temperature,
    },
  },
  'hstu, production': {
    config: { ...hstu, block: 'production', ageBuckets: 300 },
    initial: {
      ...items,
      '_input_features_preproc._position_embeddings_weight': uniform(Math.sqrt(1 / 411)),
      '_input_features_preproc._timestamp_embeddings_weight': uniform(Math.sqrt(1 / 301)),
      ...blocks((i) =>
        prefixed(hstuLayer(i), {
          _input_norm_weight: ones,
          _input_norm_bias: zeros,
          _uvqk: xavierUniform(D, 176),
          _uvqk_beta: zeros,
          _output_norm_weight: ones,
          _output_norm_bias: zeros,
          '_o.weight': xavierUniform(120, D),
        }),
      ),
      ...temperature,
    },
  },
  'hstu, concatenated, actions interleaved': {
    config: { ...hstu, concat: true, actions: 'interleave', relativeBias: 'position' },
    initial: {
      ...items,
      ...positions(xavierNormal(811, D)),
      '_input_features_preproc._action_emb.weight': truncated(0.02),
      ...blocks((i) =>
        prefixed(hstuLayer(i), {
          _uvqk: normal(0.02),
          '_rel_attn_bias._pos_w': normal(0.02),
          '_o.weight': xavierUniform(120, D),
          '_o.bias': uniform(1 / Math.sqrt(120)),
        }),
      ),
      ...prefixed('action_head.', network(D, D, 10)),
      ...temperature,
    },
  },
  sasrec: {
    config: { kind: 'sasrec', ...wide, numHeads: 2, ffnDim: 48 },
    initial: {
      ...items,
      ...positions(truncated(Math.sqrt(1 / D))),
      ...blocks((i) =>
        prefixed(`attention_layers.${i}.`, {
          in_proj_weight: xavierNormal(D, 3 * D),
          in_proj_bias: zeros,
          ...prefixed('out_proj.', map(D, D)),
        }),
      ),
      ...blocks((i) =>
        prefixed(`forward_layers.${i}._conv1d.`, {
          '0.weight': xavierNormal(D, 48),
          '0.bias': uniform(1 / Math.sqrt(D)),
          '3.weight': xavierNormal(48, D),
          '3.bias': uniform(1 / Math.sqrt(48)),
        }),
      ),
      ...temperature,
    },
  },
  transformer: {
    config: { kind: 'transformer', ...wide, numHeads: 2 },
    initial: {
      ...items,
      ...positions(truncated(Math.sqrt(1 / D))),
      ...blocks((i) => prefixed(`layers.${i}.`, transformerBlock(D, 4 * D))),
      ...prefixed('final_norm.', norm),
      ...temperature,
    },
  },
  'transformer-plus-plus': {
    config: { kind: 'transformer-plus-plus', ...wide, numHeads: 2 },
    initial: {
      ...items,
      ...blocks((i) =>
        prefixed(`layers.${i}.`, {
          'norm1.weight': ones,
          'attention.wqkv': xavierNormal(D, 3 * D),
          'attention.wo': xavierNormal(D, D),
          'norm2.weight': ones,
          'ffn.w13': xavierNormal(D, 2 * 88),
          'ffn.w2': xavierNormal(88, D),
        }),
      ),
      'final_norm.weight': ones,
      ...temperature,
    },
  },
  gru4rec: {
    config: { kind: 'gru4rec', ...wide, hiddenDim: 40 },
    initial: {
      ...items,
      ...blocks((i) =>
        Object.fromEntries(
          ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'].map((name) => [
            `gru.${name}_l${i}`,
            uniform(1 / Math.sqrt(40)),
          ]),
        ),
      ),
      ...prefixed('dense.', map(40, D)),
      ...temperature,
    },
  },
  dssm: {
    config: {
      kind: 'dssm',
      userId: false,
      history: true,
      embeddingDim: D,
      queryHiddenSizes: [48],
      itemHiddenSizes: [40],
      outputDim: 24,
    },
    initial: {
      'item.fields.item.weight': normal(1e-4),
      ...prefixed('query.tower.', { ...prefixed('0.', map(D, 48)), ...prefixed('1.', map(48, 24)) }),
      ...prefixed('item.tower.', { ...prefixed('0.', map(D, 40)), ...prefixed('1.', map(40, 24)) }),
    },
  },
  pinnerformer: {
    config: { kind: 'pinnerformer', ...wide, modelDim: 48, numHeads: 2, actions: 'rating', duration: 'rating' },
    initial: {
      ...items,
      'input.positions.weight': truncated(Math.sqrt(1 / 48)),
      ...prefixed('input.item.', map(D, 48)),
      'input.actions.weight': truncated(0.02),
      ...prefixed('input.action.', map(32, 48)),
      'input.duration.weight': normal(0.02),
      'input.duration.bias': zeros,
      ...Object.fromEntries(['absolute', 'age', 'gap'].map((name) => [`input.time.${name}.phase`, uniform(Math.PI)])),
      'input.time.weight': normal(0.02),
      'input.time.bias': zeros,
      ...blocks((i) => prefixed(`layers.${i}.`, transformerBlock(48, 192))),
      ...prefixed('output.norm.', norm),
      ...prefixed('output.', network(48, 192, D)),
      ...prefixed('item_tower.', network(D, 64, D)),
      ...temperature,
    },
  },
};

/** Deviation over size, fourth moment over the square of the second, and the largest magnitude over size. */
const densities = {
  normal: { deviation: 1, kurtosis: 3, within: Number.POSITIVE_INFINITY },
  // A normal cut at two deviations.
  truncated: { deviation: 0.87963, kurtosis: 2.3656, within: 2 },
  uniform: { deviation: 1 / Math.sqrt(3), kurtosis: 1.8, within: 1 },
} as const;

/**
 * Five standard errors everywhere: seeds are fixed, and a change of the documented size by a tenth
 * shows in a thousand numbers.
 */
function expectDistribution(values: ArrayLike<number>, initial: Initial, name: string): void {
  const all = Array.from(values);
  if (!('size' in initial)) {
    expect(new Set(all), name).toEqual(new Set([initial.kind === 'ones' ? 1 : 0]));
    return;
  }
  const { size: unit } = initial;
  const { deviation, kurtosis, within } = densities[initial.kind];
  const n = all.length;
  const moment = (power: number): number => all.reduce((sum, value) => sum + (value / unit) ** power, 0) / n;
  expect(Math.abs(moment(1)), `mean of ${name}`).toBeLessThan((5 * deviation) / Math.sqrt(n));
  const error = (5 * Math.sqrt((kurtosis - 1) / n)) / 2;
  expect(Math.abs(Math.sqrt(moment(2)) / deviation - 1), `deviation of ${name}`).toBeLessThan(error);
  const sizes = all.map((value) => Math.abs(value) / unit);
  const beyond = sizes.filter((size) => size > within * (1 + 1e-6)).length / n;
  // The reference's rule for a cut normal: the first of four draws inside, the first of all when
  // none is (4 in a million).
  expect(beyond, `range of ${name}`).toBeLessThanOrEqual(initial.kind === 'truncated' ? 1e-4 : 0);
  // What tells the densities apart, in weights that are large enough for it.
  if (n < 1000) return;
  expect(Math.abs(moment(4) / moment(2) ** 2 - kurtosis), `kurtosis of ${name}`).toBeLessThan(30 / Math.sqrt(n));
  const inside = sizes.filter((size) => size <= within * (1 + 1e-6));
  if (within < 3)
    expect(
      inside.reduce((a, b) => Math.max(a, b)),
      `range of ${name}`,
    ).toBeGreaterThan(0.97 * within);
}

it('covers every kind of model', () => {
  expect([...new Set(Object.values(documented).map(({ config }) => config.kind))].sort()).toEqual(
    [...modelKinds('encode')].sort(),
  );
});

describe.each(Object.keys(documented))('%s', (name) => {
  const { config, initial } = documented[name];

  it('starts every weight from its documented distribution', () => {
    // Small weights have few numbers each: those of eight seeds together.
    const seeds = Array.from({ length: 8 }, (_, seed) => createModel(config, { numItems: 300, seed }));
    const names = [...seeds[0].variables().keys()];
    expect(names.sort()).toEqual(Object.keys(initial).sort());
    for (const weight of names) {
      const values = seeds.flatMap((model) => [...model.variables().get(weight)!.dataSync()]);
      expectDistribution(values, initial[weight], weight);
    }
    for (const model of seeds) model.dispose();
  });

  it('draws no two weights from the same numbers', () => {
    const model = createModel(config, { numItems: 300, seed: 1 });
    const drawn = [...model.variables()].flatMap(([weight, variable]) => {
      const values = variable.dataSync();
      return new Set(values).size === 1 ? [] : [{ weight, values }];
    });
    for (const [i, a] of drawn.entries()) {
      for (const b of drawn.slice(i + 1)) {
        const n = Math.min(a.values.length, b.values.length);
        const [x, y] = [a.values.slice(0, n), b.values.slice(0, n)] as Float32Array[];
        const product = (left: Float32Array, right: Float32Array): number =>
          left.reduce((sum, value, at) => sum + value * right[at], 0);
        const correlation = product(x, y) / Math.sqrt(product(x, x) * product(y, y));
        expect(Math.abs(correlation), `${a.weight} and ${b.weight}`).toBeLessThan(5.5 / Math.sqrt(n));
      }
    }
    model.dispose();
  });
});
