import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BackendError } from '../../errors.ts';
import {
  causalAttention,
  gatedNormLinear,
  hstuAttention,
  linearLayer,
  normSiluSplit,
  rankCounts,
  sampledSoftmaxLoss,
  topItemTensors,
  uniformIntegers,
} from '../../index.ts';
import { timeBucket } from '../../ops/time-bucket.ts';
import { streamKey } from '../../random/streams.ts';
import { registerSimdBackend, removeSimdBackend, type SimdBackend, type SimdOptions } from './index.ts';
import { bucketCells } from './kernels/time-buckets.ts';
import { KERNEL } from './kernels.ts';

const backend = (): SimdBackend => tf.findBackend('simd') as SimdBackend;

async function use(options: SimdOptions): Promise<void> {
  await registerSimdBackend(options);
  await tf.setBackend('simd');
}

/** Values that are the same on every backend and thread count. */
function values(shape: number[], phase: number): tf.Tensor {
  const size = shape.reduce((s, d) => s * d, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(i * 0.7 + phase)),
    shape,
  );
}

/** Columns of a weight that is too large for a sum of its gradient by ranges of rows. */
const LARGE = 280;

/** Gradients of a hundredth of the outputs on the ways into and out of an HSTU layer. */
function layer(tokens: number, width: number): tf.Tensor[] {
  const dropout = { rate: 0.25, stream: { key: streamKey(5, 'linear'), step: 3 } };
  const into = tf.grads((x: tf.Tensor, w: tf.Tensor) => {
    const { blocks, skip } = normSiluSplit(x as tf.Tensor2D, w as tf.Tensor2D, [width, 2 * width]);
    return tf.mul(tf.concat([...blocks, skip], 1), 0.01);
  })([values([tokens, width], 11), values([width, 3 * width], 12)]);
  const out = tf.grads((u: tf.Tensor, x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) =>
    tf.mul(
      gatedNormLinear({
        ...{ u: u as tf.Tensor2D, x: x as tf.Tensor2D, w: w as tf.Tensor2D, b: b as tf.Tensor1D },
        residual: values([tokens, width], 13) as tf.Tensor2D,
        dropout,
      }),
      0.01,
    ),
  )([values([tokens, width], 14), values([tokens, width], 15), values([width, width], 16), values([width], 17)]);
  const map = tf.grads((x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) => {
    const inner = { x: x as tf.Tensor2D, w: w as tf.Tensor2D, b: b as tf.Tensor1D };
    const hidden = linearLayer({ ...inner, activation: 'relu', dropout });
    return tf.mul(linearLayer({ ...inner, x: hidden, dropout, residual: x as tf.Tensor2D }), 0.01);
  })([values([tokens, width], 18), values([width, width], 19), values([width], 20)]);
  return [...into, ...out, ...map];
}

/** The bytes of a tensor's values. */
function bytesOf(x: tf.Tensor): Uint8Array {
  const data = x.dataSync();
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
}

