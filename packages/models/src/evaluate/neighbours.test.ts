import { type ItemCatalogue, interactionsFromArrays, leaveLastOut } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createModel } from '../registry.ts';
import { tinyConfigs, tinySplit } from '../test-support/tiny.ts';
import { evaluateItemNeighbours } from './item-neighbours.ts';
import { neighbourQuality } from './neighbour-quality.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** All orders of a list. */
function permutations<T>(list: readonly T[]): T[][] {
  if (list.length === 0) return [[]];
  return list.flatMap((head, i) => permutations(list.toSpliced(i, 1)).map((rest) => [head, ...rest]));
}

describe('neighbourQuality', () => {
  it('is average precision and recall: an example by hand', () => {
    // Candidates 1..5 ranked 3, 1, 5, 4, 2; relevant 1 and 4, at ranks 2 and 4.
    const scores = Float32Array.of(1, 0.8, 0.1, 0.9, 0.3, 0.5);
    const relevant = (c: number) => c === 1 || c === 4;
    expect(neighbourQuality(scores, 0, relevant, [1, 2, 4])).toEqual([(1 / 2 + 2 / 4) / 2, 0, 0.5, 1]);
  });

  it('is what a sorted list gives, without ties', () => {
    const distinct = fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 3, maxLength: 40 });
    fc.assert(
      fc.property(distinct, fc.nat(), fc.integer({ min: 2, max: 5 }), (values, place, period) => {
        const query = place % values.length;
        const relevant = (c: number) => c % period === 0;
        const ranked = [...values.keys()].filter((c) => c !== query).sort((a, b) => values[b] - values[a]);
        const total = ranked.filter(relevant).length;
        fc.pre(total > 0);
        let [hits, sum] = [0, 0];
        ranked.forEach((c, i) => {
          if (relevant(c)) sum += ++hits / (i + 1);
        });
        const [ap, recall] = neighbourQuality(Float32Array.from(values), query, relevant, [3]);
        expect(ap).toBeCloseTo(sum / total, 12);
        expect(recall).toBe(ranked.slice(0, 3).filter(relevant).length / total);
      }),
    );
  });

  it('is the mean over all orders of equal scores', () => {
    const relevant = (c: number) => c === 1;
    const [ap, ...recalls] = neighbourQuality(new Float32Array(4), 0, relevant, [1, 3]);
    expect(ap).toBeCloseTo((1 + 1 / 2 + 1 / 3) / 3, 14);
    expect(recalls).toEqual([1 / 3, 1]);
    const few = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.boolean()), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(few, fc.integer({ min: 1, max: 6 }), (candidates, k) => {
        const total = candidates.filter(([, wanted], c) => c > 0 && wanted).length;
        fc.pre(total > 0);
        let [sumAp, sumRecall, count] = [0, 0, 0];
        for (const order of permutations([...candidates.keys()].slice(1))) {
          if (order.some((c, i) => i > 0 && candidates[order[i - 1]][0] < candidates[c][0])) continue;
          let found = 0;
          order.forEach((c, i) => {
            if (!candidates[c][1]) return;
            sumAp += ++found / (i + 1) / total;
            if (i < k) sumRecall += 1 / total;
          });
          count++;
        }
        const scores = Float32Array.from(candidates, ([score]) => score);
        const [ap, recall] = neighbourQuality(scores, 0, (c) => candidates[c][1], [k]);
        expect(ap).toBeCloseTo(sumAp / count, 12);
        expect(recall).toBeCloseTo(sumRecall / count, 12);
      }),
    );
  });
});

/** Two kinds of items, and vectors that tell them apart but for one item. */
function twoKinds() {
  const users: number[] = [];
  const items: number[] = [];
  for (let user = 0; user < 30; user++) {
    for (let e = 0; e < 8; e++) {
      users.push(user);
      items.push(1 + ((user * 7 + e * e) % 20));
    }
  }
  const catalogue = Array.from({ length: 22 }, (_, i) => ({
    item: i + 1,
    categories: i % 2 === 0 ? ['a', 'b'] : ['b'],
  }));
  return interactionsFromArrays({ name: 'kinds', users, items, timestamps: users.map((_, e) => e), catalogue });
}

