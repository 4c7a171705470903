import { type ExampleSet, interactionsFromArrays, latestWindow, trainTest } from '@seqrec/data';
import { describe, expect, it } from 'vitest';
import { type Protocol, RankCollector } from './protocol.ts';
import type { ExcludeSeen } from './seen.ts';

const NUM_ITEMS = 12;
/** Users a and b, items 1 2 3 4 and 5 6 5 7: events 0 to 3 and 4 to 7. */
function examples(times = true): ExampleSet {
  return trainTest(
    interactionsFromArrays({
      name: 'two',
      users: ['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b'],
      items: [1, 2, 3, 4, 5, 6, 5, 7],
      ...(times ? { timestamps: [1, 2, 3, 4, 1, 2, 3, 4] } : {}),
      catalogue: Array.from({ length: NUM_ITEMS }, (_, i) => ({ item: i + 1 })),
    }),
  ).test;
}
const collect = (protocol: Partial<Protocol> = {}) => new RankCollector({ examples: examples(), ks: [1], ...protocol });
/** Scores of items 0 to 12, the higher the lower the id; ties where told. */
const falling = (...equal: readonly number[]): number[] =>
  Array.from({ length: NUM_ITEMS + 1 }, (_, item) => (equal.includes(item) ? 100 : 50 - item));
const constant = Array<number>(NUM_ITEMS + 1).fill(1);

