import { type ExampleSet, interactionsFromArrays, trainTest } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { knownModel, onCircle } from '../test-support/known-model.ts';
import { tinySplit } from '../test-support/tiny.ts';
import { evaluate } from './evaluate.ts';
import { checkCutoffs, metricsFromRanks } from './metrics.ts';
import { evaluatePerplexity } from './perplexity.ts';
import { checkTarget, DistinctItems, exactRank } from './ranks.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const NUM_ITEMS = 7;
const item = (i: number) => onCircle(i * i);
const rows = Array.from({ length: NUM_ITEMS + 1 }, (_, i) => (i === 0 ? [0, 0] : item(i)));
/** The vector of an event follows from its item and its time, so that a shifted row is seen. */
const query = (id: number, time: number) => onCircle(0.3 + 0.37 * id + 1.7 * time);
const known = knownModel(rows, ({ host }) => Array.from(host.itemIds, (id, t) => query(id, host.timestamps[t])));
/** Of a kind whose rows stay as they are: all positions of a history are asked by one pass. */
const model = { ...known, config: { kind: 'sasrec' } };

/** `users` users of four events among seven items. */
function world(users: number): ExampleSet {
  const events = Array.from({ length: 4 * users }, (_, e) => e);
  return trainTest(
    interactionsFromArrays({
      name: 'blocks',
      users: events.map((e) => Math.floor(e / 4)),
      items: events.map((e) => 1 + ((e * e + 3 * e) % NUM_ITEMS)),
      timestamps: events.map((e) => e % 97),
      catalogue: Array.from({ length: NUM_ITEMS }, (_, i) => ({ item: i + 1 })),
    }),
  ).test;
}

/** Rank of the event at `target`, asked of the event before it, by a plain count. */
function rankOf({ interactions }: ExampleSet, start: number, target: number, seen: boolean): number {
  const { itemIds, timestamps } = interactions;
  const [x, y] = query(itemIds[target - 1], timestamps[target - 1]);
  const score = (i: number): number => x * rows[i][0] + y * rows[i][1];
  const out = new Set(seen ? itemIds.subarray(start, target) : []);
  let rank = 1;
  for (let i = 1; i <= NUM_ITEMS; i++) {
    if (i !== itemIds[target] && !out.has(i) && score(i) > score(itemIds[target])) rank++;
  }
  return rank;
}

describe('evaluate, in blocks', () => {
  // More queries than are ranked in one call, in batches that do not divide them.
  const examples = world(4200);

  it.each([
    ['last', true],
    ['last', false],
    ['all', true],
  ] as const)('ranks of %s positions, seen items out: %s', async (positions, excludeSeen) => {
    const progress: number[] = [];
    const result = await evaluate({
      model,
      examples,
      ks: [1],
      positions,
      excludeSeen,
      batchSize: 1000,
      onProgress: ({ done, total }) => progress.push(done, total),
    });
    const expected: number[] = [];
    examples.targets.forEach((target, e) => {
      const first = positions === 'all' ? examples.starts[e] + 1 : target;
      for (let t = first; t <= target; t++) expected.push(rankOf(examples, examples.starts[e], t, excludeSeen));
    });
    expect([...result.ranks]).toEqual(expected);
    expect(progress).toEqual([1000, 2000, 3000, 4000, 4200].flatMap((done) => [done, 4200]));
  });

  it('ranks the positions that nothing has read, each by the vector of its own history', async () => {
    const few = world(40);
    // Of every user another of the two earlier positions was read; of every fifth none.
    const used = Uint8Array.from(few.interactions.itemIds, (_, event) => {
      const user = Math.floor(event / 4);
      return user % 5 > 0 && event % 4 === 1 + (user % 2) ? 1 : 0;
    });
    for (const usedEvents of [used, new Uint8Array(used.length), undefined]) {
      const { ranks } = await evaluate({ model, examples: few, ks: [1], positions: 'all', usedEvents, batchSize: 7 });
      const expected: number[] = [];
      few.targets.forEach((target, e) => {
        for (let t = few.starts[e] + 1; t <= target; t++) {
          if (usedEvents?.[t] !== 1) expected.push(rankOf(few, few.starts[e], t, true));
        }
      });
      expect([...ranks]).toEqual(expected);
    }
  });

  it('times encoding and ranking inside the whole, in seconds', async () => {
    const { seconds, phases } = await evaluate({ model, examples: world(50), ks: [1] });
    expect(phases!.encode).toBeGreaterThan(0);
    expect(phases!.rank).toBeGreaterThan(0);
    expect(phases!.encode + phases!.rank).toBeLessThanOrEqual(seconds);
    expect(seconds).toBeLessThan(30);
  });

  it('takes a history of exactly the longest length, and no half batch', async () => {
    const short = { ...model, maxSequenceLength: 3 };
    expect((await evaluate({ model: short, examples: world(3), ks: [1] })).ranks).toHaveLength(3);
    await expect(evaluate({ model: { ...short, maxSequenceLength: 2 }, examples: world(3), ks: [1] })).rejects.toThrow(
      'evaluate: expected histories of at most 2 events; got 3 in example 0',
    );
    await expect(evaluate({ model, examples: world(3), ks: [1], batchSize: 1.5 })).rejects.toThrow(
      'evaluate: batchSize: expected an integer >= 1; got 1.5',
    );
  });

  it('says what stays a candidate and which positions are asked', async () => {
    const { definition } = await evaluate({
      model,
      examples: world(3),
      ks: [1],
      positions: 'all',
      excludeSeen: false,
      candidates: () => NUM_ITEMS,
    });
    expect(definition).toContain('Queries: every event of an example that has an event before it.');
    expect(definition).toContain('Items of the history stay candidates.');
    expect(definition).toContain(
      `Candidates: the items open at the time of the example, of ${NUM_ITEMS}; no sampling.`,
    );
  });

  it.each([0, -1, 2.5, NUM_ITEMS + 1])('refuses %d as the last candidate', async (last) => {
    await expect(evaluate({ model, examples: world(3), ks: [1], candidates: () => last })).rejects.toThrow(
      `evaluate: candidates: expected an item id in 1..${NUM_ITEMS}; got ${last} for example 0`,
    );
  });
});

