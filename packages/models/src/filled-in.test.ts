import { streamKey, uniform01, useBackend } from '@seqrec/core';
import { makeBatch, type SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { plainTransformerBlock } from './encoders/transformer/test-support/plain.ts';
import { uploadBatch } from './inputs.ts';
import { encodeLast, type TokenEncoder } from './model.ts';
import { createObjective } from './objectives/create.ts';
import { createModel } from './registry.ts';
import { createScorer } from './serve/create-scorer.ts';
import { add, layerNorm, row, scale, type Weights } from './test-support/plain-maths.ts';
import { tinyTrain } from './test-support/tiny.ts';
import { createTrainer } from './train/trainer.ts';

beforeAll(async () => {
  await useBackend('auto');
});

const NUM_ITEMS = 20;
const config = { kind: 'transformer', embeddingDim: 8, maxSequenceLength: 6, numBlocks: 2, numHeads: 2 } as const;
const both = { ...config, attention: 'bidirectional', inputDropout: 0, blockDropout: 0 } as const;
const run = { training: true, step: 3, seed: 2 };
const examples = tinyTrain();

/** Weights far from where they start, so that every token matters. */
function bold(): TokenEncoder {
  const model = createModel(both, { numItems: NUM_ITEMS, seed: 4 }) as TokenEncoder;
  for (const [name, variable] of model.variables()) {
    const values = uniform01(streamKey(5, name), 0, variable.size);
    variable.assign(
      tf.tensor(
        Float32Array.from(values, (u) => u - 0.5),
        variable.shape,
      ),
    );
  }
  return model;
}

function vectors(model: TokenEncoder, host: SequenceBatch, hidden?: Uint8Array): number[][] {
  const batch = uploadBatch(host);
  return tf.tidy(() => model.encode({ ...batch, hidden }, { ...run, training: hidden !== undefined }).arraySync());
}

/** The formula: places `[item, ...]` with 0 for what is hidden, the vector of the place of the event. */
function plain(w: Weights, places: readonly number[]): number[][] {
  let x = places.map((item, j) => {
    const vector = row(w['_embedding_module._item_emb.weight'], item);
    return add(scale(vector, Math.sqrt(vector.length)), row(w['_input_features_preproc._pos_emb.weight'], j));
  });
  for (let i = 0; i < 2; i++) x = plainTransformerBlock(x, w, `layers.${i}.`, 2, { sees: 'all' });
  return x.map((values) => {
    const normed = layerNorm(values, 1e-6, w['final_norm.weight'].data, w['final_norm.bias'].data);
    const length = Math.hypot(...normed);
    return normed.map((value) => value / length);
  });
}

const weightsOf = (model: TokenEncoder): Weights =>
  Object.fromEntries(
    Array.from(model.variables(), ([name, v]) => [name, { shape: v.shape, data: [...v.dataSync()] }]),
  ) as unknown as Weights;

const near = (got: number[][], expected: number[][]): void => {
  for (const [t, values] of expected.entries())
    for (const [c, value] of values.entries()) expect(got[t][c]).toBeCloseTo(value, 4);
};

describe('an encoder that fills in hidden events', () => {
  it('is its formula: in training with the marked events hidden, in use with one after the history', () => {
    const model = bold();
    const host = makeBatch(examples, [0, 4, 7]);
    const hidden = Uint8Array.from(host.itemIds, (_, t) => (t % 3 === 1 ? 1 : 0));
    const w = weightsOf(model);
    const ofTraining: number[][] = [];
    const ofUse: number[][] = [];
    for (let b = 0; b < 3; b++) {
      const [start, end] = [host.offsets[b], host.offsets[b + 1]];
      const events = [...host.itemIds.subarray(start, end), host.targets[end - 1]];
      const places = events.map((item, j) => (j > 0 && hidden[start + j - 1] === 1 ? 0 : item));
      ofTraining.push(...plain(w, places).slice(1));
      for (let t = start; t < end; t++) ofUse.push(plain(w, [...host.itemIds.subarray(start, t + 1), 0]).at(-1)!);
    }
    near(vectors(model, host, hidden), ofTraining);
    near(vectors(model, host), ofUse);
    near(
      tf.tidy(() => encodeLast(model, uploadBatch(host)).arraySync()),
      [1, 2, 3].map((end) => ofUse[host.offsets[end] - 1]),
    );
    model.dispose();
  });

  it('in training with the last event hidden is what it is in use, bit for bit', () => {
    const model = bold();
    const host = makeBatch(examples, [1, 2, 3]);
    const hidden = new Uint8Array(host.itemIds.length);
    for (const end of host.offsets.subarray(1)) hidden[end - 1] = 1;
    const last = tf.tidy(() => encodeLast(model, uploadBatch(host)).arraySync());
    const rows = vectors(model, host, hidden);
    expect([1, 2, 3].map((b) => rows[host.offsets[b] - 1])).toEqual(last);
    model.dispose();
  });

  it('does not see what is hidden, and sees what is not on both sides', () => {
    const model = bold();
    const host = makeBatch(examples, [0]);
    const hidden = Uint8Array.from(host.itemIds, (_, t) => (t === 1 ? 1 : 0));
    const before = vectors(model, host, hidden);
    // The event after position 1 stands as an input at position 2, too.
    const changed = { ...host, itemIds: host.itemIds.slice(), targets: host.targets.slice() };
    changed.itemIds[2] = changed.targets[1] = 1 + (host.targets[1] % NUM_ITEMS);
    expect(vectors(model, changed, hidden)).toEqual(before);
    const end = host.targets.length - 1;
    const later = { ...host, targets: host.targets.slice() };
    later.targets[end] = 1 + (host.targets[end] % NUM_ITEMS);
    expect(vectors(model, later, hidden)[1]).not.toEqual(before[1]);
    model.dispose();
  });

  it('encodes long histories in blocks of prefixes', () => {
    const model = createModel({ ...both, maxSequenceLength: 300 }, { numItems: NUM_ITEMS, seed: 1 }) as TokenEncoder;
    const itemIds = Int32Array.from({ length: 300 }, (_, t) => 1 + ((t * 7) % NUM_ITEMS));
    const of = (length: number): SequenceBatch => ({
      ...makeBatch(examples, [0]),
      offsets: Int32Array.of(0, length),
      itemIds: itemIds.slice(0, length),
      targets: itemIds.slice(0, length),
      timestamps: new Float64Array(length),
      targetTimestamps: new Float64Array(length),
      ratings: undefined,
      targetRatings: undefined,
    });
    const all = vectors(model, of(300));
    expect(all).toHaveLength(300);
    for (const length of [1, 256, 300]) {
      const last = tf.tidy(() => encodeLast(model, uploadBatch(of(length))).arraySync());
      near([all[length - 1]], last);
    }
    model.dispose();
  });

  it('refuses to train on what it sees, and to grow by events', () => {
    const model = createModel(both, { numItems: NUM_ITEMS }) as TokenEncoder;
    const host = makeBatch(examples, [0]);
    expect(() => tf.tidy(() => model.encode(uploadBatch(host), run))).toThrow(
      "encode: expected a batch whose events to predict are hidden, since 'transformer' with attention in both directions sees them; got one that hides none; train it with labels.kind masked",
    );
    expect(() => createScorer(model)).toThrow(
      "createScorer: 'transformer' with attention bidirectional cannot: a new event changes what all earlier ones become; use recommend, which reads the whole history",
    );
    model.dispose();
  });
});

describe('masked labels', () => {
  const trainerOf = (model: TokenEncoder, labels: object, more: object = {}, asked: object = {}) =>
    createTrainer({
      ...{ model, examples, batchSize: 6, learningRate: 0.01, seed: 3, ...more },
      objective: createObjective({ kind: 'sampled-softmax', numNegatives: 5, ...asked, labels } as never, examples),
    });

  it('go with models that fill in, and no others do', () => {
    const fills = createModel(both, { numItems: NUM_ITEMS }) as TokenEncoder;
    const predicts = createModel(config, { numItems: NUM_ITEMS }) as TokenEncoder;
    expect(() => trainerOf(predicts, { kind: 'masked' })).toThrow(
      "trainer: objective: expected an encoder that fills in hidden events, for labels.kind masked; got 'transformer', which sees the events up to each; use a transformer with attention bidirectional",
    );
    for (const actionWeight of [0.5, 1])
      expect(() => trainerOf(predicts, { kind: 'masked' }, {}, { actionWeight })).toThrow(
        'trainer: objective: expected an encoder that fills in hidden events, for labels.kind masked',
      );
    expect(() => trainerOf(fills, { kind: 'next-item' })).toThrow(
      "trainer: objective: expected one that hides the events it asks for, since this 'transformer' sees events on both sides; got sampled-softmax with other labels; set objective.labels.kind to masked",
    );
    fills.dispose();
    predicts.dispose();
  });
});
