import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { clipByGlobalNorm, UnsupportedError, useBackend } from '../index.ts';

const entries = fc.array(fc.float({ min: -8, max: 8, noNaN: true }), { minLength: 1, maxLength: 30 });

describe.each(['cpu', 'simd', 'wasm'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it('equals plain loops, and keeps the bits of gradients that are short enough', () => {
    fc.assert(
      fc.property(
        fc.array(entries, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(1e-3, 0.5, 3, 1e4),
        (lists, most) => {
          const before = tf.memory().numTensors;
          const given = Object.fromEntries(lists.map((list, i) => [`w${i}`, tf.tensor1d(list)]));
          const { gradients, norm } = clipByGlobalNorm(given, most);
          const length = Math.sqrt(lists.flat().reduce((sum, g) => sum + Math.fround(g) ** 2, 0));
          const factor = Math.min(1, most / (length + 1e-6));
          // Squares below the smallest float32 vanish.
          expect(Math.abs(norm.dataSync()[0] - length)).toBeLessThanOrEqual(1e-6 * length + 1e-18);
          expect(Object.keys(gradients)).toEqual(Object.keys(given));
          for (const [i, list] of lists.entries()) {
            const got = gradients[`w${i}`].dataSync();
            if (factor === 1) expect(got).toEqual(given[`w${i}`].dataSync());
            for (const [at, g] of list.entries())
              expect(Math.abs(got[at] - g * factor)).toBeLessThan(1e-6 * (1 + Math.abs(g)));
          }
          tf.dispose([given, gradients, norm]);
          expect(tf.memory().numTensors).toBe(before);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('takes rows of a table for the dense gradient that they are', () => {
    const rows = tf.tensor2d([3, 0, 0, 4], [2, 2]);
    const table = tf.tensor2d([0, 0, 3, 0, 0, 0, 0, 4], [4, 2]);
    const [sparse, dense] = [clipByGlobalNorm({ rows }, 1), clipByGlobalNorm({ table }, 1)];
    expect(sparse.norm.dataSync()).toEqual(dense.norm.dataSync());
    expect(Array.from(sparse.gradients.rows.dataSync().subarray(0, 1))).toEqual(
      Array.from(dense.gradients.table.dataSync().subarray(2, 3)),
    );
    tf.dispose([rows, table, sparse.gradients, sparse.norm, dense.gradients, dense.norm]);
  });

  it('hides no gradient that is not a number', () => {
    const { gradients, norm } = clipByGlobalNorm({ a: tf.tensor1d([Number.NaN, 1]), b: tf.tensor1d([1e6]) }, 1);
    expect([...norm.dataSync(), ...gradients.a.dataSync(), ...gradients.b.dataSync()]).toEqual(
      new Array(4).fill(Number.NaN),
    );
  });

  it('leaves nothing as nothing', () => {
    const { gradients, norm } = clipByGlobalNorm({ w: tf.zeros([3]) }, 0.5);
    expect([norm.dataSync()[0], ...gradients.w.dataSync()]).toEqual([0, 0, 0, 0]);
  });
});

it.each([0, -1, Number.NaN])('refuses a norm of %s', (maxNorm) => {
  expect(() => clipByGlobalNorm({}, maxNorm)).toThrow(UnsupportedError);
  expect(() => clipByGlobalNorm({}, maxNorm)).toThrow(`clipByGlobalNorm: expected maxNorm > 0; got ${maxNorm}`);
});
