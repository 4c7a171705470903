import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type * as Encoder from './encoder.ts';
import type { EncoderParts } from './encoder.ts';
import { dropAt, type Run } from './layers/layer.ts';
import type { TokenEncoder } from './model.ts';
import { createModel, type ModelConfigInput } from './registry.ts';
import {
  apply,
  assign,
  constant,
  D,
  evaluation,
  expectDropped,
  expectShare,
  identity,
  KEPT,
  near,
  RATE,
  ROWS,
  ratios,
  rowsOf,
  single,
  training,
} from './test-support/dropout.ts';

type Parts = EncoderParts<{ readonly kind: string }>;
const built: Parts[] = [];
vi.mock('./encoder.ts', async (original) => {
  const encoder = await original<typeof Encoder>();
  const createEncoder = (parts: Parts) => {
    built.push(parts);
    return encoder.createEncoder(parts);
  };
  return { ...encoder, createEncoder };
});

beforeAll(async () => {
  await useBackend('auto');
});
afterEach(() => {
  for (const model of models.splice(0)) model.dispose();
  built.length = 0;
});

const models: TokenEncoder[] = [];
const wide = { embeddingDim: D, maxSequenceLength: 3, numBlocks: 2, inputDropout: 0 };
const silent = { hstu: { linearDropout: 0 }, sasrec: { ffnDropout: 0 }, others: { blockDropout: 0 } };

/** The parts that a configuration makes, so that the rates on the way from it are tested too. */
function partsOf(config: ModelConfigInput): Parts {
  models.push(createModel(config, { numItems: 20, seed: 1 }));
  return built[built.length - 1];
}

const inputs: Readonly<Record<string, ModelConfigInput>> = {
  hstu: { kind: 'hstu', ...wide, numHeads: 2, dqk: 4, dv: 4 },
  'hstu, production': { kind: 'hstu', ...wide, numHeads: 2, dqk: 4, dv: 4, block: 'production' },
  'hstu, actions summed': { kind: 'hstu', ...wide, numHeads: 2, dqk: 4, dv: 4, actions: 'sum' },
  sasrec: { kind: 'sasrec', ...wide, numHeads: 2, ffnDim: D },
  transformer: { kind: 'transformer', ...wide, numHeads: 2 },
  ligr: { kind: 'transformer', ...wide, numHeads: 2, block: 'ligr' },
  'transformer-plus-plus': { kind: 'transformer-plus-plus', ...wide, numHeads: 2 },
  gru4rec: { kind: 'gru4rec', ...wide },
  pinnerformer: { kind: 'pinnerformer', ...wide, modelDim: D, numHeads: 2 },
  'fuxi-alpha': { kind: 'fuxi-alpha', ...wide, numHeads: 2, dqk: 4, dv: 4 },
};

describe.each(Object.keys(inputs))('%s', (name) => {
  it('drops inputDropout of the numbers that enter the first block', () => {
    const { input, items } = partsOf({ ...inputs[name], inputDropout: RATE } as ModelConfigInput);
    const batch = single();
    const embed = (run: Run): number[][] =>
      tf.tidy(() => rowsOf(input.embed(items.weight('weight') as tf.Variable<tf.Rank.R2>, batch, run, batch)));
    expectDropped(ratios(embed(training), embed(evaluation)), KEPT, RATE, 'input');
    batch.dispose();
  });

  it('has no other dropout: without rates training is evaluation, bit for bit', () => {
    const rates =
      name.startsWith('hstu') || name === 'fuxi-alpha'
        ? silent.hstu
        : name === 'sasrec'
          ? silent.sasrec
          : silent.others;
    partsOf({ ...inputs[name], ...rates } as ModelConfigInput);
    const batch = single();
    const [trained, evaluated] = [training, evaluation].map((run) =>
      tf.tidy(() => rowsOf(models[0].encode(batch, run))),
    );
    expect(trained).toEqual(evaluated);
    batch.dispose();
  });

  it('draws anew in every step, and the same in the same step', () => {
    partsOf({ ...inputs[name], inputDropout: 0 } as ModelConfigInput);
    const batch = single();
    const encode = (run: Run): number[][] => tf.tidy(() => rowsOf(models[0].encode(batch, run)));
    const first = encode(training);
    expect(encode(training)).toEqual(first);
    expect(encode({ ...training, step: 6 })).not.toEqual(first);
    expect(encode({ ...training, seed: 8 })).not.toEqual(first);
    expect(encode(evaluation)).not.toEqual(first);
    batch.dispose();
  });
});