describe('RankCollector', () => {
  it('leaves out what the window shows, all that the user has seen, or nothing', () => {
    // Of the histories 1 2 3 and 5 6 5 the window shows the last event.
    const windowed = latestWindow(examples(), { maxLength: 1 });
    const rank = (excludeSeen: ExcludeSeen) => {
      const collector = collect({ examples: windowed, excludeSeen });
      collector.add(0, 3, falling(), 0);
      collector.add(1, 7, falling(), 0);
      const { ranks, definition } = collector.result('a test.');
      return { ranks: [...ranks], said: definition.find((line) => line.startsWith('Items of ')) };
    };
    expect(rank(false)).toEqual({ ranks: [4, 7], said: 'Items of the history stay candidates.' });
    expect(rank(true).ranks).toEqual([3, 6]);
    expect(rank(true).said).toContain('the (windowed) history are taken out');
    expect(rank('all').ranks).toEqual([1, 5]);
    expect(rank('all').said).toContain('all events of the user before the query are taken out');
  });

  it('ranks each target among the items that its history does not hold', () => {
    const collector = collect();
    // Target 4 of user a: 1, 2, 3 are out. Target 7 of user b: 5 and 6 are out, 1 to 4 above.
    collector.add(0, 3, falling(), 0);
    collector.add(1, 7, [0, 0, 0, ...falling()], 3);
    const { ranks, tied, users, items, examples: of, metrics, warnings } = collector.result('a test.');
    expect([[...ranks], [...tied], [...users], [...items], [...of]]).toEqual([
      [1, 5],
      [0, 0],
      [0, 1],
      [4, 7],
      [0, 1],
    ]);
    expect(metrics['HR@1']).toBe(0.5);
    expect(warnings).toEqual([]);
  });

  it('keeps seen items when told so, and candidates end where the example says', () => {
    const open = collect({ excludeSeen: false, candidates: (e) => [5, 9][e] });
    open.add(0, 3, falling(), 0);
    open.add(1, 7, falling(), 0);
    expect([...open.result('').ranks]).toEqual([4, 7]);
    const rising = falling().map((score) => -score);
    const closed = collect({ candidates: (e) => [5, 9][e] });
    closed.add(0, 3, rising, 0);
    closed.add(1, 7, rising, 0);
    expect([...closed.result('').ranks]).toEqual([2, 3]);
  });

  it('puts a rank where room was made for it, whatever the order', () => {
    const collector = collect();
    const [first, second] = [collector.open(1, 7), collector.open(0, 3)];
    collector.close(second, { higher: 2, equalBefore: 0, equalAfter: 1 });
    collector.close(first, { higher: 0, equalBefore: 0, equalAfter: 0 });
    collector.miss(0, 2, 'no-score');
    const { ranks, tied, items, users, examples: of, definition } = collector.result('');
    expect([...ranks]).toEqual([1, 3, Number.POSITIVE_INFINITY]);
    expect([...tied]).toEqual([0, 1, 0]);
    expect([...items]).toEqual([7, 4, 3]);
    expect([[...of], [...users]]).toEqual([
      [1, 0, 0],
      [1, 0, 0],
    ]);
    // No score is a miss, but not one for want of a history.
    expect(definition.at(-1)).toBe('Averages are over queries.');
    expect(() => collect({ candidates: () => 3 }).open(0, 3)).toThrow('got item 4');
    // A catalogue may begin with one item.
    expect(collect({ candidates: () => 1 }).lastItem(0)).toBe(1);
  });

  it('warns with HR@10 where it is a metric, else with the first cut-off', () => {
    const warningOf = (ks: readonly number[]): string => {
      const collector = collect({ ks });
      collector.add(0, 3, falling(4, 5, 6), 0);
      return collector.result('').warnings[0];
    };
    expect(warningOf([2, 10])).toMatch(/HR@10 would be 1\.0000/);
    expect(warningOf([2, 5])).toMatch(/HR@2 would be 1\.0000 .*, 0\.0000 with/);
  });

  describe('sees a model that tells nothing apart', () => {
    it('when every query has one score for all its candidates', () => {
      const collector = collect();
      expect(collector.isConstant).toBe(false);
      collector.add(0, 3, constant, 0);
      collector.add(1, 7, constant, 0);
      expect(collector.isConstant).toBe(true);
      // One query that is told apart is enough, before or after.
      collector.add(0, 3, falling(), 0);
      expect(collector.isConstant).toBe(false);
      collector.add(0, 3, constant, 0);
      expect(collector.isConstant).toBe(false);
    });

    it('counting only candidates: seen ones once, none behind the last, the target always', () => {
      const told = (protocol: Partial<Protocol>, scores: readonly number[]): boolean => {
        const collector = collect(protocol);
        collector.add(1, 7, scores, 0);
        return !collector.isConstant;
      };
      // Items 5 and 6 are seen (5 twice), 12 is closed.
      expect(told({ candidates: () => 11 }, constant.with(5, 3).with(6, 0).with(12, 9))).toBe(false);
      expect(told({ candidates: () => 11 }, constant.with(11, 0))).toBe(true);
      expect(told({ candidates: () => 11, excludeSeen: false }, constant.with(5, 0))).toBe(true);
      expect(told({ candidates: () => 7, excludeSeen: false }, constant.with(8, 0))).toBe(false);
      // A seen item behind the last candidate is not taken off twice: user a, seen 1, 2, 3 with 4 candidates.
      const few = collect({ candidates: () => 7 });
      few.add(0, 3, constant, 0);
      expect(few.isConstant).toBe(true);
    });

    it('and says nothing of a query with one candidate', () => {
      // User a has seen 1, 2, 3: of items 1 to 4 the target alone is left.
      const collector = collect({ candidates: (e) => (e === 0 ? 4 : NUM_ITEMS) });
      collector.add(0, 3, constant, 0);
      expect(collector.isConstant).toBe(false);
      collector.add(1, 7, constant, 0);
      expect(collector.isConstant).toBe(true);
    });

    it('a target seen before stays a candidate of its own query', () => {
      // Event 6 is item 5 again, seen at event 4: candidates are all but 6, the seen one that is no target.
      const collector = collect();
      collector.add(1, 6, constant.with(6, 7), 0);
      expect(collector.isConstant).toBe(true);
    });
  });

  it('definition: times, histories and events that are no queries', () => {
    const timeless = new RankCollector({
      examples: examples(false),
      ks: [1],
      positions: 'all',
      usedEvents: new Uint8Array(8),
    });
    timeless.miss(0, 3, 'no-history');
    timeless.miss(1, 7, 'no-history');
    timeless.leaveOut(2);
    timeless.leaveOut(1);
    const { definition, metrics, seconds } = timeless.result('s');
    expect(definition[1]).toMatch(/, but 3 that training or the choice of a checkpoint has read\.$/);
    expect(definition.slice(-2)).toEqual([
      "Times: the data have none; a model that reads times is given the number of the event in its user's sequence.",
      '2 queries without history count as misses.',
    ]);
    expect(metrics).toEqual({ 'HR@1': 0, 'NDCG@1': 0, MRR: 0 });
    expect(seconds).toBeGreaterThanOrEqual(0);
    expect(seconds).toBeLessThan(60);
  });

  it('events that are used are those marked with 1', () => {
    const collector = collect({ usedEvents: Uint8Array.of(0, 1, 2) });
    expect([0, 1, 2, 3].map((event) => collector.isUsed(event))).toEqual([false, true, false, false]);
    expect(collect().isUsed(1)).toBe(false);
  });

  it('refuses subsequences, of which nobody knows what is seen', () => {
    const set = examples();
    const events = { offsets: Int32Array.of(0, 3, 6), indices: Int32Array.of(0, 1, 2, 4, 5, 6) };
    expect(() => collect({ examples: { ...set, events } })).toThrow(
      'evaluate: examples: expected histories of neighbouring events; got subsequences (events); evaluate the histories that they were taken from',
    );
  });

  it('cut-offs fit the example with the fewest candidates', () => {
    expect(() => collect({ ks: [9], candidates: (e) => [9, 12][e] })).not.toThrow();
    expect(() => collect({ ks: [10], candidates: (e) => [12, 9][e] })).toThrow('in 1..9, the number of candidates');
    expect(() => collect({ ks: [12] })).not.toThrow();
    expect(() => collect({ ks: undefined })).toThrow('in 1..12, the number of candidates; got 50');
  });
});
