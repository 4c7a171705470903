import { afterEach, describe, expect, it, vi } from 'vitest';
import { inOrder, judge, judgedMetrics } from './verdict.ts';
import { renderVerdict, verdictText } from './verdict-text.ts';

const ranked = (ranks: readonly number[], examples = ranks.map((_, i) => i)) => ({
  ranks: Float64Array.from(ranks),
  tied: new Int32Array(ranks.length),
  ties: 'expected' as const,
  items: Int32Array.from(examples, (e) => 1 + e),
  users: Int32Array.from(examples, (e) => 100 + e),
  examples: Int32Array.from(examples),
});
const ordered = (ranks: readonly number[]) => inOrder(ranked(ranks));
const repeat = (count: number, ranks: readonly number[]): number[] => Array(count).fill(ranks).flat();
const options = { ks: [10, 50], selectBy: 'NDCG@10', split: 'test', resamples: 300 };

describe('judging a model by its baselines', () => {
  const model = ranked(repeat(40, [1, 1, 40, 40]));

  it('says who is ahead and whether the interval holds zero', () => {
    const verdicts = judge(
      model,
      [
        { name: 'popularity', ranks: ordered(repeat(40, [40, 40, 40, 40])) },
        { name: 'item-knn', ranks: ordered([...repeat(40, [1, 1, 40, 40]).slice(0, -1), 1]) },
        { name: 'ease', ranks: ordered(repeat(40, [1, 1, 1, 40])) },
        { name: 'last-item', ranks: ordered(repeat(40, [1, 1, 40, 40])) },
        { name: 'other', ranks: ordered(repeat(40, [9, 9, 9, 40])) },
      ],
      options,
    );
    expect(verdicts.map((each) => [each.baseline, each.outcome])).toEqual([
      ['popularity', 'beats'],
      ['item-knn', 'loses'],
      ['ease', 'loses'],
      ['last-item', 'equals'],
      ['other', 'mixed'],
    ]);
    const [hit] = verdicts[0].differences;
    expect(hit).toMatchObject({ metric: 'HR@10', a: 0, b: 0.5, difference: 0.5 });
    const { headline, lines, note } = verdictText('ml-100k/hstu', verdicts, [{ name: 'slow', reason: 'too large' }]);
    expect(headline).toEqual({
      text: 'ml-100k/hstu on the test set loses to item-knn and ease; is ahead of and behind other, by metric; equals last-item; beats popularity',
      loses: true,
    });
    expect(lines[0].text).toMatch(
      /^beats popularity: HR@10 \.5000 against \.0000, \+\.5000 \[.*\], beyond the interval; NDCG@10/,
    );
    expect(lines[1].text).toMatch(
      /^loses to item-knn: HR@10 \.5000 against \.5062, -\.006[23] \[.*\], within the interval;/,
    );
    expect(lines[2].text).toMatch(/^loses to ease: HR@10 \.5000 against \.7500, -\.2500 \[.*\], beyond the interval;/);
    expect(lines[3].text).toBe(
      'equals last-item: HR@10 .5000 against .5000, no difference; NDCG@10 .5000 against .5000, no difference',
    );
    expect(lines[4].text).toMatch(
      /^is ahead of and behind other: HR@10 \.5000 against \.7500, -.*; NDCG@10 \.5000 against \.2258, \+/,
    );
    expect(lines.map((line) => line.loses)).toEqual([false, true, true, false, true, false]);
    expect(lines[5].text).toBe('slow is left out: too large');
    expect(note).toContain('paired by user');
  });

  it('queries are paired by example, in whatever order they were ranked', () => {
    const shuffled = ranked([40, 40, 1, 1], [3, 2, 1, 0]);
    const [verdict] = judge(ranked([1, 1, 40, 40]), [{ name: 'same', ranks: inOrder(shuffled) }], options);
    expect(verdict.outcome).toBe('equals');
    expect(verdict.differences[0]).toMatchObject({ low: 0, high: 0 });
  });

  it('counts tied candidates by the rule of each, whatever the order of the queries', () => {
    // One of two places each: HR@1 is a half, wherever the ties stand in the order.
    const tied = { ...ranked([1, 1, 5, 5], [3, 2, 1, 0]), tied: Int32Array.of(1, 1, 0, 0) };
    const [verdict] = judge(ranked([5, 5, 1, 1]), [{ name: 'tied', ranks: inOrder(tied) }], { ...options, ks: [1] });
    expect(verdict.differences[0]).toMatchObject({ metric: 'HR@1', a: 0.25, b: 0.5 });
    expect(inOrder(tied).items).toEqual(Int32Array.of(1, 2, 3, 4));
  });

  it('claims no interval over one user or a few', () => {
    const line = (count: number): string => {
      const verdicts = judge(ranked(repeat(count, [1])), [{ name: 'x', ranks: ordered(repeat(count, [40])) }], options);
      return verdictText('m', verdicts).lines[0].text;
    };
    expect(line(1)).toMatch(
      /^beats x: HR@10 1\.0000 against \.0000, \+1\.0000, one user: too few for an interval; NDCG/,
    );
    expect(line(5)).toContain('5 users: too few for an interval');
    expect(line(6)).toContain('[+1.0000, +1.0000], beyond the interval');
  });

  it('refuses other queries', () => {
    expect(() => judge(model, [{ name: 'x', ranks: ordered([1]) }], options)).toThrow('on the same queries');
  });

  it('judges hit rate and NDCG at the first cut-off, and what chooses the checkpoint', () => {
    expect(judgedMetrics({ ks: [10, 50], selectBy: 'NDCG@10' })).toEqual(['HR@10', 'NDCG@10']);
    expect(judgedMetrics({ ks: [5], selectBy: 'MRR' })).toEqual(['HR@5', 'NDCG@5', 'MRR']);
  });
});

describe('in a terminal', () => {
  afterEach(() => vi.unstubAllEnvs());
  const lost = judge(ranked([40, 40]), [{ name: 'item-knn', ranks: ordered([1, 1]) }], options);
  const won = judge(ranked([1, 1]), [{ name: 'item-knn', ranks: ordered([40, 40]) }], options);

  it('what is lost is red where colours are wanted, and plain with NO_COLOR or without a terminal', () => {
    vi.stubEnv('NO_COLOR', undefined);
    vi.stubEnv('FORCE_COLOR', '1');
    expect(renderVerdict('m', lost)).toContain('\u001b[31mverdict: m on the test set loses to item-knn\u001b[39m');
    expect(renderVerdict('m', won)).not.toContain('\u001b');
    vi.stubEnv('FORCE_COLOR', undefined);
    vi.stubEnv('NO_COLOR', '1');
    expect(renderVerdict('m', lost)).toContain('verdict: m on the test set loses to item-knn\n- loses to');
    expect(renderVerdict('m', lost)).not.toContain('\u001b');
  });

  it('lines fit 80 columns', () => {
    const long = Array.from({ length: 4 }, (_, i) => ({ ...lost[0], baseline: `a-baseline-with-a-long-name-${i}` }));
    for (const line of renderVerdict('online-retail/pinnerformer', long).split('\n'))
      expect(line.length).toBeLessThanOrEqual(80);
  });

  it('no baseline, no verdict', () => {
    expect(renderVerdict('m', [])).toBe('verdict: no verdict on m: no baseline stands beside it');
  });
});