/** Outputs of both blocks of a model on the same input, `x` taken off, with weights that show one place alone. */
function bothBlocks(
  config: ModelConfigInput,
  weights: Readonly<Record<string, number | number[][]>>,
  x: tf.Tensor2D,
  run: Run = training,
): readonly number[][][] {
  const { stack, context } = partsOf(config);
  const batch = single();
  const shared = [batch.offsets, ...(context?.(batch) ?? [])];
  const outputs = stack.map(({ layer }) => {
    assign(layer, weights);
    return apply(layer, [x, ...shared], run);
  });
  batch.dispose();
  const [before] = rowsOf(x);
  return outputs.map((rows) => rows.map((row) => row.map((value, c) => value - before[c])));
}

/** Each head of a row is dropped or not as a whole: the one weight of its one key. */
const headsDropped = (rows: readonly number[][]): boolean[] =>
  rows.flatMap((row) => [0, 1].map((head) => row.slice((head * D) / 2, ((head + 1) * D) / 2).every((v) => near(v, 0))));

/** Values of one through attention and out: each number is dropped by its head's weight and once more at the end. */
function expectAttentionAndOutput(blocks: readonly number[][][]): void {
  for (const rows of blocks) {
    const twice = KEPT ** 2;
    const values = rows.flat();
    expect(values.every((value) => near(value, 0) || near(value, twice))).toBe(true);
    expectShare(headsDropped(rows), RATE + (1 - RATE) * RATE ** (D / 2), 'attention');
    const alive = rows.flatMap((row) =>
      [0, 1]
        .map((head) => row.slice((head * D) / 2, ((head + 1) * D) / 2))
        .filter((part) => part.some((v) => !near(v, 0))),
    );
    // Of heads with a number left; those that lost all of them at the end are not among these.
    const lost = (RATE - RATE ** (D / 2)) / (1 - RATE ** (D / 2));
    expectShare(
      alive.flat().map((value) => near(value, 0)),
      lost,
      'output',
    );
  }
  expect(blocks[0]).not.toEqual(blocks[1]);
}

const transformers: Readonly<Record<string, ModelConfigInput>> = {
  transformer: { kind: 'transformer', ...wide, numHeads: 2, ffnDim: D, blockDropout: RATE },
  pinnerformer: { kind: 'pinnerformer', ...wide, modelDim: D, numHeads: 2, ffnDim: D, blockDropout: RATE },
};

describe.each(Object.keys(transformers))('%s', (name) => {
  const zero = { in_proj_weight: 0, in_proj_bias: 0, 'out_proj.weight': 0, 'ffn.0.weight': 0, 'ffn.2.weight': 0 };

  it('drops blockDropout of the attention weights and of the output of attention', () => {
    const values = [...new Array(2 * D).fill([0]), ...new Array(D).fill([1])] as number[][];
    const weights = { ...zero, in_proj_bias: values, 'out_proj.weight': identity() };
    expectAttentionAndOutput(bothBlocks(transformers[name], weights, constant(0)));
  });

  it('drops blockDropout of the output of the feed-forward part', () => {
    const blocks = bothBlocks(transformers[name], { ...zero, 'ffn.2.bias': 1 }, constant(0));
    for (const rows of blocks) expectDropped(rows, KEPT, RATE, 'feed-forward');
    expect(blocks[0]).not.toEqual(blocks[1]);
  });
});

