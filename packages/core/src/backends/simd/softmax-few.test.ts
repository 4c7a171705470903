import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesOf, use, values } from '../../../test/simd.ts';
import { type AttentionMask, causalAttention } from '../../index.ts';
import { removeSimdBackend } from './index.ts';

const masks: readonly (AttentionMask | undefined)[] = [
  undefined,
  { maxAttentionLength: 7 },
  { maxAttentionLength: 120, globalAttentionLength: 3 },
  { contextualLength: 2 },
];

const problem = fc.record({
  // Over the blocks of 96 keys.
  sequences: fc.array(fc.record({ keys: fc.integer({ min: 1, max: 210 }), queries: fc.integer({ min: 1, max: 4 }) }), {
    minLength: 1,
    maxLength: 5,
  }),
  heads: fc.integer({ min: 1, max: 3 }),
  width: fc.integer({ min: 1, max: 70 }),
  valueWidth: fc.integer({ min: 1, max: 40 }),
  scale: fc.constantFrom(0.05, 1, 30),
  mask: fc.constantFrom(...masks),
  elsewhere: fc.boolean(),
});

type Problem = typeof problem extends fc.Arbitrary<infer T> ? T : never;

/** The newest queries of each sequence alone, their keys perhaps in other rows; and the same rows of a whole pass. */
function asked({ sequences, heads, width, valueWidth, scale, mask, elsewhere }: Problem) {
  const offsets = [0];
  for (const { keys } of sequences) offsets.push(offsets[offsets.length - 1] + keys);
  const total = offsets[sequences.length];
  const newest = sequences.flatMap(({ keys, queries }, b) =>
    Array.from({ length: Math.min(queries, keys) }, (_, i) => offsets[b + 1] - Math.min(queries, keys) + i),
  );
  const queryOffsets = [0];
  for (const { keys, queries } of sequences) queryOffsets.push(queryOffsets.at(-1)! + Math.min(queries, keys));
  // Row t of the whole pass lies at `place(t)`.
  const place = (t: number): number => (elsewhere ? total - 1 - t : t);
  const rows = Array.from({ length: total }, (_, t) => place(t));
  return tf.tidy(() => {
    const q = values([total, heads, width], 0);
    const k = values([total, heads, width], 1);
    const v = values([total, heads, valueWidth], 2);
    const at = (x: tf.Tensor, ids: readonly number[]): tf.Tensor => tf.gather(x, tf.tensor1d([...ids], 'int32'));
    const whole = causalAttention({ q, k, v, offsets: Int32Array.from(offsets), scale, ...(mask && { mask }) });
    const few = causalAttention({
      ...{ q: at(q, newest), k: at(k, rows), v: at(v, rows), scale, ...(mask && { mask }) },
      ...{ offsets: Int32Array.from(offsets), queryOffsets: Int32Array.from(queryOffsets) },
      ...(elsewhere && { keyRows: tf.tensor1d(rows, 'int32') }),
    });
    return [bytesOf(few), bytesOf(at(whole, newest))];
  });
}

describe.each(['revectorized', 'relaxed', 'plain'] as const)('softmax attention of a few queries, %s', (variant) => {
  beforeAll(() => use({ threads: 1, variant }));
  afterAll(removeSimdBackend);

  it('has the bits that the queries have in a whole pass', () => {
    fc.assert(
      fc.property(problem, (given) => {
        const [few, whole] = asked(given);
        expect(few).toEqual(whole);
      }),
      { numRuns: 120 },
    );
  });
});
