import type { RankTies } from '@seqrec/core';
import { type ExampleSet, interactionsFromArrays, latestWindow, trainingEvents, trainTest } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { EvaluationError } from '../errors.ts';
import type { TokenEncoder } from '../model.ts';
import { createModel } from '../registry.ts';
import { tinyConfigs, tinySplit } from '../test-support/tiny.ts';
import { evaluate } from './evaluate.ts';
import type { EvaluateOptions } from './evaluation-blocks.ts';
import { metricsFromRanks } from './metrics.ts';
import { exactPlace, exactRank } from './ranks.ts';
import type { TieRule } from './ties.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/**
 * A model whose scores are known: items 1..6 score 0.6, 0.5, 0.5, 0.3, 0.2, 0.1 for everyone.
 * Items are points on the unit circle, the query is always (1, 0).
 */
function fixedModel(scores: readonly number[]): TokenEncoder {
  const rows = [[0, 0], ...scores.map((s) => [s, Math.sqrt(1 - s * s)])];
  return {
    kind: 'fixed',
    config: { kind: 'fixed' },
    numItems: scores.length,
    maxSequenceLength: 3,
    encode: (batch) => tf.tidy(() => tf.tile(tf.tensor2d([[1, 0]]), [batch.numTokens, 1])),
    itemVectors: () => tf.tensor2d(rows),
    itemTable: () => expect.unreachable('evaluation reads itemVectors'),
    tables: () => new Map(),
    withItemRows: () => expect.unreachable('evaluation takes no rows'),
    variables: () => new Map(),
    dispose: () => undefined,
  };
}
const scores = [0.6, 0.5, 0.5, 0.3, 0.2, 0.1];

/** Three users: ann 1 4 | 2, bob 5 1 2 6 | 4, cat 6 | 3. */
function threeUsers(): ExampleSet {
  const sequences = { ann: [1, 4, 2], bob: [5, 1, 2, 6, 4], cat: [5, 6, 3] };
  const entries = Object.entries(sequences);
  const interactions = interactionsFromArrays({
    name: 'three',
    users: entries.flatMap(([user, items]) => items.map(() => user)),
    items: entries.flatMap(([, items]) => items),
    timestamps: entries.flatMap(([, items]) => items.map((_, i) => i)),
    catalogue: [1, 2, 3, 4, 5, 6].map((item) => ({ item })),
  });
  return latestWindow(trainTest(interactions).test, { maxLength: 3 });
}

async function ranks(options: Partial<EvaluateOptions> = {}): Promise<number[]> {
  const result = await evaluate({ model: fixedModel(scores), examples: threeUsers(), ks: [1], ...options });
  return [...result.ranks];
}

