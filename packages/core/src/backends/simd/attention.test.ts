import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backend, bytesOf, use, values } from '../../../test/simd.ts';
import { causalAttention, hstuAttention } from '../../index.ts';
import { timeBucket } from '../../ops/time-bucket.ts';
import { removeSimdBackend } from './index.ts';
import { bucketCells } from './kernels/time-buckets.ts';

describe('attention on simd', () => {
  beforeAll(() => use({ threads: 2 }));
  afterAll(removeSimdBackend);

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
    const [visible, queryOffsets, keyRows] = [0, 1, 2].map(() => tf.tensor1d([], 'int32'));
    const [selfK, selfV] = [0, 1].map(() => tf.tensor1d([]));
    const shared = { q, k, v, offsets, visible, queryOffsets, keyRows, selfK, selfV };
    const attrs = { scale: 1 / 3, rate: 0.4, k0: 5, k1: 6, step: 7, first: 9 };
    const gradients = (inputs: Record<string, tf.Tensor>, changed: object): Uint8Array[] =>
      (tf.engine().runKernel('CausalAttentionGrad', inputs, { ...attrs, ...changed }) as tf.Tensor[]).map(bytesOf);
    tf.tidy(() => {
      const [out, logSumExp] = tf.engine().runKernel('CausalAttention', shared, attrs) as tf.Tensor[];
      const copy = tf.tensor(logSumExp.dataSync(), logSumExp.shape);
      const kept = gradients({ ...shared, out, logSumExp, dy }, {});
      expect(kept).toEqual(gradients({ ...shared, out, logSumExp: copy, dy }, {}));
      expect(kept).not.toEqual(gradients({ ...shared, out, logSumExp, dy }, { rate: 0 }));
      expect(kept).not.toEqual(gradients({ ...shared, out, logSumExp, dy }, { first: 8 }));
    });
    tf.dispose([...Object.values(shared), dy]);
  });

  it('gives a key that a query does not see no weight at all', () => {
    const n = 90;
    const offsets = tf.tensor1d([0, n], 'int32');
    const [q, k, v] = [0, 1, 2].map((phase) => values([n, 1, 5], phase) as tf.Tensor3D);
    const late = v.dataSync().map((x, i) => (i < 75 * 5 ? x : 1e37));
    const firsts = (v: tf.Tensor3D): Float32Array =>
      tf.tidy(() =>
        causalAttention({ q, k, v, offsets, scale: 0.5 })
          .dataSync()
          .slice(0, 75 * 5),
      ) as Float32Array;
    const huge = tf.tensor3d(late, [n, 1, 5]);
    expect(firsts(huge)).toEqual(firsts(v));
    tf.dispose([offsets, q, k, v, huge]);
  });

  it('stays finite where a query sees no key of its first blocks, whatever the scale', () => {
    const n = 300;
    const offsets = tf.tensor1d([0, n], 'int32');
    const [q, k, v] = [0, 1, 2].map((phase) => values([n, 1, 5], phase) as tf.Tensor3D);
    for (const scale of [0.5, 1, 4]) {
      const mask = { maxAttentionLength: 8 };
      const out = tf.tidy(() => causalAttention({ q, k, v, offsets, scale, mask }).dataSync());
      expect(out.every((x) => Math.abs(x) <= 1)).toBe(true);
    }
    tf.dispose([offsets, q, k, v]);
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

  it('has for a few queries that see ahead the bits of the full pass, with the bias of places after them', () => {
    const n = 40;
    const [q, k, v] = [0, 1, 2].map((phase) => values([n, 2, 5], phase) as tf.Tensor3D);
    const clock = tf.range(0, n, 1, 'int32') as tf.Tensor1D;
    const time = { timeWeights: values([9], 4) as tf.Tensor1D, queryTimes: clock, keyTimes: clock };
    const bias = { positionWeights: values([2 * n - 1], 3) as tf.Tensor1D, time };
    const all = { q, k, v, offsets: Int32Array.of(0, n), normalizer: n, bias, mask: { contextualLength: 3 } };
    const [full, few] = tf.tidy(() => [
      bytesOf(hstuAttention(all)),
      bytesOf(hstuAttention({ ...all, queryOffsets: all.offsets })),
    ]);
    expect(few).toEqual(full);
    tf.dispose([q, k, v, clock, time.timeWeights, bias.positionWeights]);
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
    const attention = (times: Int32Array): Float32Array[] =>
      tf.tidy(() => {
        const clock = tf.tensor1d(times, 'int32');
        const [q, k, v] = [0, 1, 2].map((phase) => values([n, 1, 3], phase) as tf.Tensor3D);
        const positionWeights = values([2 * n - 1], 3) as tf.Tensor1D;
        const offsets = tf.tensor1d([0, n], 'int32');
        const out = (timeWeights: tf.Tensor): tf.Tensor => {
          const time = { timeWeights: timeWeights as tf.Tensor1D, queryTimes: clock, keyTimes: clock };
          return hstuAttention({ q, k, v, offsets, normalizer: n, bias: { positionWeights, time } });
        };
        const timeWeights = values([65], 4);
        const gradient = tf.grad((w) => tf.sum(tf.mul(out(w), values([n, 1, 3], 5))))(timeWeights);
        return [out(timeWeights), gradient].map((x) => x.dataSync() as Float32Array);
      });
    // Pauses from none to a year: up to 57 buckets apart; times that fall, too.
    const pauses = fc.array(fc.constantFrom(0, 1, 60, 5000, 400_000, 30_000_000, -7, -400_000), {
      minLength: n,
      maxLength: n,
    });
    await fc.assert(
      fc.asyncProperty(pauses, async (gaps) => {
        let now = 1000;
        const times = Int32Array.from(gaps, (gap) => (now += gap));
        const fused = attention(times);
        await tf.setBackend('cpu');
        const composed = attention(times);
        await tf.setBackend('simd');
        fused.forEach((x, part) => {
          for (let i = 0; i < x.length; i++) expect(Math.abs(x[i] - composed[part][i])).toBeLessThan(2e-6);
        });
      }),
      { numRuns: 25 },
    );
  });

  it('gives the SiLU of scores of any size, and lets NaN through, forward and backward', () => {
    const scores = [0, -0, 1, -1, 86.9, -86.9, 87.1, -87.1, 300, -300, 1e6, -1e6, 3e38, Infinity, NaN];
    const n = scores.length;
    for (const scale of [1, 0.5]) {
      const [out, dq] = tf.tidy(() => {
        const k = tf.tensor3d(scores, [n, 1, 1]);
        const v = tf.ones([n, 1, 1]) as tf.Tensor3D;
        // Each a sequence of its own, so that 0 times infinity meets none of the others.
        const offsets = tf.range(0, n + 1, 1, 'int32') as tf.Tensor1D;
        const attend = (q: tf.Tensor): tf.Tensor =>
          hstuAttention({ q: q as tf.Tensor3D, k, v, offsets, normalizer: 1, scale });
        const q = tf.ones([n, 1, 1]);
        return [attend(q), tf.grad((x) => tf.sum(attend(x)))(q)].map((x) => x.dataSync());
      });
      scores.forEach((score, j) => {
        const x = scale * Math.fround(score);
        const sigma = 1 / (1 + Math.exp(-x));
        const want = [x * sigma, sigma * (1 + x * (1 - sigma)) * x];
        [out, dq].forEach((got, part) => {
          if (Number.isFinite(x))
            expect(Math.abs(got[j] - want[part])).toBeLessThanOrEqual(1e-6 * Math.abs(want[part]) + 1e-24);
          else if (part === 0 || Number.isNaN(x)) expect(got[j]).toEqual(x);
        });
      });
    }
  });
});
