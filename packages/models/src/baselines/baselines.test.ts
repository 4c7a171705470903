import { interactionsFromArrays, leaveLastOut, type Split, trainingEvents } from '@seqrec/data';
import { describe, expect, it } from 'vitest';
import { itemKnnBaseline } from './item-knn.ts';
import { lastItemBaseline } from './last-item.ts';
import { markovBaseline } from './markov.ts';
import { popularityBaseline } from './popularity.ts';
import { recentPopularityBaseline } from './recent-popularity.ts';
import { evaluateScorer } from './scorer.ts';

/** Training parts: a = 1 2 3, b = 1 2 (and 1 again), c = 3 4. The last two events of each user are held out. */
function split(): Split {
  const sequences = { a: [1, 2, 3, 5, 4], b: [1, 2, 1, 4, 3], c: [3, 4, 1, 2] };
  const entries = Object.entries(sequences);
  return leaveLastOut(
    interactionsFromArrays({
      name: 'three',
      users: entries.flatMap(([user, items]) => items.map(() => user)),
      items: entries.flatMap(([, items]) => items),
      timestamps: entries.flatMap(([, items]) => items.map((_, i) => i)),
      catalogue: [1, 2, 3, 4, 5].map((item) => ({ item })),
    }),
  );
}

describe('popularity', () => {
  it('counts training events only', () => {
    const { train } = split();
    expect([...trainingEvents(train)]).toEqual([1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0]);
    const scores = new Float64Array(6);
    popularityBaseline(train).score(new Int32Array(), scores);
    expect([...scores]).toEqual([0, 3, 2, 2, 1, 0]);
  });

  it.each([4, 6])('is refused over data of another number of items, %i', async (numItems) => {
    const { train, test } = split();
    const scorer = { ...popularityBaseline(train), numItems };
    await expect(evaluateScorer({ scorer, examples: test, ks: [2] })).rejects.toThrow(
      `evaluateScorer: expected scores of the 5 items of the data; got ${numItems} of popularity; fit it to the same items`,
    );
  });

  it('an example without history is one query, with all positions too', async () => {
    const { train, test } = split();
    const examples = { ...test, starts: test.targets.map((target, e) => (e === 1 ? target : target - 2)) };
    for (const [positions, queries] of [
      ['last', [0, 1, 2]],
      ['all', [0, 0, 1, 2, 2]],
    ] as const) {
      const { examples: of } = await evaluateScorer({
        scorer: popularityBaseline(train),
        examples,
        ks: [2],
        positions,
      });
      expect([...of]).toEqual(queries);
    }
  });

  it('is evaluated like a model; unseen items are misses, ties count as for a model', async () => {
    const { train, test } = split();
    const { ranks, definition } = await evaluateScorer({ scorer: popularityBaseline(train), examples: test, ks: [2] });
    // a: 1 2 3 5 seen, target 4: rank 1. b: 1 2 4 seen, target 3: rank 1. c: 1 3 4 seen, target 2: rank 1.
    expect([...ranks]).toEqual([1, 1, 1]);
    expect(definition).toContain('Score: number of training events of the item. A target with score 0 is a miss.');
    const validation = await evaluateScorer({
      scorer: popularityBaseline(train),
      examples: split().validation!,
      ks: [2],
    });
    // a's target 5 never occurs in training; b's 4 has 3 (two events) before it; c's 1 is first.
    expect([...validation.ranks]).toEqual([Number.POSITIVE_INFINITY, 2, 1]);
    const kept = await evaluateScorer({
      scorer: popularityBaseline(train),
      examples: test,
      ks: [2],
      excludeSeen: false,
    });
    // Events of items 1 to 4: 3, 2, 2, 1. b's target 3 stands at place 2 or 3, c's 2 too.
    expect([...kept.ranks]).toEqual([4, 2, 2]);
    expect([...kept.tied]).toEqual([0, 1, 1]);
    expect(kept.metrics['HR@2']).toBeCloseTo((0 + 1 / 2 + 1 / 2) / 3, 14);
    expect(kept.definition).toContain(
      'Rank: 1 + number of candidates with a higher score; every metric is its mean over all orders of the candidates with the same score as the target.',
    );
  });
});

it('positions all: events that are used are no queries of a baseline either', async () => {
  const { train, test } = split();
  const scorer = popularityBaseline(train);
  const usedEvents = trainingEvents(train);
  const result = await evaluateScorer({ scorer, examples: test, ks: [2], positions: 'all', usedEvents });
  // Training read a's first three events, b's first three and c's first two; the last two of each are queries.
  expect([...result.examples]).toEqual([0, 0, 1, 1, 2, 2]);
  expect([...result.items]).toEqual([5, 4, 4, 3, 1, 2]);
  expect(result.definition[1]).toMatch(/, but 5 that training or the choice of a checkpoint has read\.$/);
});

