import {
  dropout,
  hstuAttention,
  layerNorm,
  normals,
  rememberHostValues,
  silu,
  streamKey,
  truncatedNormals,
  uniform01,
} from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { FuxiAlphaBlock } from '../encoders/fuxi-alpha/block.ts';
import { GruLayer } from '../encoders/gru4rec/layer.ts';
import { HstuLayer } from '../encoders/hstu/layer.ts';
import { TimeEncoder } from '../encoders/pinnerformer/time-encoder.ts';
import { SasrecBlock } from '../encoders/sasrec/block.ts';
import { AffineLayerNorm, TransformerBlock } from '../encoders/transformer/block.ts';
import { TransformerPlusPlusBlock } from '../encoders/transformer-plus-plus/block.ts';
import { T5Block } from '../generators/t5/block.ts';
import { CodeTable } from '../generators/t5/code-table.ts';
import { ItemEmbedding, LearnedPositions } from './embeddings.ts';
import { declareOnly, type Initialization, initialTensor, initialValues, StreamInitializer } from './initializers.ts';
import type { StreamLayer } from './layer.ts';
import { RmsNorm } from './rms-norm.ts';
import { clockFeatures, TimestampNorm } from './timestamp-norm.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const hstu = {
  embeddingDim: 4,
  numHeads: 2,
  dqk: 3,
  dv: 2,
  linearDropout: 0.1,
  relativeBias: 'position-time',
  numTimeBuckets: 8,
  attention: 'silu',
  paddedLength: 5,
} as const;
const sasrec = { embeddingDim: 4, numHeads: 2, ffnDim: 6, ffnDropout: 0.1, activation: 'gelu' } as const;
const x = (): tf.Tensor =>
  tf.tensor2d(
    Array.from({ length: 20 }, (_, i) => Math.sin(i * 1.3)),
    [5, 4],
  );
const offsets = (): tf.Tensor => rememberHostValues(tf.tensor1d([0, 3, 5], 'int32'), Int32Array.of(0, 3, 5));
const times = (): tf.Tensor => tf.tensor1d([0, 5, 60, 0, 7], 'int32');

