import { makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from '../inputs.ts';
import { tinyTrain } from '../test-support/tiny.ts';
import { ActionEmbedding, actionOf, logDurations, ratingActions, ratingBuckets } from './actions.ts';
import { ItemEmbedding, LearnedPositions } from './embeddings.ts';
import { initialTensor } from './initializers.ts';
import { interleave, interleaved, uninterleave } from './interleave.ts';
import { dropAt, dropOptionsAt, hasLastRows, runOf, type StreamLayer } from './layer.ts';
import { Mlp, Projection } from './projection.ts';
import { RmsNorm } from './rms-norm.ts';
import { LearnedTemperature } from './temperature.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const evaluation = { training: false, step: 0, seed: 0 };
const training = { training: true, step: 3, seed: 1 };
const rated = (...ratings: number[]) => ({
  itemIds: new Int32Array(ratings.length),
  ratings: Float32Array.from(ratings),
});

describe('actions', () => {
  it('half stars 0.5..5 are ids 1..10, the nearest outside', () => {
    expect([0.5, 1, 2.5, 4.5, 5].map(actionOf)).toEqual([1, 2, 5, 9, 10]);
    expect([-3, 0, 0.2, 5.3, 100].map(actionOf)).toEqual([1, 1, 1, 10, 10]);
    expect([...ratingActions(rated(0.5, 4), evaluation)]).toEqual([1, 8]);
  });

  it('half stars need a table of eleven rows, the first for what is not known', () => {
    const table = new ActionEmbedding({ stream: 'test', actionDim: 3 }).weight('weight');
    expect(table.shape).toEqual([11, 3]);
  });

  it('buckets: one more with every bound that is reached', () => {
    const rule = ratingBuckets([10, 60]);
    expect(rule.numActions).toBe(4);
    expect([9.9, 10, 59, 60, 1e9].map((rating) => rule.idOf(rating))).toEqual([1, 2, 2, 3, 3]);
    expect([...ratingActions(rated(5, 12, 61), training, rule)]).toEqual([1, 2, 3]);
    expect([...ratingActions(rated(3.2, 3.3, 3.4), training, ratingBuckets([3.3, 3.4]))]).toEqual([1, 2, 3]);
  });

  it('durations are log seconds, at least 0', () => {
    expect([...logDurations(rated(0, 1, Math.E, 100), evaluation)]).toEqual([
      0,
      0,
      expect.closeTo(1, 6),
      expect.closeTo(Math.log(100), 6),
    ]);
  });

  it('of a rating that is not known nothing is known, whatever the rule', () => {
    const unknown = rated(5, Number.NaN);
    expect([...ratingActions(unknown, evaluation)]).toEqual([10, 0]);
    expect([...ratingActions(unknown, evaluation, ratingBuckets([3, 9]))]).toEqual([2, 0]);
    expect([...logDurations(unknown, evaluation)]).toEqual([expect.closeTo(Math.log(5), 6), 0]);
  });

  it('without ratings nothing is known; training on that is refused', () => {
    const bare = { itemIds: new Int32Array(3) };
    expect([...ratingActions(bare, evaluation)]).toEqual([0, 0, 0]);
    expect([...logDurations(bare, evaluation)]).toEqual([0, 0, 0]);
    expect(() => ratingActions(bare, training)).toThrow(
      "model config: actions: expected data with ratings; got data without; set actions to 'none'",
    );
    expect(() => logDurations(bare, training)).toThrow('model config: duration: expected data with ratings');
  });
});

describe('contents and actions in turn', () => {
  it('tokens: both have the time of their event; after a content comes its action, after an action the next event', () => {
    const batch = uploadBatch(makeBatch(tinyTrain(), [0, 1]));
    const { numTokens } = batch;
    const tokens = interleaved(batch);
    const values = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];
    expect(tokens.numTokens).toBe(2 * numTokens);
    expect(tokens.longest).toBe(2 * batch.longest);
    expect([...tokens.hostOffsets]).toEqual([...batch.hostOffsets].map((offset) => 2 * offset));
    expect(values(tokens.offsets)).toEqual([...tokens.hostOffsets]);
    const [key, query] = [values(batch.keyTimes), values(batch.queryTimes)];
    expect(values(tokens.keyTimes)).toEqual(key.flatMap((time) => [time, time]));
    expect(values(tokens.queryTimes)).toEqual(key.flatMap((time, t) => [time, query[t]]));
    const lengths = [0, 1].map((b) => tokens.hostOffsets[b + 1] - tokens.hostOffsets[b]);
    expect(values(tokens.positions)).toEqual(lengths.flatMap((n) => Array.from({ length: n }, (_, i) => i)));
    batch.dispose();
  });

  it('rows: content, action, content, action; and apart again', () => {
    const contents = tf.tensor2d([
      [1, 2],
      [3, 4],
    ]);
    const actions = tf.tensor2d([
      [5, 6],
      [7, 8],
    ]);
    const tokens = interleave(contents, actions);
    expect(tokens.arraySync()).toEqual([
      [1, 2],
      [5, 6],
      [3, 4],
      [7, 8],
    ]);
    const apart = uninterleave(tokens);
    expect(apart.contents.arraySync()).toEqual(contents.arraySync());
    expect(apart.actions.arraySync()).toEqual(actions.arraySync());
  });
});