describe('three users by hand', () => {
  // ann: history 1, 4 out; target 2 (0.5), 3 has the same score: rank 1.
  // bob: window 1, 2, 6 out (5 is too old to be seen); target 4 (0.3), 3 is higher: rank 2.
  // cat: history 5, 6 out; target 3 (0.5), 1 is higher, 2 has the same score: rank 2.
  it('ranks with seen items out, ties behind the target', async () => {
    expect(await ranks()).toEqual([1, 2, 2]);
  });

  it.each<[TieRule, number[]]>([
    ['expected', [1, 2, 2]],
    ['optimistic', [1, 2, 2]],
    ['pessimistic', [2, 2, 3]],
    ['mean', [1.5, 2, 2.5]],
    ['lower-id', [1, 2, 3]],
  ])('ties: %s', async (ties, expected) => {
    expect(await ranks({ ties })).toEqual(expected);
  });

  it('keeps seen items when asked', async () => {
    expect(await ranks({ excludeSeen: false })).toEqual([2, 4, 2]);
  });

  it('restricts candidates', async () => {
    expect(await ranks({ candidates: (e) => [3, 4, 3][e], ties: 'pessimistic' })).toEqual([2, 2, 3]);
    await expect(ranks({ candidates: () => 3 })).rejects.toThrow(
      'rank: expected the target among the candidates 1..3; got item 4',
    );
    await expect(ranks({ candidates: () => 7 })).rejects.toThrow(/candidates: expected an item id in 1\.\.6; got 7/);
  });

  it('ranks every position', async () => {
    const result = await evaluate({
      model: fixedModel(scores),
      examples: threeUsers(),
      ks: [1],
      positions: 'all',
      ties: 'lower-id',
    });
    // ann: 4 after 1: 2, 3 before it; 2 after 1, 4. bob: 2 after 1; 6 after 1, 2; 4 after 1, 2, 6. cat:
    // 6 after 5; 3 after 5, 6.
    expect([...result.ranks]).toEqual([3, 1, 1, 4, 2, 5, 3]);
    expect([...result.users]).toEqual([0, 0, 1, 1, 1, 2, 2]);
    expect([...result.examples]).toEqual([0, 0, 1, 1, 1, 2, 2]);
  });

  it('computes the metrics and prints what they mean', async () => {
    const model = fixedModel(scores);
    const result = await evaluate({ model, examples: threeUsers(), ks: [1, 2] });
    const { metrics, users, definition, warnings } = result;
    const second = 1 / Math.log2(3);
    // ann stands at place 1 or 2, bob at 2, cat at 2 or 3.
    expect(metrics).toEqual({
      'HR@1': 0.5 / 3,
      'NDCG@1': 0.5 / 3,
      'HR@2': (1 + 1 + 0.5) / 3,
      'NDCG@2': expect.closeTo(((1 + second) / 2 + second + second / 2) / 3, 14),
      MRR: expect.closeTo(((1 + 1 / 2) / 2 + 1 / 2 + (1 / 2 + 1 / 3) / 2) / 3, 14),
    });
    expect([...result.tied]).toEqual([1, 0, 1]);
    expect(warnings).toEqual([
      'ties: 2 of 3 targets (66.7 %) have exactly the score of another candidate, of 1.0 on average; HR@1 would be 0.3333 with every target first among its equals, 0.0000 with every target last',
    ]);
    expect([...users]).toEqual([0, 1, 2]);
    expect(definition).toEqual([
      'Data: three, set test, 3 examples.',
      'Queries: one per example, its last event.',
      'Candidates: all 6 items, no sampling.',
      'Items of the (windowed) history are taken out of the candidates; the target never is.',
      'Score: cosine of the encoded history and the item.',
      'Time of a query, where a model reads it: that of the event to predict (queryTime target), as the public reference evaluates.',
      'Rank: 1 + number of candidates with a higher score; every metric is its mean over all orders of the candidates with the same score as the target.',
      'HR@k: share of queries with rank <= k. NDCG@k: mean of 1/log2(rank + 1) where rank <= k, else 0. MRR: mean of 1/rank.',
      'Averages are over queries.',
    ]);
  });

  it('optimistic: first among equals, with a warning that says what it hides', async () => {
    const model = fixedModel(scores);
    const { metrics, ties, warnings, definition } = await evaluate({
      model,
      examples: threeUsers(),
      ks: [1, 2],
      ties: 'optimistic',
    });
    const second = 1 / Math.log2(3);
    expect(ties).toBe('optimistic');
    expect(metrics).toEqual({
      'HR@1': 1 / 3,
      'NDCG@1': 1 / 3,
      'HR@2': 1,
      'NDCG@2': (1 + 2 * second) / 3,
      MRR: (1 + 0.5 + 0.5) / 3,
    });
    expect(definition).toContain(
      'Rank: 1 + number of candidates with a higher score; equal scores count behind the target.',
    );
    expect(warnings[0]).toMatch(/; every target counts as first .*: on average over their orders HR@1 is 0.1667$/);
  });

  it('positions all: events that training has read are no queries', async () => {
    // Events: ann 0 1 2, bob 3 .. 7, cat 8 9 10. Of ann and bob all but the last were read; of cat the first.
    const usedEvents = Uint8Array.of(1, 1, 0, 1, 1, 1, 1, 0, 1, 0, 0);
    for (const queryTime of ['target', 'last'] as const) {
      const result = await evaluate({
        model: fixedModel(scores),
        examples: threeUsers(),
        ks: [1],
        positions: 'all',
        ties: 'lower-id',
        usedEvents,
        queryTime,
      });
      expect([...result.ranks]).toEqual([1, 2, 5, 3]);
      expect([...result.examples]).toEqual([0, 1, 2, 2]);
      expect(result.definition[1]).toBe(
        'Queries: every event of an example that has an event before it, but 3 that training or the choice of a checkpoint has read.',
      );
      const seen = trainingEvents(trainTest(threeUsers().interactions).train);
      expect([...seen]).toEqual([1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 0]);
    }
  });

  it('a constant model is an error, not a perfect one', async () => {
    const constant = fixedModel([0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
    for (const ties of ['expected', 'optimistic'] as const)
      await expect(evaluate({ model: constant, examples: threeUsers(), ks: [1], ties })).rejects.toThrow(
        'evaluate: expected scores that tell candidates apart; got one and the same score for all candidates of every query; the model has collapsed: use a smaller learning rate or an earlier checkpoint',
      );
    // A target that the history holds as well is a candidate and counted once.
    const again = trainTest(
      interactionsFromArrays({
        name: 'again',
        users: [1, 1, 1, 1],
        items: [1, 2, 3, 2],
        timestamps: [1, 2, 3, 4],
        catalogue: [1, 2, 3, 4, 5, 6].map((item) => ({ item })),
      }),
    ).test;
    await expect(evaluate({ model: constant, examples: again, ks: [1] })).rejects.toThrow('the model has collapsed');
    // One item apart is enough, if it is a candidate of some query: item 6 is seen by bob and cat, but not by ann.
    const nearly = await evaluate({
      model: fixedModel([0.5, 0.5, 0.5, 0.5, 0.5, 0.4]),
      examples: threeUsers(),
      ks: [1],
    });
    expect(nearly.metrics['HR@1']).toBeCloseTo((1 / 3 + 1 / 3 + 1 / 4) / 3, 14);
  });

  it('frees what waits to be ranked when it is stopped', async () => {
    const before = tf.memory().numTensors;
    const stop = () => expect.fail('stop');
    await expect(ranks({ batchSize: 2, onProgress: stop })).rejects.toThrow('stop');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('counts an example without history as a miss', async () => {
    const examples = threeUsers();
    const starts = examples.starts.slice();
    starts[1] = examples.targets[1];
    const result = await evaluate({ model: fixedModel(scores), examples: { ...examples, starts }, ks: [1] });
    expect([...result.ranks].sort()).toEqual([1, 2, Number.POSITIVE_INFINITY]);
    expect(result.metrics.MRR).toBeCloseTo(((1 + 1 / 2) / 2 + (1 / 2 + 1 / 3) / 2) / 3, 14);
    expect(result.definition.at(-1)).toBe('1 queries without history count as misses.');
  });

  it.each<[Partial<EvaluateOptions>, RegExp]>([
    [{ ks: [10] }, /ks: expected distinct whole numbers in 1\.\.6, the number of candidates; got 10 in \[10\]/],
    [{ ks: [5], candidates: () => 4 }, /in 1\.\.4/],
    [{ ks: [1, 1] }, /distinct/],
    [{ batchSize: 0 }, /batchSize/],
    [{ model: fixedModel([0.1, 0.2]) }, /expected data over the model's 2 items; got 6/],
    [{ model: { ...fixedModel(scores), maxSequenceLength: 2 } }, /histories of at most 2 events; got 3 in example 1/],
    [
      { model: fixedModel([0.6, Number.NaN, 0.5, 0.3, 0.2, 0.1]) },
      /expected a finite score for every candidate; got NaN in example 0, whose target is item 2/,
    ],
  ])('refuses %o', async (options, message) => {
    await expect(ranks(options)).rejects.toThrow(EvaluationError);
    await expect(ranks(options)).rejects.toThrow(message);
  });
});

describe('exactRank', () => {
  it('equals the place in a sorted list, for every tie rule', () => {
    const request = fc.record({
      // Few distinct values: many ties.
      scores: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 12 }),
      target: fc.nat(),
      last: fc.nat(),
      excluded: fc.uniqueArray(fc.integer({ min: 1, max: 12 })),
    });
    fc.assert(
      fc.property(request, ({ scores, target, last, excluded }) => {
        const lastItem = 1 + (last % (scores.length - 1));
        const goal = 1 + (target % lastItem);
        const others = scores
          .map((score, item) => ({ score, item }))
          .filter(({ item }) => item >= 1 && item <= lastItem && item !== goal && !excluded.includes(item));
        const higher = others.filter(({ score }) => score > scores[goal]).length;
        const equal = others.filter(({ score }) => score === scores[goal]);
        const padded = [9, 9, ...scores];
        const rank = (ties: RankTies): number =>
          exactRank({ scores: padded, base: 2, target: goal, lastItem, excluded, ties });
        expect(rank('optimistic')).toBe(1 + higher);
        expect(rank('pessimistic')).toBe(1 + higher + equal.length);
        expect(rank('mean')).toBe(1 + higher + equal.length / 2);
        expect(rank('lower-id')).toBe(1 + higher + equal.filter(({ item }) => item < goal).length);
      }),
    );
  });
});

describe('exactPlace', () => {
  it('refuses a NaN among the candidates, wherever it is; one that is excluded is none', () => {
    const scores = [9, 3, 2, Number.NaN, 1, Number.NEGATIVE_INFINITY, Number.NaN];
    const place = (target: number, excluded: number[], lastItem = 5) =>
      exactPlace({ scores, base: 0, target, lastItem, excluded });
    for (const target of [1, 2, 4, 5])
      expect(() => place(target, [])).toThrow('rank: expected a score for item 3; got NaN');
    expect(() => place(3, [3])).toThrow('rank: expected a score for item 3; got NaN');
    expect(() => place(1, [3], 6)).toThrow('rank: expected a score for item 6; got NaN');
    expect(place(2, [3])).toEqual({ higher: 1, equalBefore: 0, equalAfter: 0 });
    expect(place(5, [3, 1])).toEqual({ higher: 2, equalBefore: 0, equalAfter: 0 });
  });
});

describe('evaluate a real model', () => {
  it('does not depend on the batch size, leaks nothing, equals brute force', async () => {
    const model = createModel(tinyConfigs.hstu, { numItems: 20, seed: 3 });
    const examples = latestWindow(tinySplit().test, { maxLength: 6 });
    const one = await evaluate({ model, examples, ks: [5], batchSize: 1 });
    const before = tf.memory().numTensors;
    const all = await evaluate({ model, examples, ks: [5], batchSize: 100 });
    expect(tf.memory().numTensors).toBe(before);
    expect(all.ranks).toEqual(one.ranks);
    expect(metricsFromRanks(all.ranks, [5])).toEqual(all.metrics);
    model.dispose();
  });
});

describe('metricsFromRanks', () => {
  it('is between 0 and 1, and HR and NDCG grow with k', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (list) => {
        const m = metricsFromRanks(list, [1, 5, 20]);
        for (const value of Object.values(m)) expect(value >= 0 && value <= 1).toBe(true);
        expect(m['HR@1']).toBe(m['NDCG@1']);
        expect(m['HR@5']).toBeLessThanOrEqual(m['HR@20']);
        expect(m['NDCG@5']).toBeLessThanOrEqual(m['NDCG@20']);
        expect(m['NDCG@5']).toBeLessThanOrEqual(m['HR@5']);
      }),
    );
    expect(() => metricsFromRanks([])).toThrow('metrics: expected at least one ranked query; got none');
  });
});