describe('ligr', () => {
  const config = { kind: 'transformer', ...wide, numHeads: 2, ffnDim: D, blockDropout: RATE, block: 'ligr' } as const;
  const open = { 'gate1.weight': 0, 'gate1.bias': 30, 'gate2.weight': 0, 'gate2.bias': 30 };
  const zero = {
    ...open,
    in_proj_weight: 0,
    in_proj_bias: 0,
    'out_proj.weight': 0,
    'ffn.0.weight': 0,
    'ffn.2.weight': 0,
  };

  it('drops blockDropout of the attention weights and of the output of attention', () => {
    const values = [...new Array(2 * D).fill([0]), ...new Array(D).fill([1])] as number[][];
    const weights = { ...zero, in_proj_bias: values, 'out_proj.weight': identity() };
    expectAttentionAndOutput(bothBlocks(config, weights, constant(0)));
  });

  it('drops blockDropout of the output of the feed-forward part, and ffnDropout inside it', () => {
    // Gate and value of one each: silu(1); every output reads hidden number 0 alone.
    const silu = 1 / (1 + Math.exp(-1));
    const first = Array.from({ length: D }, () => Array.from({ length: D }, (_, c) => (c === 0 ? 1 / silu : 0)));
    const weights = { ...zero, 'ffn.0.bias': 1, 'ffn.2.weight': first, 'ffn.2.bias': 0 };
    for (const [ffnDropout, inside] of [
      [0, 1],
      [undefined, KEPT],
    ] as const) {
      const blocks = bothBlocks(
        { ...config, ffnBias: true, ...(ffnDropout === 0 && { ffnDropout }) },
        weights,
        constant(0),
      );
      for (const rows of blocks) {
        const values = rows.flat();
        expect(values.every((value) => near(value, 0) || near(value, inside * KEPT))).toBe(true);
        const lost = rows.map((row) => row.every((value) => near(value, 0)));
        expectShare(lost, inside === 1 ? RATE ** D : RATE + (1 - RATE) * RATE ** D, 'hidden');
      }
      expect(blocks[0]).not.toEqual(blocks[1]);
    }
  });
});

describe('transformer-plus-plus', () => {
  const config = { kind: 'transformer-plus-plus', ...wide, numHeads: 2, ffnDim: D, blockDropout: RATE } as const;
  const zero = { 'attention.wqkv': 0, 'attention.wo': 0, 'ffn.w13': 0, 'ffn.w2': 0 };

  it('drops blockDropout of the attention weights and of the output of attention', () => {
    const row = (value: number): number[] => new Array(D).fill(value / D);
    const qkv = [...new Array(2 * D).fill(row(0)), ...new Array(D).fill(row(1))] as number[][];
    const weights = { ...zero, 'attention.wqkv': qkv, 'attention.wo': identity() };
    expectAttentionAndOutput(bothBlocks(config, weights, constant(1)));
  });

  it('drops blockDropout of the output of the gated unit', () => {
    // Gate and value of one each: silu(1) through the map out.
    const silu = 1 / (1 + Math.exp(-1));
    const blocks = bothBlocks(config, { ...zero, 'ffn.w13': 1 / D, 'ffn.w2': 1 / (D * silu) }, constant(1));
    for (const rows of blocks) expectDropped(rows, KEPT, RATE, 'gated unit');
    expect(blocks[0]).not.toEqual(blocks[1]);
  });
});

