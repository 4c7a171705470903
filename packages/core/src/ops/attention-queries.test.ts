import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type AttentionMask,
  type AttentionQueries,
  causalAttention,
  hstuAttention,
  ShapeError,
  UnsupportedError,
  useBackend,
} from '../index.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const offsets = Int32Array.of(0, 3, 4);
const queryOffsets = Int32Array.of(0, 1, 3);
const rows = (count: number): tf.Tensor3D => tf.zeros([count, 2, 3]);
const call = { q: rows(3), k: rows(4), v: rows(4), offsets };
const positionWeights = tf.zeros([9]);

describe('queries that are not the tokens are refused', () => {
  const cases: readonly [string, AttentionQueries & { mask?: AttentionMask }, new (m: string) => Error, RegExp][] = [
    [
      'stored rows without queries',
      { keyRows: tf.tensor1d([0, 1, 2, 3], 'int32') },
      UnsupportedError,
      /expected queryOffsets with keyRows; got none/,
    ],
    [
      'candidates without queries',
      { candidates: { k: rows(3), v: rows(3) } },
      UnsupportedError,
      /expected queryOffsets with candidates/,
    ],
    ['who sees what without queries', { sees: 'all' }, UnsupportedError, /expected queryOffsets with sees/],
    [
      'a mask beside all',
      { queryOffsets, sees: 'all', mask: { maxAttentionLength: 2 } },
      UnsupportedError,
      /no mask with sees 'all'/,
    ],
    [
      'targets beside queries',
      { queryOffsets, mask: { numTargets: [1, 0] } },
      UnsupportedError,
      /no numTargets with queryOffsets/,
    ],
    ['sequences of another number', { queryOffsets: Int32Array.of(0, 3) }, ShapeError, /B\+1/],
    ['offsets that end elsewhere', { queryOffsets: Int32Array.of(0, 1, 2) }, ShapeError, /last offset is 2/],
    [
      'fewer candidates than queries',
      { queryOffsets, candidates: { k: rows(2), v: rows(2) } },
      ShapeError,
      /candidates\.k/,
    ],
    ['fewer rows than keys', { queryOffsets, keyRows: tf.tensor1d([0, 1, 2], 'int32') }, ShapeError, /for 3 tokens/],
  ];

  it.each(cases)('%s', (_, asked, type, message) => {
    for (const run of [
      () => hstuAttention({ ...call, ...asked, normalizer: 1 }),
      () => causalAttention({ ...call, ...asked, scale: 1 }),
    ]) {
      const before = tf.memory().numTensors;
      expect(run).toThrow(type);
      expect(run).toThrow(message);
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  it('a bias of queries that see all', () => {
    const run = () => hstuAttention({ ...call, queryOffsets, sees: 'all', normalizer: 1, bias: { positionWeights } });
    expect(run).toThrow(/sees 'all'/);
  });

  it('a candidate for which the table of positions has no place', () => {
    const bias = { positionWeights: tf.zeros([5]) };
    const candidates = { k: rows(3), v: rows(3) };
    expect(() => hstuAttention({ ...call, queryOffsets, candidates, normalizer: 1, bias })).toThrow(/one of 4/);
    expect(() => hstuAttention({ ...call, queryOffsets, normalizer: 1, bias })).not.toThrow();
  });
});

it('a row that the store does not have is refused where it could be read', async () => {
  await useBackend('simd');
  for (const bad of [-1, 4]) {
    const keyRows = tf.tensor1d([0, 1, bad, 3], 'int32');
    const run = () => causalAttention({ ...call, queryOffsets, keyRows, scale: 1 });
    expect(run).toThrow(`causalAttention: expected keyRows in 0 .. 3, rows of k; got ${bad} at 2`);
  }
});