interface Case {
  readonly name: string;
  readonly layer: () => StreamLayer;
  readonly inputs: () => tf.Tensor | tf.Tensor[];
}
const shared = { seed: 7, stream: 'test.0' };
const transformer = { embeddingDim: 4, numHeads: 2, ffnDim: 16, dropout: 0.1 } as const;
const t5 = { embeddingDim: 4, numHeads: 2, headDim: 3, ffnDim: 6, dropout: 0.1 } as const;
/** Biases and places of tokens that may lie at three places, [5, 2, 3] each. */
const relative = (): tf.Tensor[] => [tf.mul(tf.ones([5, 2, 3]), 0.3), tf.ones([5, 2, 3])];
/** Angles of one turn a head: [5, 4]. */
const angles = (f: (x: tf.Tensor) => tf.Tensor, columns = 4): tf.Tensor => f(tf.mul(tf.ones([5, columns]), 0.7));
const cases: Case[] = [
  {
    name: 'ItemEmbedding',
    layer: () => new ItemEmbedding({ ...shared, numItems: 6, embeddingDim: 4 }),
    inputs: () => tf.tensor1d([1, 6, 3], 'int32'),
  },
  {
    name: 'LearnedPositions',
    layer: () =>
      new LearnedPositions({ ...shared, numPositions: 5, embeddingDim: 4, initialization: { kind: 'xavier-normal' } }),
    inputs: () => tf.tensor1d([0, 4], 'int32'),
  },
  {
    name: 'HstuLayer',
    layer: () => new HstuLayer({ ...shared, ...hstu }),
    inputs: () => [x(), offsets(), times(), times()],
  },
  {
    name: 'HstuLayer without bias',
    layer: () => new HstuLayer({ ...shared, ...hstu, relativeBias: 'none', attention: 'softmax' }),
    inputs: () => [x(), offsets()],
  },
  { name: 'SasrecBlock', layer: () => new SasrecBlock({ ...shared, ...sasrec }), inputs: () => [x(), offsets()] },
  {
    name: 'TransformerBlock',
    layer: () => new TransformerBlock({ ...shared, ...transformer }),
    inputs: () => [x(), offsets()],
  },
  {
    name: 'TransformerBlock with all arguments',
    layer: () => new TransformerBlock({ ...shared, ...transformer, activation: 'gelu', epsilon: 0.1 }),
    inputs: () => [x(), offsets()],
  },
  {
    name: 'TransformerBlock as LiGR',
    layer: () =>
      new TransformerBlock({
        ...{ ...shared, ...transformer, activation: 'swiglu', gatedResidual: true, ffnBias: false, ffnDropout: 0.2 },
      }),
    inputs: () => [x(), offsets()],
  },
  {
    name: 'TransformerPlusPlusBlock',
    layer: () => new TransformerPlusPlusBlock({ ...shared, ...transformer }),
    inputs: () => [x(), offsets(), angles(tf.cos), angles(tf.sin)],
  },
  {
    name: 'TransformerPlusPlusBlock with all arguments',
    layer: () => new TransformerPlusPlusBlock({ ...shared, ...transformer, headDim: 6, epsilon: 0.1 }),
    inputs: () => [x(), offsets(), angles(tf.cos, 12), angles(tf.sin, 12)],
  },
  {
    name: 'HstuLayer with a window and switches',
    layer: () => new HstuLayer({ ...shared, ...hstu, relativeBias: 'none', gate: false, maxAttentionLength: 1, dv: 3 }),
    inputs: () => [x(), offsets()],
  },
  {
    name: 'FuxiAlphaBlock',
    layer: () =>
      new FuxiAlphaBlock({
        ...{ ...shared, embeddingDim: 4, numHeads: 2, dqk: 3, dv: 2, channels: 'position-time-content' },
        ...{ numTimeBuckets: 8, ffnDim: 6, multistage: true, linearDropout: 0.1, paddedLength: 5 },
      }),
    inputs: () => [x(), offsets(), times(), times()],
  },
  {
    name: 'GruLayer',
    layer: () => new GruLayer({ ...shared, inputDim: 4, hiddenDim: 3, dropout: 0.1 }),
    inputs: () => [x(), offsets()],
  },
  {
    name: 'TimeEncoder',
    layer: () => new TimeEncoder({ ...shared, numPeriods: 4 }),
    inputs: () => [angles(tf.cos), angles(tf.sin), tf.ones([5, 1])],
  },
  { name: 'AffineLayerNorm', layer: () => new AffineLayerNorm({ ...shared, embeddingDim: 4 }), inputs: x },
  {
    name: 'AffineLayerNorm with all arguments',
    layer: () => new AffineLayerNorm({ ...shared, embeddingDim: 4, epsilon: 0.1 }),
    inputs: x,
  },
  {
    name: 'TimestampNorm',
    layer: () => new TimestampNorm({ ...shared, embeddingDim: 4, timeDim: 4, epsilon: 0.1 }),
    inputs: () => [x(), clockFeatures([0, 40_000, 90_000, 400_000, 500_000])],
  },
  {
    name: 'HstuLayer with contextual tokens',
    layer: () => new HstuLayer({ ...shared, ...hstu, relativeBias: 'none', contextualLength: 2 }),
    inputs: () => [x(), offsets()],
  },
  {
    name: 'T5Block of an encoder',
    layer: () => new T5Block({ ...shared, ...t5, feedForward: 'relu', isDecoder: false, relativeBuckets: 8 }),
    inputs: () => [x(), ...relative(), offsets()],
  },
  {
    name: 'T5Block of a decoder',
    layer: () => new T5Block({ ...shared, ...t5, feedForward: 'gated-gelu', isDecoder: true }),
    inputs: () => [x(), ...relative(), offsets(), x(), offsets()],
  },
  {
    name: 'CodeTable',
    layer: () =>
      new CodeTable({ ...shared, rows: 7, embeddingDim: 4, standardDeviation: 1, isTable: true, dropout: 0.1 }),
    inputs: () => tf.tensor1d([1, 6, 0], 'int32'),
  },
  { name: 'RmsNorm', layer: () => new RmsNorm({ ...shared, embeddingDim: 4, epsilon: 0.1 }), inputs: x },
];