const shared = { seed: 2, stream: 'parts.0' };
const layers: readonly (readonly [StreamLayer, (number | null)[], (number | null)[]])[] = [
  [new RmsNorm({ ...shared, embeddingDim: 3 }), [5, 3], [5, 3]],
  [new Projection({ ...shared, inputDim: 3, outputDim: 4 }), [5, 3], [5, 4]],
  [
    new Projection({ ...shared, inputDim: 3, outputDim: 4, initialization: { kind: 'uniform', limit: 0.1 } }),
    [5, 3],
    [5, 4],
  ],
  [new Mlp({ ...shared, inputDim: 3, hiddenDim: 6, outputDim: 2 }), [5, 3], [5, 2]],
  [
    new Mlp({ ...shared, inputDim: 3, hiddenDim: 6, outputDim: 2, initialization: { kind: 'xavier-uniform' } }),
    [5, 3],
    [5, 2],
  ],
  [new ActionEmbedding({ ...shared, actionDim: 4 }), [5], [5, 4]],
  [new ActionEmbedding({ ...shared, actionDim: 4, numActions: 3 }), [5], [5, 4]],
  [
    new ItemEmbedding({
      ...shared,
      numItems: 3,
      embeddingDim: 2,
      initialization: { kind: 'normal', standardDeviation: 0.5 },
    }),
    [5],
    [5, 2],
  ],
  [
    new LearnedPositions({ ...shared, numPositions: 3, embeddingDim: 2, initialization: { kind: 'ones' } }),
    [5],
    [5, 2],
  ],
];

describe.each(layers)('%#', (layer, input, output) => {
  it('is rebuilt from its config with the same weights', () => {
    const { className } = layer.constructor as unknown as { className: string };
    const [layerClass, fromConfig] = tf.serialization.SerializationMap.getMap().classNameMap[className];
    const config = JSON.parse(JSON.stringify(layer.getConfig()));
    expect(config).toMatchObject(shared);
    const twin = fromConfig(layerClass as never, config) as unknown as StreamLayer;
    expect(twin.getConfig()).toEqual(layer.getConfig());
    layer.build();
    twin.build();
    expect(twin.weights.map((weight) => [weight.shape, [...weight.read().dataSync()]])).toEqual(
      layer.weights.map((weight) => [weight.shape, [...weight.read().dataSync()]]),
    );
  });

  it('says the shape that it makes', () => {
    expect(layer.computeOutputShape(input)).toEqual(output);
    const x = input.length === 1 ? tf.zeros([5], 'int32') : tf.zeros([5, 3]);
    expect((layer.apply(x, evaluation) as tf.Tensor).shape).toEqual(output);
  });
});

describe('maps', () => {
  it('projection: x W^T + b; perceptron: W2 gelu(W1 x + b1) + b2', () => {
    const x = [[0.3, -1.2, 0.7]];
    const projection = new Projection({ ...shared, inputDim: 3, outputDim: 2 });
    projection.weight('bias').assign(tf.tensor1d([0.5, -0.25]));
    const affine = (rows: number[][], w: number[][], b: number[]): number[][] =>
      rows.map((row) => w.map((weights, o) => weights.reduce((sum, value, i) => sum + value * row[i], b[o])));
    const values = (layer: StreamLayer, name: string): unknown => layer.weight(name).arraySync();
    const expected = affine(x, values(projection, 'weight') as number[][], [0.5, -0.25]);
    const made = (projection.apply(tf.tensor2d(x), evaluation) as tf.Tensor2D).arraySync();
    for (const [o, value] of made[0].entries()) expect(value).toBeCloseTo(expected[0][o], 5);

    const mlp = new Mlp({ ...shared, inputDim: 3, hiddenDim: 4, outputDim: 2 });
    mlp.weight('0.bias').assign(tf.tensor1d([0.1, -0.2, 0.3, 0.4]));
    mlp.weight('2.bias').assign(tf.tensor1d([1, 2]));
    const gelu = (v: number): number => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)));
    const hidden = affine(x, values(mlp, '0.weight') as number[][], [0.1, -0.2, 0.3, 0.4]).map((row) => row.map(gelu));
    const wanted = affine(hidden, values(mlp, '2.weight') as number[][], [1, 2]);
    const out = (mlp.apply(tf.tensor2d(x), evaluation) as tf.Tensor2D).arraySync();
    for (const [o, value] of out[0].entries()) expect(value).toBeCloseTo(wanted[0][o], 5);
  });

  it('biases start at zero, gains at one', () => {
    const mlp = new Mlp({ ...shared, inputDim: 3, hiddenDim: 4, outputDim: 2 });
    for (const name of ['0.bias', '2.bias']) expect([...mlp.weight(name).dataSync()].every((v) => v === 0)).toBe(true);
    expect([...new RmsNorm({ ...shared, embeddingDim: 3 }).weight('weight').dataSync()]).toEqual([1, 1, 1]);
  });
});

