import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sees } from '../reference/index.ts';
import { globalKeys, visibleKeys } from './attention-mask.ts';

const parts = fc.record({
  length: fc.integer({ min: 0, max: 14 }),
  targetShare: fc.double({ min: 0, max: 1, noNaN: true }),
  maxAttentionLength: fc.integer({ min: 0, max: 6 }),
  contextualLength: fc.integer({ min: 0, max: 5 }),
  minFullAttentionLength: fc.integer({ min: 0, max: 5 }),
  globalAttentionLength: fc.constantFrom(0, 0, 1, 2, 4),
  bidirectional: fc.boolean(),
});

it('says for every pair what the rule says', () => {
  fc.assert(
    fc.property(parts, ({ length, targetShare, ...rule }) => {
      const targets = Math.floor(length * targetShare);
      const window = rule.maxAttentionLength || undefined;
      const globalAttentionLength = window === undefined ? 0 : rule.globalAttentionLength;
      const given = { ...rule, maxAttentionLength: window, globalAttentionLength, numTargets: [0, targets] };
      const ranges = tf.tidy(() => visibleKeys('op', given, tf.tensor1d([0, 1, 1 + length], 'int32')).dataSync());
      for (let i = 0; i < length; i++) {
        for (let j = 0; j < length; j++) {
          const first = globalKeys('op', given).globalKeys ?? 0;
          const visible = i === j || ((ranges[2 + 2 * i] <= j || j < first) && j < ranges[3 + 2 * i]);
          const wanted = sees({ ...rule, numTargets: [] }, length, targets, i, j);
          if (visible !== wanted) throw new Error(`query ${i}, key ${j}: expected ${wanted}; got ${visible}`);
        }
      }
    }),
    { numRuns: 500 },
  );
});

it('names a length that is no whole number, and targets that do not fit', () => {
  const offsets = tf.tensor1d([0, 3], 'int32');
  expect(() => visibleKeys('op', { maxAttentionLength: 0 }, offsets)).toThrow(
    'op: expected maxAttentionLength to be a whole number of at least 1; got 0',
  );
  expect(() => globalKeys('op', { globalAttentionLength: 2 })).toThrow(
    'op: expected globalAttentionLength with maxAttentionLength; got 2 alone',
  );
  expect(() => visibleKeys('op', { numTargets: [4] }, offsets)).toThrow(
    'op: expected from 0 to 3 targets in sequence 0 of 3 tokens; got 4',
  );
  expect(() => visibleKeys('op', { numTargets: [1, 1] }, offsets)).toThrow(
    'op: expected numTargets [B] for 1 sequences; got 2; give one number a sequence',
  );
});
