import { normals, streamKey, useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { correctedLogQSoftmax, logQSoftmax, logShares, type SampledScores, sampledSoftmax } from './logq.ts';

const problems = fc.record({
  rows: fc.integer({ min: 1, max: 5 }),
  columns: fc.integer({ min: 1, max: 6 }),
  items: fc.integer({ min: 2, max: 9 }),
  seed: fc.nat(1e6),
});

interface Problem {
  readonly positives: number[];
  readonly negatives: number[][];
  readonly counts: number[];
  readonly scores: number[];
  readonly others: number[][];
}

function problemOf({
  rows,
  columns,
  items,
  seed,
}: {
  rows: number;
  columns: number;
  items: number;
  seed: number;
}): Problem {
  const draws = normals(streamKey(seed, 'logq'), 0, 4096);
  let at = 0;
  const next = (): number => Math.fround(draws[at++]);
  const item = (): number => Math.floor(Math.abs(next()) * 1000) % items;
  const list = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
  return {
    // Some items have no count; item 0 and 1 have.
    counts: [5, 3, ...list(items - 2, item)],
    positives: list(rows, item),
    negatives: list(rows, () => list(columns, item)),
    scores: list(rows, next),
    others: list(rows, () => list(columns, next)),
  };
}

/** Value and gradients of one form, written like the formula; the weight of `new` has no gradient. */
function plain(
  problem: Problem,
  form: 'none' | 'old' | 'new',
): { losses: number[]; dScores: number[]; dOthers: number[][] } {
  const { counts, positives, negatives, scores, others } = problem;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const rows = scores.map((score, t) => {
    const left = form === 'new' ? total - counts[positives[t]] : total;
    const terms = others[t].map((s, r) => {
      const id = negatives[t][r];
      if (id === positives[t]) return 0;
      return Math.exp(form === 'none' ? s : s - Math.log(Math.max(counts[id] / left, 1e-10)));
    });
    const sum = terms.reduce((a, b) => a + b, 0);
    const n = negatives[t].filter((id) => id !== positives[t]).length;
    const own = Math.exp(score);
    if (n === 0) return { loss: 0, dScore: 0, dOthers: terms };
    if (form === 'new') {
      const weight = 1 - own / (own + sum / n);
      return { loss: -weight * Math.log(own / sum), dScore: -weight, dOthers: terms.map((e) => (weight * e) / sum) };
    }
    const whole = own + sum;
    return { loss: -Math.log(own / whole), dScore: own / whole - 1, dOthers: terms.map((e) => e / whole) };
  });
  return {
    losses: rows.map(({ loss }) => loss),
    dScores: rows.map(({ dScore }) => dScore),
    dOthers: rows.map(({ dOthers }) => dOthers),
  };
}

function ours(
  problem: Problem,
  form: 'none' | 'old' | 'new',
): { losses: number[]; dScores: number[]; dOthers: number[] } {
  const { counts, positives, negatives, scores, others } = problem;
  const shape: [number, number] = [others.length, others[0].length];
  return tf.tidy(() => {
    const valid = tf.tensor2d(
      negatives.flatMap((ids, t) => ids.map((id) => id !== positives[t])),
      shape,
      'bool',
    );
    const shares = logShares(counts, negatives.flat(), form === 'new' ? positives : undefined);
    const logQ = tf.tensor2d(shares, shape);
    const of = (given: SampledScores): tf.Tensor1D => {
      if (form === 'none') return sampledSoftmax(given);
      return form === 'old' ? logQSoftmax(given, logQ) : correctedLogQSoftmax(given, logQ);
    };
    const inputs = [tf.tensor1d(scores), tf.tensor2d(others)];
    const loss = (p: tf.Tensor, n: tf.Tensor): tf.Tensor1D =>
      of({ positive: p as tf.Tensor1D, negative: n as tf.Tensor2D, valid });
    const [dScores, dOthers] = tf.grads((p, n) => tf.sum(loss(p, n)))(inputs);
    const losses = loss(inputs[0], inputs[1]).dataSync();
    return { losses: [...losses], dScores: [...dScores.dataSync()], dOthers: [...dOthers.dataSync()] };
  });
}

describe.each(['cpu', 'simd'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it.each(['none', 'old', 'new'] as const)('%s equals its formula, value and gradients', (form) => {
    fc.assert(
      fc.property(problems, (sizes) => {
        const problem = problemOf(sizes);
        const got = ours(problem, form);
        const expected = plain(problem, form);
        for (const [t, loss] of expected.losses.entries()) {
          expect(Math.abs(got.losses[t] - loss)).toBeLessThan(1e-5 * (1 + Math.abs(loss)));
          expect(Math.abs(got.dScores[t] - expected.dScores[t])).toBeLessThan(2e-5);
        }
        for (const [i, slope] of expected.dOthers.flat().entries()) {
          expect(Math.abs(got.dOthers[i] - slope)).toBeLessThan(2e-5);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('without a mask every negative counts', () => {
    const positive = tf.tensor1d([0.3, -1]);
    const negative = tf.tensor2d([1, 2, 0, -1], [2, 2]);
    const valid = tf.fill([2, 2], 1, 'float32').cast('bool') as tf.Tensor2D;
    const logQ = tf.tensor2d([-1, -2, -3, -4], [2, 2]);
    for (const of of [sampledSoftmax, logQSoftmax, correctedLogQSoftmax]) {
      expect(of({ positive, negative }, logQ).dataSync()).toEqual(of({ positive, negative, valid }, logQ).dataSync());
    }
  });

  it('the gradient of the corrected form tends to that of the full softmax; the old one keeps its bias', () => {
    // 6 items, the positive is item 0 and is drawn often: with many negatives the mean of draws is the expectation.
    const counts = [30, 5, 10, 3, 20, 12];
    const scores = [1.2, -0.4, 0.3, 1.5, 0.1, -0.9];
    const draws = 4800;
    // As many of each item as expected, so that nothing is left to chance.
    const total = counts.reduce((sum, count) => sum + count, 0);
    const ids = counts.flatMap((count, id) => new Array<number>((count * draws) / total).fill(id));
    const problem = {
      counts,
      positives: [0],
      negatives: [ids],
      scores: [scores[0]],
      others: [ids.map((id) => scores[id])],
    };
    const sum = scores.reduce((all, score) => all + Math.exp(score), 0);
    const full = Math.exp(scores[0]) / sum - 1;
    expect(ours(problem, 'new').dScores[0]).toBeCloseTo(full, 5);
    expect(Math.abs(ours(problem, 'old').dScores[0] - full)).toBeGreaterThan(0.1);
  });
});

it('logShares: shares of counts, given that it is not the positive, at least 1e-10', () => {
  const exp = (shares: Float32Array): number[] => [...shares].map((x) => Math.exp(x));
  const [a, b] = exp(logShares([1, 3, 0, 4], [1, 3]));
  expect([a, b].map((x) => Number(x.toFixed(6)))).toEqual([0.375, 0.5]);
  const given = exp(logShares([1, 3, 0, 4], [1, 0, 1, 3], [3, 0]));
  expect(given.map((x) => Number(x.toFixed(6)))).toEqual([0.75, 0.25, 0.428571, 0.571429]);
  expect(logShares([1, 0], [1])[0]).toBeCloseTo(Math.log(1e-10), 5);
});