/** Losses and gradients of the fused ops on sequences that span several blocks, as bytes. */
function everything(): Uint8Array {
  const lengths = [300, 0, 1, 17, 523, 64];
  const offsets = Int32Array.from([0, ...lengths.map((_, b) => lengths.slice(0, b + 1).reduce((s, l) => s + l, 0))]);
  const tokens = offsets[lengths.length];
  const times = Int32Array.from({ length: tokens }, (_, t) => t * 37);
  const results = tf.tidy(() => {
    const [q, k, v] = [
      values([tokens, 2, 10], 0),
      values([tokens, 2, 10], 1),
      values([tokens, 2, 7], 2),
    ] as tf.Tensor3D[];
    const position = values([2 * 523 - 1], 3) as tf.Tensor1D;
    const time = values([65], 4) as tf.Tensor1D;
    const at = tf.tensor1d(offsets, 'int32');
    const clock = tf.tensor1d(times, 'int32');
    const hstu = tf.grads((q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, p: tf.Tensor, w: tf.Tensor) =>
      hstuAttention({
        q: q as tf.Tensor3D,
        k: k as tf.Tensor3D,
        v: v as tf.Tensor3D,
        offsets: at,
        normalizer: 523,
        bias: {
          positionWeights: p as tf.Tensor1D,
          time: { timeWeights: w as tf.Tensor1D, queryTimes: clock, keyTimes: clock },
        },
      }),
    )([q, k, v, position, time]);
    const dropout = { rate: 0.25, stream: { key: streamKey(5, 'attention'), step: 3 } };
    const softmax = tf.grads((q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) =>
      causalAttention({
        q: q as tf.Tensor3D,
        k: k as tf.Tensor3D,
        v: v as tf.Tensor3D,
        offsets: at,
        scale: 0.3,
        dropout,
      }),
    )([q, k, v]);
    const negatives = uniformIntegers({
      count: tokens * 9,
      low: 1,
      bound: 40,
      stream: { key: streamKey(5, 'negatives'), step: 1 },
    });
    const positives = tf.tensor1d(
      Int32Array.from({ length: tokens }, (_, t) => 1 + (t % 40)),
      'int32',
    );
    const loss = tf.grads((a: tf.Tensor, b: tf.Tensor) =>
      sampledSoftmaxLoss({
        queries: a as tf.Tensor2D,
        items: b as tf.Tensor2D,
        positives,
        negatives: tf.reshape(negatives, [tokens, 9]) as tf.Tensor2D,
        temperature: 0.5,
      }),
    )([values([tokens, 20], 5), values([41, 20], 6)]);
    const product = tf.matMul(values([64, 9000], 7) as tf.Tensor2D, values([9000, 50], 8) as tf.Tensor2D);
    const [users, items] = [values([2000, 13], 9), values([1500, 13], 10)];
    const targets = Int32Array.from({ length: 2000 }, (_, b) => b % 1500);
    const ranking = [
      rankCounts({ queries: users, items, targets }),
      ...topItemTensors({ queries: users, items, k: 20 }),
    ];
    return [...hstu, ...softmax, ...loss, ...layer(tokens, 13), ...layer(100, LARGE), product, ...ranking].map((x) =>
      x.dataSync(),
    );
  });
  return new Uint8Array(Buffer.concat(results.map((x) => Buffer.from(x.buffer, x.byteOffset, x.byteLength))));
}

