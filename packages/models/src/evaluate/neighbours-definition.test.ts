import { type ExampleSet, interactionsFromArrays, trainTest } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { knownModel } from '../test-support/known-model.ts';
import { evaluateItemNeighbours } from './item-neighbours.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const NUM_ITEMS = 26;
/** Items 1..26: four kinds, one of them of a single item, some items without any; the order of categories is mixed. */
const categoriesOf = (item: number): string[] => {
  if (item === 5) return ['rare'];
  if (item % 7 === 0) return [];
  if (item % 3 === 0) return item % 2 === 0 ? ['a', 'b'] : ['b', 'a'];
  return item % 3 === 1 ? ['a'] : ['b', 'b'];
};
/** Item `i` has `i mod 4` training events, 26 and a multiple of 4 none but as a test target. */
const rows = Array.from({ length: NUM_ITEMS + 1 }, (_, i) => {
  const [x, y, z] = [Math.sin(3 * i + 1), Math.cos(5 * i), Math.sin(7 * i + 2)];
  const norm = Math.hypot(x, y, z);
  return [x / norm, y / norm, z / norm].map(Math.fround);
});
const model = knownModel(rows, () => []);

function training(): ExampleSet {
  const items = Array.from({ length: NUM_ITEMS }, (_, i) => i + 1).flatMap((item) =>
    new Array<number>(item % 4).fill(item),
  );
  const history = [...items, 4];
  return trainTest(
    interactionsFromArrays({
      name: 'kinds',
      users: history.map(() => 0),
      items: history,
      timestamps: history.map((_, e) => e),
      catalogue: Array.from({ length: NUM_ITEMS }, (_, i) => ({ item: i + 1, categories: categoriesOf(i + 1) })),
    }),
  ).train;
}

/** The definition by loops: `[AP, recall@10, recall@100]` of every query, in the order of popularity. */
function byHand(train: ExampleSet): { events: number; values: number[] }[] {
  const { itemIds } = train.interactions;
  const counts = new Map<number, number>();
  for (let e = train.starts[0]; e <= train.targets[0]; e++) counts.set(itemIds[e], (counts.get(itemIds[e]) ?? 0) + 1);
  const items = Array.from({ length: NUM_ITEMS }, (_, i) => i + 1).filter((item) => counts.has(item));
  const kind = (item: number): string => [...new Set(categoriesOf(item))].sort().join('+');
  const score = (a: number, b: number): number => rows[a].reduce((sum, x, d) => sum + x * rows[b][d], 0);
  return items
    .filter((q) => kind(q) !== '' && items.some((other) => other !== q && kind(other) === kind(q)))
    .sort((a, b) => counts.get(a)! - counts.get(b)! || a - b)
    .map((q) => {
      const ranked = items.filter((item) => item !== q).sort((a, b) => score(q, b) - score(q, a));
      const ranks = ranked.flatMap((item, i) => (kind(item) === kind(q) ? [i + 1] : []));
      const recall = (k: number): number => ranks.filter((rank) => rank <= k).length / ranks.length;
      const ap = ranks.reduce((sum, rank, j) => sum + (j + 1) / rank, 0) / ranks.length;
      return { events: counts.get(q)!, values: [ap, recall(10), recall(100)] };
    });
}

const mean = (list: readonly { readonly values: readonly number[] }[], m: number): number =>
  list.reduce((sum, { values }) => sum + values[m], 0) / list.length;
const close = (list: ReturnType<typeof byHand>) => ({
  mAP: expect.closeTo(mean(list, 0), 6),
  'Recall@10': expect.closeTo(mean(list, 1), 6),
  'Recall@100': expect.closeTo(mean(list, 2), 6),
});

describe('evaluateItemNeighbours, by loops', () => {
  it('means over queries, and over the tenths by popularity', async () => {
    const train = training();
    const queries = byHand(train);
    const result = await evaluateItemNeighbours({ model, train });
    expect(result.numQueries).toBe(queries.length);
    expect(result.metrics).toEqual(close(queries));
    const n = queries.length;
    const tenths = Array.from({ length: 10 }, (_, d) =>
      queries.slice(Math.round((d * n) / 10), Math.round(((d + 1) * n) / 10)),
    );
    expect(result.deciles).toEqual(
      tenths
        .filter((tenth) => tenth.length > 0)
        .map((tenth) => ({
          metrics: close(tenth),
          queries: tenth.length,
          events: [tenth[0].events, tenth.at(-1)!.events],
        })),
    );
    const candidates = new Set(Array.from(train.interactions.itemIds.subarray(train.starts[0], train.targets[0] + 1)));
    expect(result.definition[0]).toContain(
      `candidates are the ${candidates.size} items with a training event, queries the ${n} of them`,
    );
    expect(result.definition).toHaveLength(2);
  });

  it('takes an even selection by popularity when there are many, and leaves out empty tenths', async () => {
    const train = training();
    const queries = byHand(train);
    const chosen = [0.5, 1.5, 2.5].map((i) => queries[Math.floor((i * queries.length) / 3)]);
    const progress: unknown[] = [];
    const result = await evaluateItemNeighbours({ model, train, maxQueries: 3, onProgress: (p) => progress.push(p) });
    expect(result.numQueries).toBe(3);
    expect(result.metrics).toEqual(close(chosen));
    expect(result.deciles.map((decile) => decile.queries)).toEqual([1, 1, 1]);
    expect(progress).toEqual([{ done: 3, total: 3 }]);
    const all = await evaluateItemNeighbours({ model, train, maxQueries: queries.length });
    expect(all.metrics).toEqual(close(queries));
  });

  it('needs two items of a kind, and finite vectors', async () => {
    const lonely = interactionsFromArrays({
      name: 'lonely',
      users: [0, 0, 0, 0],
      items: [1, 2, 3, 4],
      timestamps: [0, 1, 2, 3],
      catalogue: [1, 2, 3, 4].map((item) => ({ item, categories: [`kind ${item}`] })),
    });
    await expect(
      evaluateItemNeighbours({ model: knownModel(rows.slice(0, 5), () => []), train: trainTest(lonely).train }),
    ).rejects.toThrow('item neighbours: expected two items of the same categories in training; got none');
    const broken = knownModel(
      rows.map(([x], i) => [i === 3 ? Number.NaN : x]),
      () => [],
    );
    await expect(evaluateItemNeighbours({ model: broken, train: training() })).rejects.toThrow(
      'item neighbours: expected finite cosines; got NaN',
    );
  });

  it('scores queries in blocks', async () => {
    // 600 items of two kinds on a circle: three blocks, and every neighbour of the same kind
    // lies nearer than the others.
    const count = 600;
    const circle = Array.from({ length: count + 1 }, (_, i) => {
      const angle = (i % 2) * Math.PI + i / 1000;
      return [Math.cos(angle), Math.sin(angle)];
    });
    const items = Array.from({ length: count + 1 }, (_, e) => 1 + (e % count));
    const data = interactionsFromArrays({
      name: 'circle',
      users: items.map(() => 0),
      items,
      timestamps: items.map((_, e) => e),
      catalogue: Array.from({ length: count }, (_, i) => ({ item: i + 1, categories: [i % 2 === 0 ? 'odd' : 'even'] })),
    });
    const progress: number[] = [];
    const result = await evaluateItemNeighbours({
      model: knownModel(circle, () => []),
      train: trainTest(data).train,
      onProgress: ({ done }) => progress.push(done),
    });
    expect(progress).toEqual([256, 512, 600]);
    expect(result.metrics.mAP).toBe(1);
    expect(result.metrics['Recall@10']).toBeCloseTo(10 / 299, 12);
  });
});
