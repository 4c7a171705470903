import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { SasrecBlock } from '../encoders/sasrec/block.ts';
import { createModel, type ModelConfigInput } from '../registry.ts';
import { createScorer } from '../serve/create-scorer.ts';
import { paddingKeys } from './padding-keys.ts';

beforeAll(async () => {
  await useBackend('auto');
});

it('are those of the tokens, each sequence after its padding', () => {
  const { keyRows, keyOffsets } = paddingKeys({ hostOffsets: Int32Array.of(0, 2, 2, 5, 6) }, 3);
  expect([...keyOffsets.dataSync()]).toEqual([0, 3, 6, 9, 12]);
  expect([...keyRows.dataSync()]).toEqual([6, 0, 1, 6, 6, 6, 2, 3, 4, 6, 6, 5]);
  tf.dispose([keyRows, keyOffsets]);
  const longer = paddingKeys({ hostOffsets: Int32Array.of(0, 2, 3) }, 1);
  expect([...longer.keyRows.dataSync()]).toEqual([0, 1, 2]);
  tf.dispose([longer.keyRows, longer.keyOffsets]);
});

it('a block that sees them is one over packed zeros, gradients included, and at the last tokens alone', () => {
  const [sequences, length, d] = [40, 30, 24];
  const lengths = Array.from({ length: sequences }, (_, b) => 1 + ((b * 7) % length));
  const offsets = Int32Array.from([0, ...lengths.map((_, b) => lengths.slice(0, b + 1).reduce((a, l) => a + l))]);
  const tokens = offsets[sequences];
  const block = new SasrecBlock({
    ...{ embeddingDim: d, numHeads: 2, ffnDim: d, ffnDropout: 0, activation: 'relu', seed: 1, stream: 'padding' },
  });
  const x = tf.randomNormal([tokens, d], 0, 1, 'float32', 3) as tf.Tensor2D;
  const cotangent = tf.randomNormal([tokens, d], 0, 1, 'float32', 4);
  const padded = paddingKeys({ hostOffsets: offsets }, length);
  const packed = tf.tensor1d(offsets, 'int32');
  const full = tf.tensor1d(
    Int32Array.from({ length: sequences + 1 }, (_, b) => b * length),
    'int32',
  );
  /** The place of each token where all sequences are packed with their padding. */
  const places = tf.tensor1d(
    lengths.flatMap((l, b) => Array.from({ length: l }, (_, t) => (b + 1) * length - l + t)),
    'int32',
  );
  const sees = (rows: tf.Tensor2D) => block.apply([rows, packed, padded.keyRows, padded.keyOffsets]) as tf.Tensor2D;
  const zeros = (rows: tf.Tensor2D) => {
    const all = tf.gather(tf.concat([rows, tf.zeros([1, d])]), padded.keyRows) as tf.Tensor2D;
    return tf.gather(block.apply([all, full]) as tf.Tensor2D, places);
  };
  sees(x);
  const biases = block.weight('in_proj_bias');
  biases.assign(tf.randomNormal(biases.shape, 0, 1, 'float32', 5));
  const made = [sees, zeros].map((forward) => {
    const value = forward(x).dataSync();
    const { grads } = tf.variableGrads(() => tf.sum(tf.mul(forward(x), cotangent)) as tf.Scalar);
    const ofX = tf
      .grad((rows) => tf.sum(tf.mul(forward(rows as tf.Tensor2D), cotangent)))(x)
      .dataSync();
    return { value, ofX, ...Object.fromEntries(Object.entries(grads).map(([name, g]) => [name, g.dataSync()])) };
  });
  const unpadded = (block.apply([x, packed]) as tf.Tensor2D).dataSync();
  expect(largest(made[0].value, unpadded)).toBeGreaterThan(0.1);
  for (const [name, own] of Object.entries(made[0])) {
    const other = made[1][name as 'value'];
    expect(largest(own, other), name).toBeLessThan(1e-5);
  }
  const ends = tf.tensor1d(
    offsets.slice(1).map((end) => end - 1),
    'int32',
  );
  const last = block.last([x, packed, padded.keyRows, padded.keyOffsets], ends).dataSync();
  expect(largest(last, tf.gather(sees(x), ends).dataSync())).toBeLessThan(1e-6);
  block.dispose();
});

/** The largest difference, relative to the largest number. */
function largest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, size] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    difference = Math.max(difference, Math.abs(a[i] - b[i]));
    size = Math.max(size, Math.abs(b[i]));
  }
  return difference / size;
}

it('no scorer keeps what has seen them', () => {
  const config: ModelConfigInput = {
    ...{ kind: 'sasrec', embeddingDim: 8, maxSequenceLength: 4, numBlocks: 1, numHeads: 2, ffnDim: 8 },
    seesPadding: true,
  };
  const model = createModel(config, { numItems: 9 });
  expect(() => createScorer(model as never)).toThrow(
    "createScorer: 'sasrec' with seesPadding cannot: each event leaves less padding before all others",
  );
  model.dispose();
});
