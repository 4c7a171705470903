import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { probe } from '../../../test/conformance/backends.ts';
import {
  AdamW,
  dropout,
  embedding,
  gatedNorm,
  hstuAttention,
  l2Normalize,
  linear,
  sampledSoftmaxLoss,
  siluSplit,
  uniformIntegers,
} from '../../index.ts';
import type { SeqrecWebgpuBackend } from './backend.ts';

const { absent } = await probe('webgpu');

describe.skipIf(absent !== undefined)(absent === undefined ? 'on a device' : `on a device (absent: ${absent})`, () => {
  let backend: SeqrecWebgpuBackend;
  beforeAll(async () => {
    await tf.setBackend('webgpu');
    backend = tf.backend() as SeqrecWebgpuBackend;
  });

  it('500 training steps read nothing back, leak nothing and need no more memory', async () => {
    const [items, width, n] = [300, 16, 40];
    const variables = tf.tidy(() => ({
      table: tf.variable(tf.randomNormal([items, width], 0, 0.1)),
      uvqk: tf.variable(tf.randomNormal([width, 4 * width], 0, 0.1)),
      out: tf.variable(tf.randomNormal([width, width], 0, 0.1)),
      position: tf.variable(tf.randomNormal([2 * n - 1], 0, 0.1)),
    }));
    const optimizer = new AdamW({ learningRate: 1e-3 });
    const key = { k0: 1, k1: 2 };
    const step = (at: number) => {
      const lengths = [0, 1, 2].map((b) => 1 + ((at * 7 + b * 13) % n));
      const offsets = Int32Array.from([
        0,
        ...lengths.map((_, b) => lengths.slice(0, b + 1).reduce((x, y) => x + y, 0)),
      ]);
      const tokens = offsets[3];
      const ids = tf.tensor1d(
        Int32Array.from({ length: tokens }, (_, t) => (t * 31 + at) % items),
        'int32',
      );
      const { grads, value } = tf.variableGrads(() => {
        const x = dropout(embedding(variables.table, ids), { rate: 0.2, stream: { key, step: at } });
        const [u, v, q, k] = siluSplit(linear(x, variables.uvqk) as tf.Tensor2D, [width, width, width, width]);
        const heads = (y: tf.Tensor) => tf.reshape(y, [tokens, 2, width / 2]);
        const bias = { positionWeights: variables.position };
        const attended = hstuAttention({ q: heads(q), k: heads(k), v: heads(v), offsets, normalizer: n, bias });
        const gated = gatedNorm(u, tf.reshape(attended, [tokens, width]), { epsilon: 1e-6 });
        const queries = l2Normalize(tf.add(linear(gated, variables.out), x), { epsilon: 1e-6 });
        const drawn = uniformIntegers({ count: tokens * 8, low: 1, bound: items - 1, stream: { key, step: at } });
        const negatives = tf.reshape(drawn, [tokens, 8]);
        const rows = l2Normalize(variables.table, { epsilon: 1e-6 });
        const loss = sampledSoftmaxLoss({ queries, items: rows, positives: ids, negatives, temperature: 0.05 });
        return tf.mean(loss) as tf.Scalar;
      });
      optimizer.applyGradients(grads);
      tf.dispose(grads);
      ids.dispose();
      return value;
    };
    const run = async (first: number, count: number) => {
      for (let at = first; at < first + count; at++) {
        step(at).dispose();
        // An event loop turn now and then, as a training loop has: buffers of finished steps come back.
        if (at % 20 === 19) await backend.finish();
      }
      await backend.finish();
    };
    await run(0, 100);
    const before = { ...backend.memory(), tensors: tf.memory().numTensors, ...backend.counters };
    await run(100, 400);
    const after = { ...backend.memory(), tensors: tf.memory().numTensors, ...backend.counters };
    expect(after.reads - before.reads).toBe(0);
    expect(after.tensors).toBe(before.tensors);
    expect(after.pipelines).toBe(before.pipelines);
    expect(after.numBytesInGPU).toBe(before.numBytesInGPU);
    expect(after.numBytesAllocatedInGPU).toBe(before.numBytesAllocatedInGPU);
    optimizer.dispose();
    tf.dispose(Object.values(variables));
  });
});
