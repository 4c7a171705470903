// Attention with the columns of a bias beside softmax(q k + b) v in float64.
import { causalAttention, normals, offsetsOf, positionIds, streamKey, useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { relativeBucket } from './relative-buckets.ts';
import { biasedQueries, placedKeys, relativePlaces } from './relative-places.ts';

const lengths = [5, 1, 9];
const offsets = offsetsOf(lengths);
const [T, H, A] = [15, 2, 3];
const drawn = (name: string, shape: number[]): number[] =>
  Array.from(
    normals(
      streamKey(3, name),
      0,
      shape.reduce((product, axis) => product * axis, 1),
    ),
    Math.fround,
  );
const [q, k, v] = ['q', 'k', 'v'].map((name) => drawn(name, [T, H, A]));
const at = (x: readonly number[], t: number, h: number): number[] => x.slice((t * H + h) * A, (t * H + h + 1) * A);

interface Case {
  readonly buckets: number;
  readonly maxDistance: number;
  readonly bothWays: boolean;
}

/** `sum((sum_j softmax_j(q_i k_j + b_ij) v_j)^2)` and its rows. */
function plain(table: readonly number[], rule: Case): { readonly rows: number[]; readonly sum: number } {
  const rows: number[] = [];
  for (const [b, length] of lengths.entries()) {
    for (let i = 0; i < length; i++) {
      for (let h = 0; h < H; h++) {
        const seen = Array.from({ length: rule.bothWays ? length : i + 1 }, (_, j) => j);
        const own = at(q, offsets[b] + i, h);
        const scores = seen.map((j) => {
          const key = at(k, offsets[b] + j, h);
          return own.reduce((sum, value, c) => sum + value * key[c], 0) + table[relativeBucket(j - i, rule) * H + h];
        });
        const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
        for (let c = 0; c < A; c++) {
          rows.push(seen.reduce((sum, j) => sum + (Math.exp(scores[j]) / total) * at(v, offsets[b] + j, h)[c], 0));
        }
      }
    }
  }
  return { rows, sum: rows.reduce((sum, value) => sum + value ** 2, 0) };
}

describe.each(['cpu', 'auto'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it.each([
    { buckets: 6, maxDistance: 7, bothWays: true },
    { buckets: 5, maxDistance: 6, bothWays: false },
    { buckets: 32, maxDistance: 128, bothWays: true },
  ])('%j: rows and the gradient of the table', (rule) => {
    const { buckets, bothWays } = rule;
    const table = drawn('table', [buckets, H]);
    const attend = (of: tf.Tensor2D): tf.Tensor3D => {
      const places = relativePlaces(of, { ...rule, positions: positionIds(offsets), count: 9 });
      const [queries, keys, values] = [q, k, v].map((x) => tf.tensor3d(x, [T, H, A]));
      return causalAttention({
        ...{ q: biasedQueries(queries, places), k: placedKeys(keys, places), v: values, offsets, scale: 1 },
        ...(bothWays && { mask: { bidirectional: true } }),
      });
    };
    const [rows, gradient] = tf.tidy(() => {
      const given = tf.tensor2d(table, [buckets, H]);
      const slope = tf.grad((of: tf.Tensor) => tf.sum(tf.square(attend(of as tf.Tensor2D))))(given);
      return [attend(given), slope].map((each) => Array.from(each.dataSync()));
    });
    for (const [i, value] of plain(table, rule).rows.entries()) expect(rows[i]).toBeCloseTo(value, 5);
    for (const i of table.keys()) {
      const [above, below] = [1e-5, -1e-5].map((step) => plain(table.with(i, table[i] + step), rule).sum);
      expect(gradient[i]).toBeCloseTo((above - below) / 2e-5, 4);
    }
  });
});
