import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { probe } from '../../../test/conformance/backends.ts';
import {
  causalAttention,
  explainKernels,
  OutOfMemoryError,
  ShaderError,
  sampledSoftmaxLoss,
  streamKey,
  UnsupportedError,
} from '../../index.ts';
import { fusedKernelNames } from '../explain.ts';
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
    const pool = new BufferPool(device as unknown as GPUDevice, { last: 'Program', add: () => {} });
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
    // Every kernel of the contract is a program of ours, but for those that are made of such programs.
    const others = rows.filter(({ backends }) => backends.webgpu !== 'fused').map(({ kernel }) => kernel);
    expect(others.filter((kernel) => fusedKernelNames.includes(kernel))).toEqual([
      'DropoutGrad',
      'EmbedTokens',
      'EmbedTokensGrad',
      'GatedNormLinear',
      'GatedNormLinearGrad',
      'LinearLayer',
      'LinearLayerGrad',
      'LogSumExpScores',
      'LogSumExpScoresGrad',
      'NormSiluSplit',
      'NormSiluSplitGrad',
      'SampledScores',
      'SampledScoresGrad',
    ]);
    expect(rows).toContainEqual({ kernel: 'UnsortedSegmentSum', backends: { webgpu: 'fused' } });
    expect(rows).toContainEqual({ kernel: 'BatchMatMul', backends: { webgpu: 'stock' } });
  });

  it('binds no more storage buffers than every device has', () => {
    const dispatch = vi.spyOn(backend, 'dispatch').mockImplementation(() => {});
    const [mask, dropout] = [{ maxAttentionLength: 2 }, { rate: 0.5, stream: { key: streamKey(1, 'x'), step: 0 } }];
    tf.tidy(() => {
      const [q, k, v] = [tf.ones([6, 1, 4]), tf.ones([6, 1, 4]), tf.ones([6, 1, 4])] as tf.Tensor3D[];
      const attended = (x: tf.Tensor) =>
        causalAttention({ q: x as tf.Tensor3D, k, v, offsets: Int32Array.of(0, 6), scale: 1, mask, dropout });
      tf.grad(attended)(q);
      const [positives, negatives] = [tf.tensor1d([1, 2], 'int32'), tf.tensor2d([[3], [1]], [2, 1], 'int32')];
      const sampled = { items: tf.ones([5, 4]) as tf.Tensor2D, positives, negatives, temperature: 1 };
      tf.grad((x: tf.Tensor) =>
        tf.mean(sampledSoftmaxLoss({ ...sampled, queries: x as tf.Tensor2D, logQ: tf.zeros([5]) as tf.Tensor1D })),
      )(tf.ones([2, 4]));
    });
    const programs = dispatch.mock.calls.map(([program]) => program);
    dispatch.mockRestore();
    const wide = programs.filter(({ bindings }) => bindings.length > 8).map(({ op, key }) => `${op} ${key}`);
    expect(programs.map(({ op }) => op)).toEqual(expect.arrayContaining(['CausalAttentionGrad', 'SampledSoftmaxGrad']));
    expect(wide).toEqual([]);
  });

  it('gives the same bits for sums of many terms, time after time', async () => {
    const values = (seed: number) =>
      Float32Array.from({ length: 12_000 * 20 }, (_, i) => Math.sin(i * 12.9898 + seed) * 7);
    const [a, b] = [tf.tensor2d(values(1), [12_000, 20]), tf.tensor2d(values(2), [12_000, 20])];
    const once = async () => {
      const c = tf.matMul(a, b, true, false);
      const bits = new Uint32Array(((await c.data()) as Float32Array).buffer).join();
      c.dispose();
      return bits;
    };
    const first = await once();
    for (let i = 0; i < 12; i++) expect((await once()) === first).toBe(true);
    tf.dispose([a, b]);
  });

  it('refuses a synchronous read, says how to read', async () => {
    const x = tf.add(tf.ones([2000]), 1);
    expect(() => x.dataSync()).toThrow(UnsupportedError);
    expect((await x.data()).length).toBe(2000);
    x.dispose();
  });

  it('names the op whose tensor exceeds what the device binds, and takes no memory for it', () => {
    const { maxStorageBufferBindingSize } = backend.device.limits;
    const large = backend.output([maxStorageBufferBindingSize / 4 + 1]);
    const program: Program = { op: 'Large', key: '', bindings: bind('y!'), threads: 64, body: 'y[0] = 1.0;' };
    const before = backend.memory().numBytesInGPU;
    const attempt = () => backend.dispatch(program, { tensors: [large], groups: 1 });
    expect(attempt).toThrow(OutOfMemoryError);
    expect(attempt).toThrow(
      `Large: expected tensors of at most ${maxStorageBufferBindingSize} bytes, what this device binds; got ${maxStorageBufferBindingSize + 4} bytes`,
    );
    expect(backend.memory().numBytesInGPU).toBe(before);
    backend.disposeData(large.dataId);
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
});
