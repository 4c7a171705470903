import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { probe } from '../../../test/conformance/backends.ts';
import {
  AdamW,
  dropout,
  embedding,
  explainKernels,
  gatedNorm,
  hstuAttention,
  l2Normalize,
  linear,
  OutOfMemoryError,
  ShaderError,
  sampledSoftmaxLoss,
  siluSplit,
  UnsupportedError,
  uniformIntegers,
} from '../../index.ts';
import type { SeqrecWebgpuBackend } from './backend.ts';
import { BufferPool, sizeClass } from './buffers.ts';
import { bind, flatGrid, numbered, type Program, packUniforms, uniforms, wgslOf } from './program.ts';

describe('without a device', () => {
  it('size classes waste at most a quarter and repeat', () => {
    for (const bytes of [1, 255, 257, 1000, 5000, 123_457, 2 ** 20 + 1]) {
      const size = sizeClass(bytes);
      expect(size).toBeGreaterThanOrEqual(bytes);
      expect(size).toBeLessThanOrEqual(Math.max(256, bytes * 1.25));
      expect(sizeClass(size)).toBe(size);
      expect(size % 4).toBe(0);
    }
  });

  it('the pool gives a freed buffer again and counts bytes', () => {
    let made = 0;
    const device = {
      limits: { maxBufferSize: 4096 },
      createBuffer: (options: { size: number; usage: number }) => ({ ...options, id: made++, destroy: () => {} }),
      pushErrorScope: () => {},
      popErrorScope: async () => null,
    };
    const pool = new BufferPool(device as unknown as GPUDevice, () => {});
    const first = pool.acquireBuffer(1000, 1);
    pool.releaseBuffer(first);
    expect(pool.acquireBuffer(990, 1)).toBe(first);
    expect(pool.acquireBuffer(990, 2)).not.toBe(first);
    expect([pool.numBytesUsed, pool.numBytesAllocated]).toEqual([2048, 2048]);
    expect(() => pool.acquireBuffer(5000, 1)).toThrow(OutOfMemoryError);
  });

  it('writes programs, uniforms and grids', () => {
    const program: Program = {
      op: 'Twice',
      key: '',
      bindings: bind('x', 'ids: i32', 'y!'),
      uniforms: uniforms('count', 'scale: f32', 'low: i32'),
      threads: 64,
      body: 'y[lane] = x[lane];',
    };
    const text = wgslOf(program);
    expect(text).toContain('@binding(1) var<storage, read> ids: array<i32>;');
    expect(text).toContain('@binding(2) var<storage, read_write> y: array<f32>;');
    expect(text).toContain('@binding(3) var<uniform> u: Uniforms;');
    const bytes = new DataView(packUniforms(program.uniforms!, { count: 4_000_000_000, scale: 0.5, low: -1 }));
    expect([bytes.getUint32(0, true), bytes.getFloat32(4, true), bytes.getInt32(8, true)]).toEqual([4e9, 0.5, -1]);
    expect(() => packUniforms(program.uniforms!, { count: 1 })).toThrow("uniform 'scale'");
    expect(numbered('a\nb')).toBe('1  a\n2  b');
    const [x, y] = flatGrid(100_000, 65_535);
    expect(x * y).toBeGreaterThanOrEqual(100_000);
    expect(Math.max(x, y)).toBeLessThanOrEqual(65_535);
  });
});

const { absent } = await probe('webgpu');

describe.skipIf(absent !== undefined)(absent === undefined ? 'on a device' : `on a device (absent: ${absent})`, () => {
  let backend: SeqrecWebgpuBackend;
  beforeAll(async () => {
    await tf.setBackend('webgpu');
    backend = tf.backend() as SeqrecWebgpuBackend;
  });

  it('knows its kernels', () => {
    const rows = explainKernels(['webgpu']);
    const fused = rows.filter(({ backends }) => backends.webgpu === 'fused').map(({ kernel }) => kernel);
    expect(fused).toEqual(expect.arrayContaining(['HstuAttentionGrad', 'SampledSoftmaxGrad', 'UnsortedSegmentSum']));
    expect(fused).not.toContain('TopItems');
  });

  it('refuses a synchronous read, says how to read', async () => {
    const x = tf.add(tf.ones([2000]), 1);
    expect(() => x.dataSync()).toThrow(UnsupportedError);
    expect((await x.data()).length).toBe(2000);
    x.dispose();
  });

  it('names the op whose program does not compile, with its numbered text when asked', async () => {
    const program: Program = { op: 'Broken', key: '', bindings: bind('y!'), threads: 64, body: 'y[0] = nonsense;' };
    const failure = async () => {
      const y = backend.output([4]);
      backend.dispatch({ ...program, key: String(Math.random()) }, { tensors: [y], groups: 1 });
      await backend.read(y.dataId).finally(() => backend.disposeData(y.dataId));
    };
    await expect(failure()).rejects.toThrow(ShaderError);
    await expect(failure()).rejects.toThrow(/^Broken: expected a WGSL program.*nonsense/s);
    (globalThis as { SEQREC_WGSL?: boolean }).SEQREC_WGSL = true;
    try {
      await expect(failure()).rejects.toThrow(/\d+ {2}y\[0\] = nonsense;/);
    } finally {
      delete (globalThis as { SEQREC_WGSL?: boolean }).SEQREC_WGSL;
    }
    // The backend goes on.
    const x = tf.add(tf.ones([2000]), 1);
    expect((await x.data())[0]).toBe(2);
    x.dispose();
  });

  it('500 training steps read nothing back, leak nothing and need no more memory', { timeout: 300_000 }, async () => {
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