describe.each(cases)('$name as a tf.layers.Layer', ({ name, layer, inputs }) => {
  it('is rebuilt from its config, through JSON, with the same outputs in training and evaluation', () => {
    const one = layer();
    const { className } = one.constructor as unknown as { className: string };
    const config = JSON.parse(JSON.stringify(one.getConfig()));
    // Nothing in it that JSON does not keep.
    expect(config).toStrictEqual(one.getConfig());
    const [layerClass, fromConfig] = tf.serialization.SerializationMap.getMap().classNameMap[className];
    const two = fromConfig(layerClass as never, config) as unknown as StreamLayer;
    expect(two.getConfig()).toEqual(one.getConfig());
    for (const run of [
      { training: false, step: 0, seed: 3 },
      { training: true, step: 2, seed: 3 },
    ]) {
      const outputs = [one, two].map((each) => tf.tidy(() => (each.apply(inputs(), run) as tf.Tensor).dataSync()));
      expect(outputs[1]).toEqual(outputs[0]);
      expect(outputs[0].every(Number.isFinite)).toBe(true);
    }
    expect(two.weights.map((weight) => weight.shape)).toEqual(one.weights.map((weight) => weight.shape));
  });

  it('says the shape that it makes', () => {
    tf.tidy(() => {
      const given = inputs();
      const shapes = Array.isArray(given) ? given.map(({ shape }) => shape) : given.shape;
      const one = layer();
      const made = (one.apply(given) as tf.Tensor).shape;
      expect(one.computeOutputShape(shapes as number[])).toEqual(made);
      // Blocks also know it from the shape of their tokens alone.
      if (shapes.length === 1 || name === 'TimeEncoder') return;
      expect(one.computeOutputShape([5, 4])).toEqual(made.length === 1 ? shapes : made);
    });
  });

  it('leaks nothing', () => {
    const one = layer();
    const pass = (run?: object): void => tf.tidy(() => void one.apply(inputs(), { ...run }));
    pass();
    const before = tf.memory().numTensors;
    pass({ training: true, step: 1, seed: 0 });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('HstuLayer', () => {
  it('is causal, and drops only in training', () => {
    const layer = new HstuLayer({ ...shared, ...hstu, paddedLength: 5 });
    const run = (values: tf.Tensor, training: boolean, step = 0): Float32Array =>
      tf.tidy(() => {
        const out = layer.apply([values, offsets(), times(), times()], { training, step, seed: 1 }) as tf.Tensor;
        return out.dataSync() as Float32Array;
      });
    const changed = tf.tidy(() =>
      tf.add(x(), tf.tensor2d([...new Array(8).fill(0), 1, 2, 3, 4, ...new Array(8).fill(0)], [5, 4])),
    );
    const base = run(x(), false);
    const other = run(changed, false);
    expect(other.subarray(0, 8)).toEqual(base.subarray(0, 8));
    expect(other.subarray(8, 12)).not.toEqual(base.subarray(8, 12));
    expect(other.subarray(12)).toEqual(base.subarray(12));
    expect(run(x(), true, 1)).not.toEqual(base);
    expect(run(x(), true, 1)).toEqual(run(x(), true, 1));
    expect(run(x(), true, 2)).not.toEqual(run(x(), true, 1));
  });
});

describe('initial values', () => {
  const stream = { seed: 5, name: 'w' };
  const std = (values: Float32Array): number => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);

  it('have the spread of their rule', () => {
    const shape = [100, 60];
    const normal = initialValues({ kind: 'normal', standardDeviation: 0.02 }, shape, stream);
    expect(std(normal)).toBeCloseTo(0.02, 3);
    const xavier = initialValues({ kind: 'xavier-normal' }, shape, stream);
    expect(std(xavier)).toBeCloseTo(Math.sqrt(2 / 160), 2);
    const uniform = initialValues({ kind: 'xavier-uniform' }, shape, stream);
    const limit = Math.sqrt(6 / 160);
    expect(Math.max(...uniform.map(Math.abs))).toBeLessThanOrEqual(limit);
    expect(std(uniform)).toBeCloseTo(limit / Math.sqrt(3), 2);
    // A convolution kernel of width 1 has the fans of its matrix.
    expect(initialValues({ kind: 'xavier-normal' }, [100, 60, 1], stream)).toEqual(xavier);
    const bias = initialValues({ kind: 'uniform', limit: 0.25 }, [5000], stream);
    expect(Math.max(...bias.map(Math.abs))).toBeLessThanOrEqual(0.25);
    expect(std(bias)).toBeCloseTo(0.25 / Math.sqrt(3), 2);
  });

  it('are the numbers of their stream from step 0 on, at their scale: a seed gives the same weights for ever', () => {
    const key = streamKey(5, 'init/w');
    const shape = [4, 6, 3];
    // Fans of a kernel of width 3: 18 in, 12 out.
    const drawn: readonly [Initialization, Float64Array, number][] = [
      [{ kind: 'normal', standardDeviation: 0.3 }, normals(key, 0, 72), 0.3],
      [{ kind: 'truncated-normal', standardDeviation: 0.3 }, truncatedNormals(key, 0, 72), 0.3],
      [{ kind: 'xavier-normal' }, normals(key, 0, 72), Math.sqrt(2 / 30)],
      [{ kind: 'xavier-uniform' }, uniform01(key, 0, 72).map((u) => 2 * u - 1), Math.sqrt(6 / 30)],
      [{ kind: 'uniform', limit: 0.3 }, uniform01(key, 0, 72).map((u) => 2 * u - 1), 0.3],
    ];
    for (const [rule, numbers, scale] of drawn) {
      expect(initialValues(rule, shape, stream), rule.kind).toEqual(Float32Array.from(numbers, (x) => x * scale));
    }
  });

  it('are cut at two standard deviations when truncated', () => {
    const values = initialValues({ kind: 'truncated-normal', standardDeviation: 0.02 }, [200, 50], stream);
    const outside = values.filter((value) => Math.abs(value) > 0.04).length;
    // All of four candidates lie outside with probability 0.0455^4, 4e-6.
    expect(outside).toBeLessThanOrEqual(2);
    // A normal cut at 2 has standard deviation 0.8796.
    expect(std(values)).toBeCloseTo(0.02 * 0.8796, 3);
  });

  it.each<Initialization>([
    { kind: 'truncated-normal', standardDeviation: 0.02 },
    { kind: 'xavier-normal' },
    { kind: 'uniform', limit: 1 },
    { kind: 'ones' },
  ])('$kind: a table made block by block has the bits of one made at once', (rule) => {
    const shape = [21, 3];
    const whole = initialValues(rule, shape, stream);
    expect(initialValues(rule, shape, stream, { begin: 12, end: 35 })).toEqual(whole.slice(12, 35));
    for (const blockElements of [1, 12, 30, 62]) {
      const table = initialTensor(rule, shape, stream, blockElements);
      expect(table.shape).toEqual(shape);
      expect(table.dataSync()).toEqual(whole);
      table.dispose();
    }
  });

  it.each([[[7]], [[3, 2, 2]]])('a weight of shape %j is made at once, whatever the size of blocks', (shape) => {
    const rule = { kind: 'normal', standardDeviation: 1 } as const;
    const made = initialTensor(rule, shape, stream, 1);
    expect(made.shape).toEqual(shape);
    expect(made.dataSync()).toEqual(initialValues(rule, shape, stream));
    made.dispose();
  });

  it.each<[number[], number, number[]]>([
    [[21, 3], 63, []],
    [[21, 3], 62, [20, 1]],
    [[21, 3], 30, [8, 8, 5]],
    [[21, 3], 24, [8, 8, 5]],
    [[20, 3], 1, [4, 4, 4, 4, 4]],
  ])(
    '%j: of %i numbers at a time, in blocks of four rows and as many more as fit: %j',
    (shape, blockElements, rows) => {
      const made = vi.spyOn(tf.engine(), 'makeTensor');
      initialTensor({ kind: 'ones' }, shape, stream, blockElements).dispose();
      const shapes = made.mock.calls.map(([, each]) => each);
      made.mockRestore();
      expect(shapes).toEqual([shape, ...rows.map((count) => [count, 3])]);
    },
  );

  it('of a weight that is only declared are one zero', () => {
    const initializer = new StreamInitializer({ initialization: { kind: 'ones' }, stream });
    const declared = declareOnly(() => initializer.apply([4, 5]));
    expect([...declared.dataSync()]).toEqual([0]);
    expect(initializer.apply([4, 5]).shape).toEqual([4, 5]);
  });

  it('depend on seed and name, nothing else', () => {
    const rule = { kind: 'normal', standardDeviation: 1 } as const;
    expect(initialValues(rule, [4], stream)).toEqual(initialValues(rule, [4], { ...stream }));
    expect(initialValues(rule, [4], stream)).not.toEqual(initialValues(rule, [4], { ...stream, seed: 6 }));
    expect(initialValues(rule, [4], stream)).not.toEqual(initialValues(rule, [4], { ...stream, name: 'v' }));
  });

  it('come from a serialisable initialiser', () => {
    const one = new StreamInitializer({ initialization: { kind: 'ones' }, stream });
    const two = new StreamInitializer(JSON.parse(JSON.stringify(one.getConfig())));
    const { classNameMap } = tf.serialization.SerializationMap.getMap();
    expect(classNameMap[StreamInitializer.className][0]).toBe(StreamInitializer);
    expect(tf.tidy(() => two.apply([2, 2]).arraySync())).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });
});

it('an HSTU layer is its formula, with the dropout mask of its name and step', () => {
  const layer = new HstuLayer({ ...shared, ...hstu, linearDropout: 0.5, relativeBias: 'position' });
  const weight = (name: string) => layer.weight(name);
  const run = { training: true, step: 2, seed: 3 };
  const [u, v, q, k] = tf.split(silu(tf.matMul(layerNorm(x()), weight('uvqk'))), [4, 4, 6, 6], 1);
  const heads = (columns: tf.Tensor) => tf.reshape(columns, [5, 2, -1]);
  const bias = { positionWeights: weight('pos_w') };
  const attended = hstuAttention({ q: heads(q), k: heads(k), v: heads(v), offsets: offsets(), normalizer: 5, bias });
  const gated = tf.mul(u, layerNorm(tf.reshape(attended, [5, 4])));
  const stream = { key: streamKey(3, 'dropout/test.0.linear'), step: 2 };
  const projected = tf.matMul(dropout(gated, { rate: 0.5, stream }), weight('o.weight'), false, true);
  const expected = tf.add(tf.add(projected, weight('o.bias')), x());
  const actual = layer.apply([x(), offsets()], run) as tf.Tensor;
  expect(actual.dataSync()).toEqual(expected.dataSync());
});