describe('StreamLayer', () => {
  it('has weights by name, from streams of their own, of the seed that is told', () => {
    const made = (args: object) => {
      const layer = new Projection({ stream: 'a', inputDim: 2, outputDim: 2, ...args });
      return [...layer.weight('weight').dataSync()];
    };
    expect(made({})).toEqual(made({ seed: 0 }));
    expect(made({})).toEqual([
      ...initialTensor({ kind: 'xavier-normal' }, [2, 2], { seed: 0, name: 'a.weight' }).dataSync(),
    ]);
    expect(made({})).not.toEqual(made({ seed: 1 }));
    expect(made({})).not.toEqual(made({ stream: 'b' }));
    expect(() => new RmsNorm({ ...shared, embeddingDim: 3 }).weight('bias')).toThrow(/no weight called 'bias'/);
  });

  it('weights of a frozen layer are not trainable', () => {
    const layer = new RmsNorm({ ...shared, embeddingDim: 3, trainable: false });
    layer.build();
    expect([layer.trainableWeights.length, layer.weights.length]).toEqual([0, 1]);
    const free = new RmsNorm({ ...shared, embeddingDim: 3 });
    free.build();
    free.build();
    expect([free.trainableWeights.length, free.weights.length]).toEqual([1, 1]);
  });

  it('drops in training alone, at a rate above 0, the same for the same site and step', () => {
    const x = tf.ones([1, 200]);
    const dropped = (site: string, run = training, rate = 0.5): string => {
      const y = dropAt(x, rate, site, run);
      return [...y.dataSync()].join('');
    };
    expect(dropAt(x, 0.5, 'a', evaluation)).toBe(x);
    expect(dropAt(x, 0, 'a', training)).toBe(x);
    expect(dropOptionsAt(0.5, 'a', evaluation, 8)).toBeUndefined();
    expect(dropOptionsAt(0, 'a', training, 8)).toBeUndefined();
    expect(dropOptionsAt(0.5, 'a', training, 8)).toMatchObject({ rate: 0.5, stream: { step: 3 } });
    expect(dropped('a')).toBe(dropped('a'));
    const others = [dropped('b'), dropped('a', { ...training, step: 4 }), dropped('a', { ...training, seed: 2 })];
    expect(new Set([dropped('a'), ...others]).size).toBe(4);
  });

  it('takes the run from keyword arguments, evaluation without', () => {
    expect(runOf(undefined)).toEqual({ ...evaluation, firstRow: 0 });
    const run = { training: true, step: 5, seed: 6, firstRow: 7 };
    expect(runOf({ ...run, other: 1 })).toEqual(run);
  });

  it('knows which layers have a shortcut to their last rows', () => {
    const plain = new RmsNorm({ ...shared, embeddingDim: 3 });
    expect(hasLastRows(plain)).toBe(false);
    expect(hasLastRows(Object.assign(new RmsNorm({ ...shared, embeddingDim: 3 }), { last: () => plain }))).toBe(true);
  });
});

it('a learned temperature is 0.01 + (base - 0.01) exp(theta)', () => {
  const layer = new LearnedTemperature({ stream: 'test' });
  layer.weight('theta').assign(tf.tensor1d([Math.log(2)]));
  expect(layer.value(0.05).dataSync()[0]).toBeCloseTo(0.01 + 0.04 * 2, 6);
  expect(layer.value(0.05).shape).toEqual([1]);
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  expect(classNameMap[LearnedTemperature.className][0]).toBe(LearnedTemperature);
});