describe('simd backend', () => {
  afterAll(removeSimdBackend);

  it('gives the same bits for one, two and five threads', async () => {
    const bytes: Uint8Array[] = [];
    for (const threads of [1, 2, 5]) {
      await use({ threads });
      bytes.push(everything());
    }
    expect(Buffer.compare(bytes[0], bytes[1])).toBe(0);
    expect(Buffer.compare(bytes[0], bytes[2])).toBe(0);
  });

  it.each(['revectorized', 'relaxed', 'plain'] as const)(
    'compiles the %s variant and passes its self-test',
    async (variant) => {
      const info = await registerSimdBackend({ threads: 1, variant });
      expect([info.variant, info.rejected]).toEqual([variant, []]);
    },
  );

  it('refuses a thread count that makes no sense', async () => {
    await expect(registerSimdBackend({ threads: 0 })).rejects.toThrow(BackendError);
    await expect(registerSimdBackend({ threads: 0 })).rejects.toThrow(
      'simd: expected threads to be a whole number from 1 to 64; got 0',
    );
  });

  describe('with two threads', () => {
    beforeAll(() => use({ threads: 2 }));

    it('the ways into and out of an HSTU layer agree with the ops they are made of, large weights included', async () => {
      const fused = layer(100, LARGE).map((x) => x.dataSync<'float32'>());
      await tf.setBackend('cpu');
      const expected = layer(100, LARGE).map((x) => x.dataSync<'float32'>());
      await tf.setBackend('simd');
      const largest = (values: Float32Array) => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      for (const [i, values] of fused.entries()) {
        const error = largest(values.map((x, j) => x - expected[i][j]));
        expect(error / largest(expected[i])).toBeLessThan(4e-6);
      }
    });

    it('gives equal rows the same score, wherever they lie: ties are exact', () => {
      // 41 different items, 20 times over; scores are no round numbers. Odd sizes: ragged blocks, several item ranges.
      const numItems = 41 * 20 + 3;
      const some = values([41, 37], 11).dataSync();
      const table = Float32Array.from(
        { length: numItems * 37 },
        (_, i) => some[(Math.floor(i / 37) % 41) * 37 + (i % 37)],
      );
      const items = tf.tensor2d(table, [numItems, 37]);
      const queries = values([50, 37], 12);
      const targets = Int32Array.from({ length: 50 }, (_, b) => (b * 17) % numItems);
      const counts = rankCounts({ queries, items, targets });
      const all = counts.dataSync();
      targets.forEach((target, b) => {
        const copies = target % 41 < 3 ? 21 : 20;
        expect(all[b * 4 + 1]).toBe(Math.floor(target / 41));
        expect(all[b * 4 + 1] + all[b * 4 + 2]).toBe(copies - 1);
      });
      tf.dispose([items, queries, counts]);
    });

    it('frees the memory of disposed tensors, and a training step leaves nothing behind', () => {
      const before = backend().heap.used;
      for (let i = 0; i < 3; i++) everything();
      // The time-bucket table stays: it is built once for each divisor.
      const after = backend().heap.used;
      everything();
      expect(backend().heap.used).toBe(after);
      expect(after - before).toBeLessThan(64 * 1024);
    });

    it('reads out copies: what was read does not change when the block is reused', () => {
      const x = tf.tensor1d([1, 2, 3]);
      const read = x.dataSync();
      x.dispose();
      tf.tensor1d([7, 8, 9]).dispose();
      expect(Array.from(read)).toEqual([1, 2, 3]);
    });

    it('turns a failing task into a typed error and goes on working', () => {
      // An address past the end of memory traps in whichever thread takes the task.
      const far = 0xfff0_0000;
      expect(() => backend().pool.run(KERNEL.fill, 64, [far, 64 * 1024, 1024, 0], { 3: 1 })).toThrow(BackendError);
      expect(Array.from(tf.add(tf.tensor1d([1, 2]), tf.tensor1d([3, 4])).dataSync())).toEqual([4, 6]);
    });

    it('names an id outside the item table, and leaves nothing behind', () => {
      const before = backend().heap.used;
      const message = 'sampledSoftmaxLoss: expected negatives from 0 to 40; got 41 at position 700';
      tf.tidy(() => {
        const ids = new Int32Array(300 * 4).fill(3);
        ids[700] = 41;
        const inputs = {
          queries: values([300, 8], 0) as tf.Tensor2D,
          items: values([41, 8], 1) as tf.Tensor2D,
          positives: tf.zeros([300], 'int32') as tf.Tensor1D,
          negatives: tf.tensor2d(ids, [300, 4], 'int32'),
          temperature: 1,
        };
        expect(() => sampledSoftmaxLoss(inputs)).toThrow(message);
      });
      expect(backend().heap.used).toBe(before);
    });

    it('finds the bucket of every time difference without a logarithm', () => {
      for (const [last, divisor] of [
        [128, 0.301],
        [64, 0.301],
        [20, 1],
        [300, 0.05],
      ]) {
        const { address, shift } = bucketCells(backend(), last, divisor);
        const cells = new Uint32Array(backend().heap.memory.buffer, address, (33 << (23 - shift)) * 2 + 2);
        const bits = new Int32Array(1);
        const float = new Float32Array(bits.buffer);
        const look = (x: number): number => {
          float[0] = x;
          const cell = (bits[0] >>> shift) - (127 << (23 - shift));
          return cells[cell * 2 + 1] + (x >= cells[cell * 2] ? 1 : 0);
        };
        for (let x = 1; x < 20_000; x++)
          if (look(x) !== timeBucket(x, last, divisor)) expect([x, look(x)]).toEqual([x, timeBucket(x, last, divisor)]);
        fc.assert(
          fc.property(fc.double({ min: 0, max: 31, noNaN: true, maxExcluded: true }), (exponent) => {
            const x = Math.floor(2 ** exponent);
            expect(look(x)).toBe(timeBucket(x, last, divisor));
          }),
          { numRuns: 2000 },
        );
      }
    });

    it('gives the same gradients whether dropout was kept by the forward pass or is made again', () => {
      const offsets = tf.tensor1d([0, 150, 150, 157, 260], 'int32');
      const [q, k, v, dy] = [0, 1, 2, 3].map((phase) => values([260, 2, 9], phase));
      const shared = { q, k, v, offsets, visible: tf.tensor1d([], 'int32') };
      const attrs = { scale: 1 / 3, rate: 0.4, k0: 5, k1: 6, step: 7 };
      const gradients = (inputs: Record<string, tf.Tensor>, rate: number): Uint8Array[] =>
        (tf.engine().runKernel('CausalAttentionGrad', inputs, { ...attrs, rate }) as tf.Tensor[]).map(bytesOf);
      tf.tidy(() => {
        const [out, logSumExp] = tf.engine().runKernel('CausalAttention', shared, attrs) as tf.Tensor[];
        const copy = tf.tensor(logSumExp.dataSync(), logSumExp.shape);
        const kept = gradients({ ...shared, out, logSumExp, dy }, 0.4);
        expect(kept).toEqual(gradients({ ...shared, out, logSumExp: copy, dy }, 0.4));
        expect(kept).not.toEqual(gradients({ ...shared, out, logSumExp, dy }, 0));
      });
      tf.dispose([...Object.values(shared), dy]);
    });

    it('shares what it plans for the offsets of a batch, and no call sees what another wrote into it', () => {
      const batch = (): tf.Tensor1D => tf.tensor1d([0, 50, 50, 57, 90], 'int32');
      const times = Int32Array.from({ length: 90 }, (_, t) => t * t * 31);
      const results = (offsets: tf.Tensor1D, heads: number, buckets: number): Uint8Array[] =>
        tf.tidy(() => {
          const [q, k, v] = [0, 1, 2].map((phase) => values([90, heads, 9], phase) as tf.Tensor3D);
          const clock = tf.tensor1d(times, 'int32');
          const time = { timeWeights: values([buckets], 4) as tf.Tensor1D, queryTimes: clock, keyTimes: clock };
          const bias = { positionWeights: values([99], 3) as tf.Tensor1D, ...(buckets > 0 && { time }) };
          const attend = (x: tf.Tensor3D): tf.Tensor3D =>
            hstuAttention({ q: x, k, v, offsets, normalizer: 50, bias }) as tf.Tensor3D;
          return [attend(q), tf.grad((x) => tf.sum(attend(x as tf.Tensor3D)))(q)].map(bytesOf);
        });
      const shared = batch();
      // Buckets of up to 256 weights are kept at an address that the plan's units hold; of more they are made on the way.
      for (const [heads, buckets] of [
        [2, 129],
        [2, 301],
        [1, 129],
        [2, 0],
        [2, 129],
      ]) {
        const fresh = batch();
        expect(results(shared, heads, buckets)).toEqual(results(fresh, heads, buckets));
        fresh.dispose();
      }
      shared.dispose();
    });

    it('puts every pair into the bucket of its time difference, at the edges too, kept or made anew', () => {
      for (const [last, divisor] of [
        [128, 0.301],
        [300, 0.1],
        [40, 0.02],
      ]) {
        const firsts = Array.from({ length: 2000 }, (_, x) => x + 1).filter(
          (x) => timeBucket(x, last, divisor) > timeBucket(x - 1, last, divisor),
        );
        const late = [12, 17, 20].map((power) => {
          let x = 2 ** power;
          while (timeBucket(x, last, divisor) === timeBucket(x - 1, last, divisor) && x < 2 ** 21) x++;
          return x;
        });
        const edges = [...firsts, ...late, 2 ** 31 - 2].flatMap((x) => [x - 1, x, x + 1]);
        const distinct = [...new Set(edges)].filter((x) => x > 0).toSorted((a, b) => a - b);
        const times = Int32Array.from([0, ...distinct.slice(-199)]);
        const n = times.length;
        const weights = Float32Array.from({ length: last + 1 }, (_, b) => 1 + b);
        const out = tf.tidy(() => {
          const clock = tf.tensor1d(times, 'int32');
          const zeros = tf.zeros([n, 1, 1]) as tf.Tensor3D;
          const v = tf.reshape(tf.eye(n), [n, 1, n]) as tf.Tensor3D;
          const time = {
            timeWeights: tf.tensor1d(weights),
            queryTimes: clock,
            keyTimes: clock,
            bucketDivisor: divisor,
          };
          const bias = { positionWeights: tf.zeros([2 * n - 1]) as tf.Tensor1D, time };
          return hstuAttention({ q: zeros, k: zeros, v, offsets: tf.tensor1d([0, n], 'int32'), normalizer: 1, bias });
        });
        const values = out.dataSync();
        out.dispose();
        const wrong: number[][] = [];
        for (let i = 0; i < n; i++) {
          for (let j = 0; j <= i; j++) {
            const bucket = timeBucket(times[i] - times[j], last, divisor);
            const x = weights[bucket];
            if (Math.abs(values[i * n + j] - x / (1 + Math.exp(-x))) > 1e-3) wrong.push([times[i], times[j], bucket]);
          }
        }
        expect(wrong.slice(0, 5)).toEqual([]);
      }
    });

    it('finds the time weights of queries whose buckets lie near each other, in two places or anywhere', async () => {
      const n = 40;
      const attention = (times: Int32Array): Float32Array =>
        tf
          .tidy(() => {
            const clock = tf.tensor1d(times, 'int32');
            const [q, k, v] = [0, 1, 2].map((phase) => values([n, 1, 3], phase) as tf.Tensor3D);
            const [positionWeights, timeWeights] = [values([2 * n - 1], 3), values([65], 4)] as tf.Tensor1D[];
            const time = { timeWeights, queryTimes: clock, keyTimes: clock };
            const offsets = tf.tensor1d([0, n], 'int32');
            return hstuAttention({ q, k, v, offsets, normalizer: n, bias: { positionWeights, time } });
          })
          .dataSync() as Float32Array;
      // Pauses from none to a year: up to 57 buckets apart; times that fall, too.
      const pauses = fc.array(fc.constantFrom(0, 1, 60, 5000, 400_000, 30_000_000, -7), { minLength: n, maxLength: n });
      await fc.assert(
        fc.asyncProperty(pauses, async (gaps) => {
          let now = 1000;
          const times = Int32Array.from(gaps, (gap) => (now += gap));
          const fused = attention(times);
          await tf.setBackend('cpu');
          const composed = attention(times);
          await tf.setBackend('simd');
          for (let i = 0; i < fused.length; i++) expect(Math.abs(fused[i] - composed[i])).toBeLessThan(2e-6);
        }),
        { numRuns: 25 },
      );
    });

    it('matches the composed kernels on sequences that span several blocks', async () => {
      const fused = everything();
      await tf.setBackend('cpu');
      const composed = everything();
      await tf.setBackend('simd');
      const [a, b] = [fused, composed].map(
        (bytes) => new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4),
      );
      expect(a.length).toBe(b.length);
      let worst = 0;
      for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i] - b[i]) / Math.max(1, Math.abs(b[i])));
      expect(worst).toBeLessThan(2e-4);
    });
  });
});
