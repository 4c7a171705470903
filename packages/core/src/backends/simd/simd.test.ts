import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backend, bytesOf, use, values } from '../../../test/simd.ts';
import { BackendError } from '../../errors.ts';
import {
  causalAttention,
  embedTokens,
  gatedNormLinear,
  hstuAttention,
  layerNorm,
  linearLayer,
  linearLayerAndSkip,
  logSumExpScores,
  normSiluSplit,
  rankCounts,
  sampledSoftmaxLoss,
  topItemTensors,
  uniformIntegers,
} from '../../index.ts';
import { streamKey } from '../../random/streams.ts';
import { registerSimdBackend, removeSimdBackend } from './index.ts';

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
    const { y: hidden, skip } = linearLayerAndSkip({ ...inner, activation: 'relu', dropout });
    return tf.mul(linearLayer({ ...inner, x: hidden, dropout, residual: skip }), 0.01);
  })([values([tokens, width], 18), values([width, width], 19), values([width], 20)]);
  const [ids, positions] = [29, 7].map((rows) => tf.tensor1d(integers(tokens, rows), 'int32'));
  const input = tf.grads((table: tf.Tensor, rows: tf.Tensor) => {
    const places = { table: rows as tf.Tensor2D, ids: positions };
    return tf.mul(embedTokens({ table: table as tf.Tensor2D, ids, scale: 3, places, dropout }), 0.01);
  })([values([29, width], 21), values([7, width], 22)]);
  return [...into, ...out, ...map, ...input];
}

/** `count` rows of a table of `rows`. */
function integers(count: number, rows: number): Int32Array {
  return Int32Array.from({ length: count }, (_, t) => (t * t) % rows);
}

/** Losses and gradients of the fused ops on sequences that span several blocks, as bytes. */
function everything(lengths: readonly number[] = [300, 0, 1, 17, 523, 64]): Uint8Array {
  const longest = Math.max(...lengths);
  const offsets = Int32Array.from([0, ...lengths.map((_, b) => lengths.slice(0, b + 1).reduce((s, l) => s + l, 0))]);
  const tokens = offsets[lengths.length];
  const times = Int32Array.from({ length: tokens }, (_, t) => t * 37);
  const results: Uint8Array[] = [];
  // Nothing is handed through: `tidy` walks what it is given, and a typed array number by number.
  tf.tidy(() => {
    const [q, k, v] = [
      values([tokens, 2, 10], 0),
      values([tokens, 2, 10], 1),
      values([tokens, 2, 7], 2),
    ] as tf.Tensor3D[];
    const position = values([2 * longest - 1], 3) as tf.Tensor1D;
    const time = values([65], 4) as tf.Tensor1D;
    const at = tf.tensor1d(offsets, 'int32');
    const clock = tf.tensor1d(times, 'int32');
    const hstu = tf.grads((q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, p: tf.Tensor, w: tf.Tensor) =>
      hstuAttention({
        q: q as tf.Tensor3D,
        k: k as tf.Tensor3D,
        v: v as tf.Tensor3D,
        offsets: at,
        normalizer: longest,
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
    const sums = tf.grads((a: tf.Tensor, b: tf.Tensor) => logSumExpScores({ queries: a, items: b }))([
      values([tokens, 20], 5),
      values([500, 20], 6),
    ]);
    const product = tf.matMul(values([64, 9000], 7) as tf.Tensor2D, values([9000, 50], 8) as tf.Tensor2D);
    const [users, items] = [values([2000, 13], 9), values([1500, 13], 10)];
    const targets = Int32Array.from({ length: 2000 }, (_, b) => b % 1500);
    const ranking = [
      rankCounts({ queries: users, items, targets }),
      ...topItemTensors({ queries: users, items, k: 20 }),
    ];
    const all = [
      ...hstu,
      ...softmax,
      ...loss,
      ...sums,
      ...layer(tokens, 13),
      ...layer(100, LARGE),
      product,
      ...ranking,
    ];
    results.push(...all.map(bytesOf));
  });
  return new Uint8Array(Buffer.concat(results));
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

  it('keeps nothing of a kernel that throws', async () => {
    await use({ threads: 2 });
    const [q, k, v] = [2, 3, 3].map((rows) => values([rows, 2, 4], rows)) as tf.Tensor3D[];
    const offsets = Int32Array.of(0, 2);
    const keyRows = tf.tensor1d([0, 7], 'int32');
    const ask = () => causalAttention({ q, k, v, offsets, queryOffsets: offsets, keyRows, scale: 1 });
    const held = (): number[] => [backend().heap.used, tf.memory().numTensors];
    expect(ask).toThrow('keyRows');
    const before = held();
    expect(ask).toThrow('keyRows');
    expect(held()).toEqual(before);
    tf.dispose([q, k, v, keyRows]);
  });

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

    it.each([['relu'], ['gelu'], [undefined]] as const)(
      'a linear layer of normed rows is the norm and the layer, bit for bit (%s)',
      (activation) => {
        const [tokens, width, outputs] = [300, 50, 37];
        const norm = { epsilon: 1e-8 };
        const dropout = { rate: 0.25, stream: { key: streamKey(5, 'linear'), step: 3 } };
        const gradients = (whole: boolean): tf.Tensor[] =>
          tf.grads((x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) => {
            const rows = x as tf.Tensor2D;
            const from = whole ? { x: rows, norm } : { x: layerNorm(rows, norm) };
            const map = { ...from, w: w as tf.Tensor2D, b: b as tf.Tensor1D, activation, dropout };
            const { y, skip } = linearLayerAndSkip(map);
            return tf.concat([y, skip], 1);
          })([values([tokens, width], 1), values([outputs, width], 2), values([outputs], 3)]);
        tf.tidy(() => {
          const [whole, parts] = [true, false].map((fused) => Buffer.concat(gradients(fused).map(bytesOf)));
          expect(Buffer.compare(whole, parts)).toBe(0);
        });
      },
    );

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
        const positives = tf.tensor1d(new Int32Array(300).fill(3).fill(-1, 299), 'int32');
        const drawn = { count: 1200, low: 2, bound: 40, stream: { key: streamKey(5, 'ids'), step: 0 } };
        const negatives = tf.reshape(uniformIntegers(drawn), [300, 4]) as tf.Tensor2D;
        expect(() => sampledSoftmaxLoss({ ...inputs, positives, negatives })).toThrow(
          'sampledSoftmaxLoss: expected positives from 0 to 40; got -1 at position 299',
        );
        expect(() => sampledSoftmaxLoss({ ...inputs, negatives })).toThrow(
          'sampledSoftmaxLoss: expected negatives from 0 to 40; got 41',
        );
        const tokens = tf.tensor1d([3, 0, 8], 'int32');
        const table = values([9, 8], 2) as tf.Tensor2D;
        const places = { table: values([8, 8], 3) as tf.Tensor2D, ids: tokens };
        expect(() => embedTokens({ table: places.table, ids: tokens })).toThrow(
          'embedTokens: expected ids from 0 to 7; got 8 at position 2 of 3, table [8,8]',
        );
        expect(() => embedTokens({ table, ids: tokens, places })).toThrow(
          'embedTokens, places: expected ids from 0 to 7',
        );
      });
      expect(backend().heap.used).toBe(before);
    });

    it('matches the composed kernels on sequences that span several blocks', async () => {
      // Shorter than by default: the composed kernels take all pairs, and blocks are of 64 queries and 96 keys.
      const lengths = [70, 0, 1, 17, 133, 64];
      const fused = everything(lengths);
      await tf.setBackend('cpu');
      const composed = everything(lengths);
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