it.each(['window', 'all'] as const)('history %s: what a baseline is given', async (history) => {
  const { test } = split();
  const examples = { ...test, starts: test.targets.map((target) => target - (target === 4 ? 2 : 1)) };
  const read: number[][] = [];
  const scorer = {
    ...{ name: 'reader', description: 'reads.', numItems: 5 },
    score(items: Int32Array, out: Float64Array) {
      read.push([...items]);
      out.fill(1);
    },
  };
  const { definition } = await evaluateScorer({ scorer, examples, ks: [2], history });
  expect(read).toEqual(
    history === 'all'
      ? [
          [1, 2, 3, 5],
          [1, 2, 1, 4],
          [3, 4, 1],
        ]
      : [[3, 5], [4], [1]],
  );
  const said = history === 'all' ? ' It reads all events of the user before the query.' : '';
  expect(definition).toContain(`Score: reads.${said} A target with score 0 is a miss.`);
  // All positions: from the first event of the user on, not from that of the window.
  read.length = 0;
  await evaluateScorer({ scorer, examples, ks: [2], history, positions: 'all' });
  expect(read[0]).toEqual(history === 'all' ? [1, 2, 3] : [3]);
});

describe('item-kNN', () => {
  it('sums decayed cosines of the latest items', () => {
    const scorer = itemKnnBaseline(split().train, { last: 2, decay: 0.5 });
    const scores = new Float64Array(6);
    scorer.score(Int32Array.of(4, 1, 3), scores);
    const a = 1 / Math.log2(5);
    const b = 1 / Math.log2(4);
    // Distinct items: a {1, 2, 3}, b {1, 2}, c {3, 4}; each of 1, 2, 3 has two users, 4 has one.
    // Item 3 is newest, then 1.
    const similarity = { s31: a / 2, s32: a / 2, s34: b / Math.sqrt(2), s12: (a + b) / 2, s13: a / 2 };
    expect(scores[1]).toBeCloseTo(similarity.s31);
    expect(scores[2]).toBeCloseTo(similarity.s32 + 0.5 * similarity.s12);
    expect(scores[3]).toBeCloseTo(0.5 * similarity.s13);
    expect(scores[4]).toBeCloseTo(similarity.s34);
    expect(scores[5]).toBe(0);
    const again = new Float64Array(6);
    scorer.score(Int32Array.of(4, 1, 3), again);
    expect(again).toEqual(scores);
  });
});

describe('last item', () => {
  it('recommends what was taken last, then what was taken before it', () => {
    const scores = new Float64Array(6);
    lastItemBaseline(split().train).score(Int32Array.of(4, 1, 3, 1), scores);
    expect([...scores]).toEqual([0, 1, 0, 1 / 2, 1 / 4, 0]);
  });

  it('finds a target as often as it is taken again, at the place of its age', async () => {
    const { test, train } = leaveLastOut(
      interactionsFromArrays({
        name: 'again',
        users: [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2],
        items: [1, 2, 3, 3, 1, 2, 3, 1, 1, 2, 3, 4],
        timestamps: [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3],
      }),
    );
    const { ranks } = await evaluateScorer({
      scorer: lastItemBaseline(train),
      examples: test,
      ks: [2],
      excludeSeen: false,
    });
    expect([...ranks]).toEqual([1, 3, Number.POSITIVE_INFINITY]);
  });
});

describe('popularity of the last days', () => {
  const DAY = 86_400;
  const times = [0, 5.5, 7.9, 8, 9, 20].map((days) => days * DAY);
  const train = (hasTimes = true) =>
    leaveLastOut(
      interactionsFromArrays({
        name: 'days',
        users: [0, 0, 0, 0, 1, 1, 1, 1, 1],
        items: [1, 2, 3, 4, 2, 2, 1, 5, 3],
        ...(hasTimes && {
          timestamps: [...times.slice(0, 2), 30 * DAY, 31 * DAY, ...times.slice(1, 4), 40 * DAY, 41 * DAY],
        }),
      }),
    ).train;

  it('counts training events of a window that ends with the newest of them', () => {
    const scores = (days?: number): number[] => {
      const out = new Float64Array(6);
      recentPopularityBaseline(train(), { days }).score(Int32Array.of(1), out);
      return [...out];
    };
    // Training events: item 1 on day 0, 2 on 5.5; and 2 on 5.5, 2 on 7.9, 1 on 8.
    expect(scores()).toEqual([0, 1, 3, 0, 0, 0]);
    expect(scores(1)).toEqual([0, 1, 1, 0, 0, 0]);
    // The window has no left end: exactly 2.5 days before is out.
    expect(scores(2.5)).toEqual([0, 1, 1, 0, 0, 0]);
    expect(scores(8.1)).toEqual([0, 2, 3, 0, 0, 0]);
  });

  it('refuses no days, and data without times', () => {
    expect(() => recentPopularityBaseline(train(), { days: 0 })).toThrow(
      'recent-popularity: days: expected a number above 0; got 0',
    );
    expect(() => recentPopularityBaseline(train(false))).toThrow(
      'recent-popularity: expected data with times; got events in order alone; use popularity',
    );
  });
});

describe('first-order Markov', () => {
  it('counts what came right after the last item', () => {
    const scorer = markovBaseline(split().train);
    const scores = (...history: number[]): number[] => {
      const out = new Float64Array(6).fill(9);
      scorer.score(Int32Array.from(history), out);
      return [...out];
    };
    // Training parts: 1 2 3, 1 2 1, 3 4.
    expect(scores(3, 1)).toEqual([0, 0, 2, 0, 0, 0]);
    expect(scores(2)).toEqual([0, 1, 0, 1, 0, 0]);
    expect(scores(1, 3)).toEqual([0, 0, 0, 0, 1, 0]);
    expect(scores(4)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(scores()).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