describe('ranks and cut-offs', () => {
  it('a target is an item from 1 to the last candidate, with a score', () => {
    expect(() => checkTarget(1, 1)).not.toThrow();
    for (const target of [0, 2]) {
      expect(() => checkTarget(target, 1)).toThrow(
        `rank: expected the target among the candidates 1..1; got item ${target}`,
      );
    }
    const request = { scores: [0, 1, Number.NaN], base: 0, lastItem: 2, excluded: [], ties: 'optimistic' } as const;
    expect(() => exactRank({ ...request, target: 2 })).toThrow('rank: expected a score for item 2; got NaN');
    // A score that is no number makes every rank meaningless, not the target's own alone.
    expect(() => exactRank({ ...request, target: 1 })).toThrow('rank: expected a score for item 2; got NaN');
    expect(exactRank({ ...request, scores: [0, 1, 0.5], target: 1 })).toBe(1);
    expect(() => exactRank({ ...request, scores: [0, 1], target: 1 })).toThrow(
      'rank: expected scores of items 0..2; got 2 from 0 on',
    );
  });

  it('distinct items, in order of first appearance, call by call', () => {
    const distinct = new DistinctItems(4);
    expect(distinct.of([3, 1, 3, 4, 1, 2], 0, 5)).toEqual([3, 1, 4]);
    expect(distinct.of([3, 1, 3, 4, 1, 2], 2, 6)).toEqual([3, 4, 1, 2]);
    expect(distinct.of([3], 1, 1)).toEqual([]);
  });

  it('cut-offs are distinct whole numbers from 1 to the number of candidates', () => {
    expect(() => checkCutoffs([1, 5, 3], 5)).not.toThrow();
    for (const ks of [[0], [6], [1.5], [2, 2], [-1]]) {
      expect(() => checkCutoffs(ks, 5)).toThrow('evaluate: ks: expected distinct whole numbers in 1..5');
    }
  });

  it('metrics by hand: a rank at the cut-off is a hit, a miss adds nothing', () => {
    expect(metricsFromRanks([1, 3, 4, Number.POSITIVE_INFINITY], [3])).toEqual({
      'HR@3': 0.5,
      'NDCG@3': (1 + 1 / 2) / 4,
      MRR: expect.closeTo((1 + 1 / 3 + 1 / 4) / 4, 12),
    });
    expect(Object.keys(metricsFromRanks([1]))).toEqual(
      [10, 50, 100, 200].flatMap((k) => [`HR@${k}`, `NDCG@${k}`]).concat('MRR'),
    );
  });
});

describe('evaluatePerplexity', () => {
  it('block by block; examples without history are no queries', async () => {
    const examples = world(5);
    const starts = examples.starts.slice();
    starts[1] = examples.targets[1];
    const progress: unknown[] = [];
    const { numQueries, crossEntropy } = await evaluatePerplexity({
      model,
      examples: { ...examples, starts },
      temperature: 0.5,
      batchSize: 2,
      onProgress: (p) => progress.push(p),
    });
    const { itemIds, timestamps } = examples.interactions;
    const losses = [0, 2, 3, 4].map((e) => {
      const target = examples.targets[e];
      const [x, y] = query(itemIds[target - 1], timestamps[target - 1]);
      const scores = rows.slice(1).map(([a, b]) => (x * a + y * b) / 0.5);
      return Math.log(scores.reduce((sum, s) => sum + Math.exp(s), 0)) - scores[itemIds[target] - 1];
    });
    expect(numQueries).toBe(4);
    expect(crossEntropy).toBeCloseTo(losses.reduce((sum, loss) => sum + loss, 0) / 4, 5);
    expect(progress).toEqual([2, 4, 5].map((done) => ({ done, total: 5 })));
  });

  it('refuses data over other items, and weights that are not finite', async () => {
    await expect(evaluatePerplexity({ model, examples: tinySplit().test, temperature: 1 })).rejects.toThrow(
      "perplexity: expected data over the model's 7 items; got 20",
    );
    const broken = { ...model, itemVectors: () => tf.fill([NUM_ITEMS + 1, 2], Number.NaN) as tf.Tensor2D };
    await expect(evaluatePerplexity({ model: broken, examples: world(3), temperature: 1 })).rejects.toThrow(
      'perplexity: expected finite losses; got NaN',
    );
  });
});
