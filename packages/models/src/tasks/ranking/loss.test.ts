import { integers, normals, streamKey, uniform01, useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { productLogitOf } from './conditional.ts';
import type { LabelConfig } from './config.ts';
import { type Head, headsOf } from './heads.ts';
import { type RowTruth, rankingLoss } from './loss.ts';
import { predictionOf } from './losses.ts';
import { plainRankingLoss } from './test-support/plain.ts';

const ROWS = 12;
const key = (name: string) => streamKey(7, name);
const clicks = (name: string): Float32Array => Float32Array.from(integers(key(name), 0, ROWS, 0, 2));
const click = clicks('click');
const numbers = (name: string, of: (u: number) => number): Float32Array =>
  Float32Array.from(uniform01(key(name), 0, ROWS), of);
const times = numbers('times', (u) => (u < 0.4 ? 0 : 20 * u));
const withGaps = (values: Float32Array): Float32Array => values.map((v, b) => (b % 5 === 1 ? Number.NaN : v));

interface Case {
  readonly labels: readonly LabelConfig[];
  readonly truth: readonly Float32Array[];
  readonly teacher?: Float32Array;
  readonly weights?: Float32Array;
  readonly logVariances?: Float32Array;
}

const a: LabelConfig = { column: 'a', loss: 'binary' };
const b: LabelConfig = { column: 'b', loss: 'binary' };
const bought = click.map((y, row) => y * clicks('buy')[row]);
const kept = bought.map((y, row) => y * clicks('keep')[row]);
const cases: Readonly<Record<string, Case>> = {
  'two labels, one with gaps, weights': {
    labels: [{ ...a, weight: 0.3 }, b],
    truth: [click, withGaps(bought)],
    weights: numbers('weights', (u) => 0.2 + u),
  },
  'a chain of products': {
    labels: [a, { ...b, parent: 'a' }, { ...b, column: 'c', parent: 'b' }],
    truth: [click, bought, withGaps(kept)],
  },
  'a masked head and a product of it': {
    labels: [a, { ...b, parent: 'a', condition: 'masked' }, { ...b, column: 'c', parent: 'b' }],
    truth: [click, bought, kept],
  },
  'numbers of watched rows': {
    labels: [a, { column: 't', loss: 'log-mse', parent: 'a' }, { column: 'u', loss: 'huber', delta: 0.7 }],
    truth: [click, times, times],
  },
  'squares and logistic of times': {
    labels: [
      { column: 't', loss: 'squared' },
      { column: 'u', loss: 'log-huber', delta: 0.5 },
      { column: 'v', loss: 'weighted-logistic' },
      { column: 'w', loss: 'weighted-logistic', negatives: 'every-row' },
    ],
    truth: [times, times, withGaps(times), times],
  },
  'soft labels': {
    labels: [
      { column: 's', loss: 'soft-binary' },
      { column: 'r', loss: 'sigmoid-squared' },
    ],
    truth: [numbers('soft', (u) => u), withGaps(numbers('soft', (u) => u))],
  },
  'pairs and lists': {
    labels: [
      { column: 'p', loss: 'pairwise' },
      { column: 'q', loss: 'listwise', weight: 0.5 },
    ],
    truth: [withGaps(times), Float32Array.from(integers(key('grades'), 0, ROWS, 0, 3))],
  },
  'a teacher beside the label': {
    labels: [{ ...a, teacher: { column: 'teacher', share: 0.3 } }],
    truth: [click],
    teacher: withGaps(numbers('teacher', (u) => u)),
  },
  'learned variances': {
    labels: [a, { column: 't', loss: 'log-mse', weight: 2 }],
    truth: [click, times],
    logVariances: Float32Array.of(0.4, -0.6),
  },
};

const groups = Int32Array.from({ length: ROWS }, (_, row) => Math.floor(row / 4));

function made({ labels, truth, teacher, weights }: Case): { heads: Head[]; whole: RowTruth; logits: Float32Array[] } {
  const heads = headsOf(
    { labels: [...labels] },
    labels.map(({ column }) => column),
  );
  const whole = { rows: ROWS, labels: truth, teachers: heads.map(() => teacher), ...(weights && { weights }), groups };
  const logits = heads.map((_, l) => Float32Array.from(normals(key(`logits ${l}`), 0, ROWS)));
  return { heads, whole, logits };
}

/** The rows of some groups. */
function partOf(truth: RowTruth, from: number, to: number): RowTruth {
  const cut = (values: Float32Array): Float32Array => values.slice(from, to);
  return {
    rows: to - from,
    labels: truth.labels.map(cut),
    teachers: truth.teachers.map((each) => each && cut(each)),
    ...(truth.weights && { weights: cut(truth.weights) }),
    ...(truth.groups && { groups: Array.from(truth.groups).slice(from, to) }),
  };
}

describe.each(['cpu', 'auto'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  describe.each(Object.entries(cases))('%s', (_, given) => {
    const { heads, whole, logits } = made(given);
    const inputs = [...logits, ...(given.logVariances ? [given.logVariances] : [])];

    it('has the value of the formula in float64, and the gradients of finite differences', () => {
      const plain = (values: readonly ArrayLike<number>[]): number =>
        plainRankingLoss(heads, values.slice(0, heads.length), whole, values[heads.length]);
      const before = tf.memory().numTensors;
      const tensors = inputs.map((values) => tf.tensor1d(values));
      const { value, grads } = tf.valueAndGrads((...all: tf.Tensor[]) => {
        const z = all.slice(0, heads.length) as tf.Tensor1D[];
        return tf.div(rankingLoss(heads, z, { part: whole, whole }, all[heads.length] as tf.Tensor1D), ROWS);
      })(tensors);
      expect(value.dataSync()[0] / plain(inputs)).toBeCloseTo(1, 5);
      const exact = inputs.map((values) => Float64Array.from(values));
      for (const [l, values] of exact.entries()) {
        const got = grads[l].dataSync();
        for (const [row, at] of values.entries()) {
          const [up, down] = [1e-5, -1e-5].map((step) => {
            values[row] = at + step;
            return plain(exact);
          });
          values[row] = at;
          expect(got[row], `${l} ${row}`).toBeCloseTo((up - down) / 2e-5, 4);
        }
      }
      tf.dispose([value, grads, tensors]);
      expect(tf.memory().numTensors).toBe(before);
    });

    it('is the sum over parts of whole groups', () => {
      const variances = given.logVariances && tf.tensor1d(given.logVariances);
      const of = (from: number, to: number): number =>
        tf.tidy(() => {
          const z = logits.map((values) => tf.tensor1d(values.slice(from, to)));
          return rankingLoss(heads, z, { part: partOf(whole, from, to), whole }, variances).dataSync()[0];
        });
      const all = of(0, ROWS);
      expect((of(0, 4) + of(4, ROWS)) / all).toBeCloseTo(1, 5);
    });
  });
});

it('a product of conditionals is a product of probabilities, near 0 and 1 too', () => {
  const p = (z: number): number => predictionOf('binary', z);
  for (const za of [-30, -3, 0, 2, 30]) {
    for (const zb of [-30, -1, 0.5, 30]) expect(p(productLogitOf(za, zb))).toBeCloseTo(p(za) * p(zb), 12);
  }
  // Both all but certain: what is left of 1 is the sum of what is left of each.
  expect(productLogitOf(30, 30)).toBeCloseTo(30 - Math.log(2), 9);
});

it('rows that are masked have no gradient, and the parent of a masked head has none of it', () => {
  const { heads, whole, logits } = made({
    labels: [
      { ...a, weight: 0 },
      { ...b, parent: 'a', condition: 'masked' },
    ],
    truth: [click, bought],
  });
  const [ofParent, ofChild] = tf.grads((za, zb) => {
    // A gradient is asked for where there is none to be.
    return tf.add(rankingLoss(heads, [za, zb] as tf.Tensor1D[], { part: whole, whole }), tf.mul(tf.sum(za), 0));
  })(logits.map((values) => tf.tensor1d(values)));
  expect([...ofParent.dataSync()].every((slope) => slope === 0)).toBe(true);
  for (const [row, slope] of ofChild.dataSync().entries()) {
    if (click[row] === 0) expect(slope).toBe(0);
    else expect(slope).not.toBe(0);
  }
});

describe('weighted-logistic', () => {
  /** The odds of the best logit for all rows of these times. */
  function bestOdds(given: Float32Array, negatives: 'unwatched' | 'every-row'): number {
    const heads = headsOf({ labels: [{ column: 't', loss: 'weighted-logistic', negatives }] }, ['t']);
    const whole = { rows: given.length, labels: [given], teachers: [undefined] };
    const slope = tf.grad((z) =>
      rankingLoss(heads, [tf.tile(z, [given.length]) as tf.Tensor1D], { part: whole, whole }),
    );
    let [low, high] = [-10, 10];
    for (let i = 0; i < 40; i++) {
      const middle = (low + high) / 2;
      const up = tf.tidy(() => slope(tf.tensor1d([middle])).dataSync()[0] > 0);
      [low, high] = up ? [low, middle] : [middle, high];
    }
    return Math.exp(low);
  }

  it('has odds of the expected time: with every row as a negative, and where few rows have a time', () => {
    const often = Float32Array.from({ length: 200 }, (_, row) => (row % 3 === 0 ? 5 + row : 0));
    const mean = (values: Float32Array): number => values.reduce((sum, t) => sum + t, 0) / values.length;
    expect(bestOdds(often, 'every-row') / mean(often)).toBeCloseTo(1, 3);
    // As published: a third of the rows has a time, and the odds are half as much again.
    expect(bestOdds(often, 'unwatched') / mean(often)).toBeCloseTo(1.5, 1);
    const seldom = Float32Array.from({ length: 1000 }, (_, row) => (row % 200 === 0 ? 30 + row / 10 : 0));
    expect(Math.abs(bestOdds(seldom, 'unwatched') / mean(seldom) - 1)).toBeLessThan(0.01);
  });
});

it('a teacher that has seen no row leaves the loss of the labels', () => {
  const gone = new Float32Array(ROWS).fill(Number.NaN);
  const loss = (labels: readonly LabelConfig[], teacher: Float32Array | undefined): number => {
    const { heads, whole, logits } = made({ labels, truth: [click], teacher });
    return tf.tidy(
      () =>
        rankingLoss(
          heads,
          logits.map((values) => tf.tensor1d(values)),
          { part: whole, whole },
        ).dataSync()[0],
    );
  };
  expect(loss([{ ...a, teacher: { column: 'teacher', share: 0.5 } }], gone)).toBe(loss([a], undefined));
});