describe.each(['relu', 'gelu'] as const)('sasrec with %s', (activation) => {
  const config = { kind: 'sasrec', ...wide, numHeads: 2, ffnDim: D, ffnDropout: RATE, activation } as const;
  const zero = { in_proj_weight: 0, in_proj_bias: 0, 'out_proj.weight': 0, 'out_proj.bias': 0 };
  const quiet = { ...zero, 'conv1.weight': 0, 'conv1.bias': 0, 'conv2.weight': 0, 'conv2.bias': 0 };

  it('drops ffnDropout of the attention weights', () => {
    // x, and the values of each head, are +1 and -1 in turn: a head that keeps its weight is larger
    // by it, after the norm too.
    const turns = Array.from({ length: D }, (_, c) => (c % 2 === 0 ? 1 : -1));
    const values = [...new Array(2 * D).fill(0), ...turns].map((value) => [value]);
    const x = tf.tile(tf.tensor2d([turns]), [ROWS, 1]) as tf.Tensor2D;
    const blocks = bothBlocks(config, { ...quiet, in_proj_bias: values, 'out_proj.weight': identity() }, x);
    for (const rows of blocks) {
      const sizes = rows.map((row) => [0, D / 2].map((c) => Math.abs(row[c] + turns[c])));
      const proportions = sizes.map(([first, second]) => first / second);
      const larger = 1 + KEPT;
      expect(proportions.every((p) => [1, larger, 1 / larger].some((value) => near(p, value)))).toBe(true);
      for (const value of [larger, 1 / larger]) {
        expectShare(
          proportions.map((p) => near(p, value)),
          RATE * (1 - RATE),
          'attention',
        );
      }
    }
    expect(blocks[0]).not.toEqual(blocks[1]);
  });

  it('drops ffnDropout of the hidden numbers', () => {
    // Every output reads hidden number 0 alone: a row falls away with it, and its numbers once more at the end.
    const first = Array.from({ length: D }, () => Array.from({ length: D }, (_, c) => (c === 0 ? 1 : 0)));
    const blocks = bothBlocks(config, { ...quiet, 'conv1.bias': 1, 'conv2.weight': first }, constant(0));
    const active = activation === 'relu' ? 1 : 0.8413447;
    for (const rows of blocks) {
      const values = rows.flat();
      expect(values.every((value) => near(value, 0) || near(value, active * KEPT ** 2))).toBe(true);
      expectShare(
        rows.map((row) => row.every((value) => near(value, 0))),
        RATE + (1 - RATE) * RATE ** D,
        'hidden',
      );
    }
    expect(blocks[0]).not.toEqual(blocks[1]);
  });

  it('drops ffnDropout of the output of the feed-forward part', () => {
    const blocks = bothBlocks(config, { ...quiet, 'conv2.bias': 1 }, constant(0));
    for (const rows of blocks) expectDropped(rows, KEPT, RATE, 'feed-forward');
    expect(blocks[0]).not.toEqual(blocks[1]);
  });
});

it('gru4rec drops blockDropout of the states that a layer gives', () => {
  const { stack } = partsOf({ kind: 'gru4rec', ...wide, hiddenDim: 6, blockDropout: RATE });
  const batch = single();
  const masks = stack.map(({ layer }, i) => {
    const x = tf.randomNormal([ROWS, i === 0 ? D : 6], 0, 1, 'float32', 3);
    const states = [training, evaluation].map((run) => apply(layer, [x, batch.offsets], run));
    const mask = ratios(states[0], states[1]);
    expectDropped(mask, KEPT, RATE, 'states');
    return mask.map((row) => row.map((value) => near(value, 0)));
  });
  expect(masks[0]).not.toEqual(masks[1]);
  batch.dispose();
});

