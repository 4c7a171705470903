import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  assignRows,
  causalAttention,
  DTypeError,
  dropout,
  embedding,
  gatedNorm,
  gatedNormLinear,
  gatedRecurrence,
  hstuAttention,
  l2Normalize,
  layerNorm,
  linear,
  linearBlocks,
  linearLayer,
  normSiluSplit,
  ShapeError,
  sampledScores,
  sampledSoftmaxLoss,
  silu,
  siluSplit,
  streamKey,
  UnsupportedError,
  uniformIntegers,
} from '../index.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const stream = { key: streamKey(1, 'test'), step: 0 };
const offsets = Int32Array.of(0, 3, 4);
const heads = (width: number) => tf.zeros([4, 2, width]);
const wayOut = () => ({
  ...{ u: tf.zeros([2, 3]) as tf.Tensor2D, x: tf.zeros([2, 3]) as tf.Tensor2D, w: tf.zeros([4, 3]) as tf.Tensor2D },
  ...{ b: tf.zeros([4]) as tf.Tensor1D, residual: tf.zeros([2, 4]) as tf.Tensor2D },
});
const ids = (...values: number[]) => tf.tensor1d(values, 'int32');

describe('refusals, word for word', () => {
  const cases: [string, () => unknown, new (message: string) => Error, string][] = [
    [
      'an integer input',
      () => silu(ids(1, 2)),
      DTypeError,
      "silu: expected x to be float32; got x=int32[2]; cast it with tf.cast(x, 'float32')",
    ],
    [
      'a scalar to normalise',
      () => layerNorm(tf.scalar(1)),
      ShapeError,
      'layerNorm: expected x [..., D]; got x=float32[]; x has rank 0, at least 1 is needed',
    ],
    [
      'no epsilon',
      () => l2Normalize(tf.zeros([2]), { epsilon: 0 }),
      UnsupportedError,
      'l2Normalize: expected a positive epsilon; got 0; a row of zeros would divide by zero',
    ],
    [
      'a rate of one',
      () => dropout(tf.zeros([2]), { rate: 1, stream }),
      UnsupportedError,
      'dropout: expected a dropout rate in [0, 1); got 1; 0 turns dropout off',
    ],
    [
      'a stream that begins before its first word',
      () => dropout(tf.zeros([2]), { rate: 0.5, stream: { ...stream, first: -1 } }),
      UnsupportedError,
      'dropout: expected the first number of a stream to be whole, from 0 to 2^52; got first=-1; count the elements before the part',
    ],
    [
      'a stream that begins inside a word',
      () => uniformIntegers({ count: 3, low: 1, bound: 2, stream: { ...stream, first: 0.5 } }),
      UnsupportedError,
      'uniformIntegers: expected the first number of a stream to be whole, from 0 to 2^52; got first=0.5; count the elements before the part',
    ],
    [
      'a stream that begins too late for attention',
      () => {
        const [q, dropout] = [heads(3), { rate: 0.5, stream: { ...stream, first: 2 ** 32 - 3 } }];
        return causalAttention({ q, k: q, v: q, offsets, scale: 1, dropout });
      },
      UnsupportedError,
      'causalAttention: expected stream.first + T H of at most 2^32; got first=4294967293, T=4, H=2; first is the number of rows before the part times H',
    ],
    [
      'steps that grow',
      () => gatedRecurrence(tf.zeros([3, 6]), { weight: tf.zeros([6, 2]), bias: tf.zeros([6]) }, [1, 2]),
      ShapeError,
      'gatedRecurrence: expected sizes of positive integers that never rise, with the sum T = 3; got [1, 2]; a sequence that has ended does not go on',
    ],
    [
      'recurrent weights of two gates',
      () => gatedRecurrence(tf.zeros([3, 4]), { weight: tf.zeros([4, 2]), bias: tf.zeros([4]) }, [2, 1]),
      ShapeError,
      'gatedRecurrence: expected weight [3 E, E]; got weight=float32[4,2]; three gates of E rows',
    ],
    [
      'states for more rows than a first step has',
      () =>
        gatedRecurrence(tf.zeros([3, 6]), { weight: tf.zeros([6, 2]), bias: tf.zeros([6]) }, [2, 1], tf.zeros([3, 2])),
      ShapeError,
      'gatedRecurrence: expected initial [sizes[0], E]; got initial=float32[3,2], sizes[0]=2; one state for each row of the first step',
    ],
    [
      'a gradient of sequences that go on',
      () =>
        tf.grad((x) => gatedRecurrence(x, { weight: tf.zeros([6, 2]), bias: tf.zeros([6]) }, [2, 1], tf.zeros([2, 2])))(
          tf.zeros([3, 6]),
        ),
      UnsupportedError,
      'gatedRecurrence: expected no gradient with initial; got one asked for; train on whole sequences, without initial',
    ],
    [
      'a block of rows that leaves its table',
      () => assignRows(tf.zeros([3, 2]), tf.zeros([2, 2]), 2),
      ShapeError,
      'assignRows: expected a table [I, D] and rows [n, D] with at + n <= I, or with n different rows in at; got table=float32[3,2], rows=float32[2,2], at=2; the block leaves the table',
    ],
    [
      'rows assigned twice',
      () => assignRows(tf.zeros([3, 2]), tf.zeros([3, 2]), Int32Array.of(2, 0, 2)),
      ShapeError,
      'assignRows: expected a table [I, D] and rows [n, D] with at + n <= I, or with n different rows in at; got table=float32[3,2], rows=float32[3,2], at=int32[3]; row 2 is given a second time by at[2]',
    ],
    [
      'a row assigned past the table',
      () => assignRows(tf.zeros([3, 2]), tf.zeros([1, 2]), Int32Array.of(3)),
      ShapeError,
      'assignRows: expected a table [I, D] and rows [n, D] with at + n <= I, or with n different rows in at; got table=float32[3,2], rows=float32[1,2], at=int32[1]; at[0] = 3 is no row of the table',
    ],
    [
      'fewer places than rows',
      () => assignRows(tf.zeros([3, 2]), tf.zeros([2, 2]), Int32Array.of(1)),
      ShapeError,
      'assignRows: expected a table [I, D] and rows [n, D] with at + n <= I, or with n different rows in at; got table=float32[3,2], rows=float32[2,2], at=int32[1]; there are 2 rows for 1 places',
    ],
    [
      'blocks that do not add up',
      () => siluSplit(tf.zeros([2, 5]), [2, 2]),
      ShapeError,
      'siluSplit: expected z [T, E] and sizes of positive integers with the sum E; got z=float32[2,5], sizes=[2, 2]; their sum is 4',
    ],
    [
      'an empty block',
      () => siluSplit(tf.zeros([2, 5]), [5, 0]),
      ShapeError,
      'siluSplit: expected z [T, E] and sizes of positive integers with the sum E; got z=float32[2,5], sizes=[5, 0]; leave empty blocks out',
    ],
    [
      'half a column',
      () => siluSplit(tf.zeros([2, 5]), [2.5, 2.5]),
      ShapeError,
      'siluSplit: expected z [T, E] and sizes of positive integers with the sum E; got z=float32[2,5], sizes=[2.5, 2.5]; a block has whole columns',
    ],
    [
      'a split of a vector',
      () => siluSplit(tf.zeros([5]) as unknown as tf.Tensor2D, [5]),
      ShapeError,
      'siluSplit: expected z [T, E]; got z=float32[5]; z has rank 1, not 2',
    ],
    [
      'a projection whose blocks do not add up',
      () => normSiluSplit(tf.zeros([2, 3]), tf.zeros([3, 5]), [2, 2]),
      ShapeError,
      'normSiluSplit: expected w [D, E] and sizes of positive integers with the sum E; got w=float32[3,5], sizes=[2, 2]; their sum is 4',
    ],
    [
      'a projection of other rows',
      () => normSiluSplit(tf.zeros([2, 3]), tf.zeros([4, 5]), [5]),
      ShapeError,
      'normSiluSplit: expected x [T, D], w [D, E]; got x=float32[2,3], w=float32[4,5]; w has D = 4, expected D = 3',
    ],
    [
      'a residual of another width',
      () => gatedNormLinear({ ...wayOut(), residual: tf.zeros([2, 5]) }),
      ShapeError,
      'gatedNormLinear: expected u [T, C], x [T, C], w [D, C], b [D], residual [T, D]; got u=float32[2,3], x=float32[2,3], w=float32[4,3], b=float32[4], residual=float32[2,5]; residual has D = 5, expected D = 4',
    ],
    [
      'a linear layer of rows normed without epsilon',
      () => linearLayer({ x: tf.zeros([2, 3]), w: tf.zeros([4, 3]), norm: { epsilon: 0 } }),
      UnsupportedError,
      'linearLayer: expected a positive epsilon of the norm; got 0',
    ],
    [
      'a linear layer of another width',
      () => linearLayer({ x: tf.zeros([2, 3]), w: tf.zeros([4, 5]) }),
      ShapeError,
      'linearLayer: expected x [T, D], w [E, D]; got x=float32[2,3], w=float32[4,5]; w has D = 5, expected D = 3',
    ],
    [
      'a residual after an activation',
      () => linearLayer({ x: tf.zeros([2, 3]), w: tf.zeros([4, 3]), activation: 'relu', residual: tf.zeros([2, 4]) }),
      UnsupportedError,
      "linearLayer: expected no residual after an activation; got activation 'relu' and a residual; add it with tf.add",
    ],
    [
      'blocks that do not add up',
      () => linearBlocks({ x: tf.zeros([2, 3]), w: tf.zeros([5, 3]) }, [2, 2]),
      ShapeError,
      'linearBlocks: expected w [E, D] and sizes of positive integers with the sum E; got w=float32[5,3], sizes=[2, 2]; their sum is 4',
    ],
    [
      'dropout of everything on the way out',
      () => gatedNormLinear({ ...wayOut(), dropout: { rate: 1, stream } }),
      UnsupportedError,
      'gatedNormLinear: expected a dropout rate in [0, 1); got 1; 0 turns dropout off',
    ],
    [
      'a gate of another width',
      () => gatedNorm(tf.zeros([2, 4]), tf.zeros([2, 5])),
      ShapeError,
      'gatedNorm: expected u [..., D], x [..., D]; got u=float32[2,4], x=float32[2,5]; x has D = 5, expected D = 4',
    ],
    [
      'a gate of fewer rows',
      () => gatedNorm(tf.zeros([1, 5]), tf.zeros([2, 5])),
      ShapeError,
      'gatedNorm: expected u and x of one shape [..., D]; got u=float32[1,5], x=float32[2,5]; nothing is broadcast',
    ],
    [
      'an integer gate',
      () => gatedNorm(tf.zeros([2, 5], 'int32'), tf.zeros([2, 5])),
      DTypeError,
      "gatedNorm: expected u to be float32; got u=int32[2,5]; cast it with tf.cast(u, 'float32')",
    ],
    [
      'a gated norm without epsilon',
      () => gatedNorm(tf.zeros([2, 5]), tf.zeros([2, 5]), { epsilon: -1 }),
      UnsupportedError,
      'gatedNorm: expected a positive epsilon; got -1; a row of zeros would divide by zero',
    ],
    [
      'a gated norm that drops everything',
      () => gatedNorm(tf.zeros([2, 5]), tf.zeros([2, 5]), { dropout: { rate: 1, stream } }),
      UnsupportedError,
      'gatedNorm: expected a dropout rate in [0, 1); got 1; 0 turns dropout off',
    ],
    [
      'float ids',
      () => embedding(tf.zeros([3, 2]), tf.zeros([4])),
      DTypeError,
      "embedding: expected ids to be int32; got ids=float32[4]; cast it with tf.cast(ids, 'int32')",
    ],
    [
      'widths that differ',
      () => linear(tf.zeros([3, 2]), tf.zeros([3, 2])),
      ShapeError,
      'linear: expected x [T, D], w [D, E]; got x=float32[3,2], w=float32[3,2]; w has D = 3, expected D = 2',
    ],
    [
      'a bias of another width',
      () => linear(tf.zeros([3, 2]), tf.zeros([2, 5]), tf.zeros([2])),
      ShapeError,
      'linear: expected x [T, D], w [D, E], b [E]; got x=float32[3,2], w=float32[2,5], b=float32[2]; b has E = 2, expected E = 5',
    ],
    [
      'keys of another width',
      () => hstuAttention({ q: heads(3), k: heads(4), v: heads(5), offsets, normalizer: 4 }),
      ShapeError,
      'hstuAttention: expected q [T, H, A], k [T, H, A], v [T, H, C], offsets [B+1]; got q=float32[4,2,3], k=float32[4,2,4], v=float32[4,2,5], offsets=int32[3]; k has A = 4, expected A = 3',
    ],
    [
      'offsets of another batch',
      () => hstuAttention({ q: heads(3), k: heads(3), v: heads(5), offsets: Int32Array.of(0, 3), normalizer: 4 }),
      ShapeError,
      'hstuAttention: expected offsets [B+1] that start at 0, never fall and end at the number of tokens; got int32[2] for 4 tokens; the last offset is 3',
    ],
    [
      'a position table that is too short',
      () =>
        hstuAttention({
          q: heads(3),
          k: heads(3),
          v: heads(5),
          offsets,
          normalizer: 4,
          bias: { positionWeights: tf.zeros([3]) },
        }),
      ShapeError,
      'hstuAttention: expected sequences of at most n = 2 tokens, as positionWeights has 2n-1 = 3 entries; got one of 3; make the table longer or the windows shorter',
    ],
    [
      'a position table of even length',
      () =>
        hstuAttention({
          q: heads(3),
          k: heads(3),
          v: heads(5),
          offsets,
          normalizer: 4,
          bias: { positionWeights: tf.zeros([8]) },
        }),
      ShapeError,
      'hstuAttention: expected q [T, H, A], k [T, H, A], v [T, H, C], offsets [B+1], positionWeights [2n-1]; got q=float32[4,2,3], k=float32[4,2,3], v=float32[4,2,5], offsets=int32[3], positionWeights=float32[8]; positionWeights has an even length, n is the longest sequence',
    ],
    [
      'no normalizer',
      () => hstuAttention({ q: heads(3), k: heads(3), v: heads(5), offsets, normalizer: 0 }),
      UnsupportedError,
      'hstuAttention: expected a positive normalizer; got 0; use the padded maximum length of the recipe',
    ],
    [
      'a bias of queries that stand nowhere',
      () =>
        hstuAttention({
          ...{ q: heads(3), k: heads(3), v: heads(5), offsets, queryOffsets: offsets, normalizer: 4 },
          sees: 'all',
          bias: { positionWeights: tf.zeros([7]) },
        }),
      UnsupportedError,
      "hstuAttention: expected no bias with sees 'all'; got one; queries that see everything stand nowhere, so no key has a distance",
    ],
    [
      'float offsets',
      () => causalAttention({ q: heads(3), k: heads(3), v: heads(5), offsets: tf.zeros([3]), scale: 1 }),
      DTypeError,
      "causalAttention: expected offsets to be int32; got offsets=float32[3]; cast it with tf.cast(offsets, 'int32')",
    ],
    [
      'values of another length',
      () => causalAttention({ q: heads(3), k: heads(3), v: tf.zeros([5, 2, 3]), offsets, scale: 1 }),
      ShapeError,
      'causalAttention: expected q [T, H, A], k [T, H, A], v [T, H, C], offsets [B+1]; got q=float32[4,2,3], k=float32[4,2,3], v=float32[5,2,3], offsets=int32[3]; v has T = 5, expected T = 4',
    ],
    [
      'negatives for another batch',
      () =>
        sampledSoftmaxLoss({
          queries: tf.zeros([2, 3]),
          items: tf.zeros([9, 3]),
          positives: ids(1, 2),
          negatives: tf.zeros([3, 4], 'int32'),
          temperature: 1,
        }),
      ShapeError,
      'sampledSoftmaxLoss: expected queries [T, D], items [I, D], positives [T], negatives [T, R]; got queries=float32[2,3], items=float32[9,3], positives=int32[2], negatives=int32[3,4]; negatives has T = 3, expected T = 2',
    ],
    [
      'ids for other queries',
      () => sampledScores(tf.zeros([2, 3]), tf.zeros([9, 3]), tf.zeros([3, 4], 'int32')),
      ShapeError,
      'sampledScores: expected queries [P, D], items [I, D], ids [P, R]; got queries=float32[2,3], items=float32[9,3], ids=int32[3,4]; ids has P = 3, expected P = 2',
    ],
    [
      'no range',
      () => uniformIntegers({ count: 3, low: 1, bound: 0, stream }),
      UnsupportedError,
      'uniformIntegers: expected integers with count >= 0, bound from 1 to 2^32 - 1 and low .. low + bound - 1 inside int32; got count=3, low=1, bound=0; bound is the number of values, not the largest',
    ],
  ];
  it.each(cases)('%s', (_, run, type, message) => {
    let error: unknown;
    try {
      run();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(type);
    expect((error as Error).message).toBe(message);
  });
});

it('a refusal leaves no tensor behind', () => {
  const [q, k, v] = [heads(3), heads(4), heads(5)];
  const before = tf.memory().numTensors;
  expect(() => hstuAttention({ q, k, v, offsets, normalizer: 4 })).toThrow(ShapeError);
  expect(tf.memory().numTensors).toBe(before);
});

it('dropout at rate 0 is the identity, also for gradients', () => {
  const x = tf.tensor1d([1, 2, 3]);
  const identity = (y: tf.Tensor) => dropout(y, { rate: 0, stream });
  expect(Array.from(identity(x).dataSync())).toEqual([1, 2, 3]);
  expect(
    Array.from(
      tf
        .grad((y: tf.Tensor) => tf.sum(identity(y)))(x)
        .dataSync(),
    ),
  ).toEqual([1, 1, 1]);
});

it('the fused layer steps equal the ops they are made of, bit for bit on cpu', () => {
  const z = tf.randomNormal([5, 7], 0, 1, 'float32', 3) as tf.Tensor2D;
  const parts = siluSplit(z, [3, 4]).map((y) => y.dataSync());
  expect(parts).toEqual(tf.split(silu(z), [3, 4], 1).map((y) => y.dataSync()));
  const rows = tf.randomNormal([5, 6], 0, 1, 'float32', 6) as tf.Tensor2D;
  const w = tf.randomNormal([6, 7], 0, 1, 'float32', 7) as tf.Tensor2D;
  const { blocks, skip } = normSiluSplit(rows, w, [3, 4]);
  const split = siluSplit(tf.matMul(layerNorm(rows), w), [3, 4]);
  expect(blocks.map((y) => y.dataSync())).toEqual(split.map((y) => y.dataSync()));
  expect(skip.dataSync()).toEqual(rows.dataSync());
  const u = tf.randomNormal([2, 5, 6], 0, 1, 'float32', 4);
  const x = tf.randomNormal([2, 5, 6], 0, 1, 'float32', 5);
  const options = { rate: 0.3, stream };
  const fused = (a: tf.Tensor, b: tf.Tensor) => gatedNorm(a, b, { dropout: options });
  const apart = (a: tf.Tensor, b: tf.Tensor) => dropout(tf.mul(a, layerNorm(b)), options);
  expect(fused(u, x).dataSync()).toEqual(apart(u, x).dataSync());
  const gradients = (op: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor) =>
    tf
      .grads(op)([u, x])
      .map((g) => g.dataSync());
  expect(gradients(fused)).toEqual(gradients(apart));
});

it('offsets may be a tensor, with the same result', () => {
  const q = tf.randomNormal([4, 2, 3], 0, 1, 'float32', 1);
  const options = { q, k: q, v: q, normalizer: 4 };
  const host = hstuAttention({ ...options, offsets });
  const device = hstuAttention({ ...options, offsets: tf.tensor1d(offsets, 'int32') });
  expect(device.dataSync()).toEqual(host.dataSync());
});

it('an input used twice gets both gradients', () => {
  const x = tf.randomNormal([4, 1, 3], 0, 1, 'float32', 2);
  const attend = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) =>
    tf.sum(tf.square(causalAttention({ q, k, v, offsets, scale: 1 })));
  const together = tf
    .grad((y: tf.Tensor) => attend(y, y, y))(x)
    .dataSync();
  const apart = tf.grads((a, b, c) => attend(a, b, c))([x, tf.clone(x), tf.clone(x)]);
  const sum = tf.addN(apart).dataSync();
  for (let i = 0; i < sum.length; i++) expect(together[i]).toBeCloseTo(sum[i], 4);
});
