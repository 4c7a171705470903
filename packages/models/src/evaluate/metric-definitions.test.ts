import { latestWindow } from '@seqrec/data';
import { beforeAll, describe, expect, it } from 'vitest';
import { popularityBaseline } from '../baselines/popularity.ts';
import { evaluateScorer } from '../baselines/scorer.ts';
import { tinySplit } from '../test-support/tiny.ts';
import { type Gain, overTies } from './gains.ts';
import {
  defineMetric,
  gainOf,
  knownGain,
  type MetricDefinition,
  metricNames,
  metricPatterns,
} from './metric-definitions.ts';
import { metricsFromRanks } from './metrics.ts';

const biased = (place: number): number => 0.2 * 0.8 ** (place - 1);

describe('defineMetric', () => {
  beforeAll(() => {
    expect(metricNames([5, 10])).toEqual(['HR@5', 'NDCG@5', 'HR@10', 'NDCG@10', 'MRR']);
    defineMetric({ name: 'RBP', definition: 'mean of 0.2 0.8^(rank - 1)', gain: overTies(biased) });
    const gainAt = (k: number): Gain => overTies((place) => (place <= k ? 1 / place : 0));
    defineMetric({ name: 'MRR-cut', definition: 'mean of 1/rank where rank <= k', gainAt });
  });

  it('is known by its name, one with a cut-off by that as well', () => {
    expect(metricPatterns()).toEqual(['HR@k', 'NDCG@k', 'MRR', 'RBP', 'MRR-cut@k']);
    expect(metricNames([5])).toEqual(['HR@5', 'NDCG@5', 'MRR-cut@5', 'MRR', 'RBP']);
    expect(gainOf('RBP')(3)).toBeCloseTo(0.128, 12);
    expect(gainOf('MRR-cut@4')(3, 2)).toBeCloseTo((1 / 3 + 1 / 4) / 3, 12);
    for (const name of ['RBP@3', 'MRR-cut', 'MRR-cut@0', 'toString', 'MRR@10@10', ''])
      expect(knownGain(name)).toBeUndefined();
    expect(() => gainOf('RPB')).toThrow('metrics: expected HR@k, NDCG@k, MRR, RBP or MRR-cut@k; got RPB');
  });

  it('stands among the figures of ranks and of evaluations, with its definition', async () => {
    const mean = (biased(1) + (biased(4) + biased(5)) / 2) / 3;
    expect(metricsFromRanks([1, Number.POSITIVE_INFINITY, 4], [2], [0, 0, 1]).RBP).toBeCloseTo(mean, 12);

    const split = tinySplit();
    const examples = latestWindow(split.test, { maxLength: 6 });
    const evaluation = await evaluateScorer({ scorer: popularityBaseline(split.train), examples, ks: [5] });
    const own = overTies(biased);
    const each = Array.from(evaluation.ranks, (rank, q) => own(rank, evaluation.tied[q]));
    const expected = each.reduce((sum, gain) => sum + gain, 0) / each.length;
    expect(evaluation.metrics.RBP).toBeCloseTo(expected, 12);
    expect(evaluation.definition.join('\n')).toContain(
      'MRR: mean of 1/rank. RBP: mean of 0.2 0.8^(rank - 1). MRR-cut@k: mean of 1/rank where rank <= k.',
    );
  });

  it('that gives no number for a rank is named with it, and ranks that are none are refused', () => {
    const gain: Gain = (rank) => (rank > 50 && rank < Number.POSITIVE_INFINITY ? Number.NaN : 0);
    defineMetric({ name: 'Odd', definition: 'odd', gain });
    expect(metricsFromRanks([3, Number.POSITIVE_INFINITY], [5]).Odd).toBe(0);
    expect(() => metricsFromRanks([3, 51], [5], [0, 2])).toThrow(
      'metrics: Odd: expected a finite number for every rank; got NaN for rank 51, tied 2; mend its gain',
    );
    for (const rank of [0, -1, Number.NaN])
      expect(() => metricsFromRanks([3, rank], [5])).toThrow(
        `metrics: expected ranks from 1, Infinity for a miss; got ${rank} of query 1`,
      );
  });

  const plain = { name: 'other', definition: 'a metric', gain: (rank: number) => 1 / rank };
  it.each<[string, object, string]>([
    ['a known name', { name: 'HR' }, "name: expected a metric that is not known yet; got 'HR'; choose another name"],
    ['a name with a cut-off', { name: 'P@10' }, 'name: expected a word of letters, digits, _ and -; got "P@10"'],
    ['no name', { name: undefined }, 'name: expected a word of letters, digits, _ and -; got undefined'],
    ['no definition', { definition: ' ' }, 'definition: expected what other is, which stands beside its figures'],
    ['no gain', { gain: undefined }, 'gain: expected a function (rank, tied) that gives a number for rank 1'],
    ['a miss that counts', { gain: () => 1 }, 'an infinite rank, a miss; got 1 and 1 of other'],
    ['no number', { gain: () => Number.NaN }, 'got NaN and NaN of other'],
  ])('refuses %s', (_, change, message) => {
    expect(() => defineMetric({ ...plain, ...change } as MetricDefinition)).toThrow(message);
    expect(knownGain('other')).toBeUndefined();
  });
});