const hstu = { kind: 'hstu', ...wide, numHeads: 2, dqk: 3, dv: 12, linearDropout: RATE } as const;
describe.each([
  ['as published', {}, 0],
  ['production, U', { block: 'production' }, 0],
  ['production, O', { block: 'production' }, 1],
  ['production, U * N(O)', { block: 'production' }, 2],
  ['concat', { concat: true }, 1],
  ['root mean square', { outputNorm: 'rms' }, 0],
  ['norm by head', { outputNorm: 'group' }, 0],
  ['no gate', { gate: false }, 0],
  ['softmax', { attention: 'softmax', relativeBias: 'none' }, 0],
  ['no output bias', { outputBias: false }, 0],
  ['window', { maxAttentionLength: 1 }, 0],
] as const)('hstu, %s', (_, switches, part) => {
  it('drops linearDropout of what the output map reads, and nothing else', () => {
    const { stack, context } = partsOf({ ...hstu, ...switches } as ModelConfigInput);
    const batch = single();
    const shared = [batch.offsets, ...(context?.(batch) ?? [])];
    const x = tf.randomNormal([ROWS, D], 0, 1, 'float32', 4) as tf.Tensor2D;
    const biased = !('block' in switches) && !('outputBias' in switches);
    const masks = stack.map(({ layer }) => {
      // The output map hands one of the parts that it reads on as it is.
      const columns = layer.weight('o.weight').shape[1] as number;
      const read = Array.from({ length: D }, (_row, i) =>
        Array.from({ length: columns }, (_value, c) => (c === part * D + i ? 1 : 0)),
      );
      assign(layer, { 'o.weight': read, ...(biased ? { 'o.bias': 0 } : {}) });
      layer.weight('uvqk').assign(tf.randomNormal(layer.weight('uvqk').shape, 0, 1, 'float32', 5));
      const [trained, evaluated] = [training, evaluation].map((run) =>
        tf.tidy(() => rowsOf(tf.sub(layer.apply([x, ...shared], { ...run }) as tf.Tensor, x))),
      );
      const mask = ratios(trained, evaluated);
      const dropped = mask.map((row) => row.map((value) => Math.abs(value) < 0.1));
      // The difference from x has lost digits where what is read is small.
      const kept = mask.flatMap((row, t) =>
        row.filter((_value, c) => !dropped[t][c] && Math.abs(evaluated[t][c]) > 1e-2),
      );
      expect(kept.length).toBeGreaterThan(100);
      for (const value of kept) expect(value).toBeCloseTo(KEPT, 2);
      expectShare(
        mask.flatMap((row, t) => row.flatMap((_v, c) => (Math.abs(evaluated[t][c]) > 1e-2 ? [dropped[t][c]] : []))),
        RATE,
        'linear',
      );
      return dropped;
    });
    expect(masks[0]).not.toEqual(masks[1]);
    batch.dispose();
  });
});

describe('fuxi-alpha', () => {
  const config = { kind: 'fuxi-alpha', ...wide, numHeads: 1, dqk: 2, dv: D, linearDropout: RATE } as const;

  it('drops linearDropout of what the first map reads', () => {
    const { stack } = partsOf({ ...config, channels: 'position', multistage: false });
    const batch = single();
    const x = tf.randomNormal([ROWS, D], 0, 1, 'float32', 3) as tf.Tensor2D;
    const masks = stack.map(({ layer }) => {
      layer.weight('uvqk').assign(tf.randomNormal(layer.weight('uvqk').shape, 0, 1, 'float32', 5));
      layer.weight('pos_w').assign(tf.ones(layer.weight('pos_w').shape));
      assign(layer, { 'lin0.weight': identity(), 'lin0.bias': 0 });
      const [trained, evaluated] = [training, evaluation].map((run) =>
        tf.tidy(() => rowsOf(tf.sub(layer.apply([x, batch.offsets], { ...run }) as tf.Tensor, x))),
      );
      const clear = evaluated.flatMap((row, t) => row.flatMap((value, c) => (Math.abs(value) > 0.05 ? [[t, c]] : [])));
      const mask = clear.map(([t, c]) => trained[t][c] / evaluated[t][c]);
      expect(mask.every((value) => Math.abs(value) < 1e-3 || Math.abs(value - KEPT) < 1e-3)).toBe(true);
      expectShare(
        mask.map((value) => Math.abs(value) < 0.1),
        RATE,
        'lin0',
      );
      return mask;
    });
    expect(masks[0]).not.toEqual(masks[1]);
    batch.dispose();
  });

  it('drops linearDropout of what the second stage reads', () => {
    // A root mean square of one, a gate and a value of it: silu(1) where nothing is dropped.
    const weights = { uvqk: 0, 'lin0.weight': 0, 'lin0.bias': 0 };
    const maps = { 'lin1.weight': identity(), 'lin2.weight': identity(), 'lin3.weight': identity() };
    const blocks = bothBlocks({ ...config, channels: 'position' }, { ...weights, ...maps }, constant(1));
    const kept = (KEPT / (1 + Math.exp(-KEPT))) * KEPT;
    for (const rows of blocks) expectDropped(rows, kept, RATE, 'second stage');
    expect(blocks[0]).not.toEqual(blocks[1]);
  });
});

it('drops nothing of no rows', () => {
  expect(dropAt(tf.zeros([0, 4]), 0.5, 'some', training).shape).toEqual([0, 4]);
});