describe('evaluateItemNeighbours', () => {
  const model = createModel(tinyConfigs.sasrec, { numItems: 22, seed: 1 });
  const interactions = twoKinds();
  const { train } = leaveLastOut(interactions);
  const kindOf = (catalogue: ItemCatalogue, item: number) => catalogue.categories(item).length;

  const setTable = (value: (item: number, column: number) => number): void => {
    const [rows, width] = model.itemTable().shape;
    const values = Float32Array.from({ length: rows * width }, (_, i) => value(Math.floor(i / width), i % width));
    model.itemTable().assign(tf.tensor2d(values, [rows, width]));
  };

  it('is 1 when vectors tell the kinds apart, and about the share of the kind when they are random', async () => {
    setTable((item, column) =>
      column === kindOf(interactions.catalogue!, Math.max(1, item)) ? 1 : 0.01 * Math.sin(item),
    );
    const good = await evaluateItemNeighbours({ model, train });
    expect(good.metrics.mAP).toBeCloseTo(1, 6);
    // Fewer than ten neighbours of its kind: all are among the first ten.
    expect(good.metrics['Recall@10']).toBe(1);
    // Items 21 and 22 have no event.
    expect(good.numQueries).toBe(20);
    setTable((item, column) => Math.sin(1 + item * 13.7 + column * 3.1 * item));
    const random = await evaluateItemNeighbours({ model, train });
    expect(random.metrics.mAP).toBeGreaterThan(0.3);
    expect(random.metrics.mAP).toBeLessThan(0.75);
  });

  it('is of cosines also where the model scores by products, whatever the lengths of vectors', async () => {
    const dot = createModel({ ...tinyConfigs.sasrec, similarity: 'dot' }, { numItems: 22, seed: 1 });
    setTable((item, column) => Math.sin(1 + item * 13.7 + column * 3.1 * item));
    dot
      .itemTable()
      .assign(tf.mul(model.itemTable(), tf.expandDims(tf.add(1, tf.mod(tf.mul(37, tf.range(0, 23)), 11)), 1)));
    const [byCosine, byProduct] = [model, dot].map((own) => evaluateItemNeighbours({ model: own, train }));
    const { metrics } = await byCosine;
    for (const [name, value] of Object.entries((await byProduct).metrics)) expect(value).toBeCloseTo(metrics[name], 10);
    // Of vectors of length 0 all orders are as likely.
    dot.itemTable().assign(tf.zerosLike(dot.itemTable()));
    expect((await evaluateItemNeighbours({ model: dot, train })).metrics['Recall@10']).toBeCloseTo(10 / 19, 10);
    dot.dispose();
  });

  it('splits queries by popularity, the least popular first', async () => {
    const { deciles, numQueries, metrics } = await evaluateItemNeighbours({ model, train });
    expect(deciles).toHaveLength(10);
    expect(deciles.reduce((sum, { queries }) => sum + queries, 0)).toBe(numQueries);
    for (const [d, { events }] of deciles.entries()) {
      expect(events[0]).toBeLessThanOrEqual(events[1]);
      if (d > 0) expect(deciles[d - 1].events[1]).toBeLessThanOrEqual(events[0]);
    }
    const mean = deciles.reduce((sum, each) => sum + each.metrics.mAP * each.queries, 0) / numQueries;
    expect(mean).toBeCloseTo(metrics.mAP, 12);
    expect((await evaluateItemNeighbours({ model, train, maxQueries: 7 })).numQueries).toBe(7);
  });

  it('leaks nothing, and refuses data without categories', async () => {
    const before = tf.memory().numTensors;
    await evaluateItemNeighbours({ model, train });
    expect(tf.memory().numTensors).toBe(before);
    const plain = createModel(tinyConfigs.sasrec, { numItems: 20 });
    await expect(evaluateItemNeighbours({ model: plain, train: tinySplit().train })).rejects.toThrow(
      'item neighbours: expected items with categories; got tiny, which has none',
    );
  });
});

it.each([0, 2.5, Number.NaN])('%s queries at most are refused', async (maxQueries) => {
  const train = leaveLastOut(tinySplit().test.interactions).train;
  const model = createModel(tinyConfigs.hstu, { numItems: train.interactions.numItems, seed: 3 });
  await expect(evaluateItemNeighbours({ model, train, maxQueries })).rejects.toThrow(
    `item neighbours: maxQueries: expected an integer >= 1; got ${maxQueries}`,
  );
});
