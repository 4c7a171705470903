import { streamKey, uniform01 } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tableReader } from '../test-support/table-reader.ts';
import type { CodeReader } from './generator.ts';
import { textBeams } from './text-beams.ts';

const size = 3;
const end = 1;

/** The logits after a text, a function of history and text alone. */
const logitsAfter = (seed: number, path: readonly number[]): number[] =>
  Array.from(uniform01(streamKey(seed, path.join()), 0, size), (value) => Math.fround(4 * value));

function reader(seed: number, histories: number, first = 0): CodeReader {
  const sizes = new Array<number>(9).fill(size);
  return tableReader(histories, sizes, ([b, ...tokens], k) => logitsAfter(seed, [first + b, ...tokens])[k]);
}

/** Every text of at most so many tokens, best first. */
function everyText(seed: number, history: number, maxTokens: number, lengthPenalty: number) {
  const found: { tokens: readonly number[]; score: number }[] = [];
  const visit = (tokens: readonly number[], sum: number): void => {
    if (tokens.length === maxTokens || tokens.at(-1) === end) {
      found.push({ tokens, score: sum / tokens.length ** lengthPenalty });
      return;
    }
    const logits = logitsAfter(seed, [history, ...tokens]);
    const total = Math.log(logits.reduce((all, value) => all + Math.exp(value), 0));
    for (const [token, value] of logits.entries()) visit([...tokens, token], sum + value - total);
  };
  visit([], 0);
  return found.sort((a, b) => b.score - a.score);
}

describe('beams over texts', () => {
  it('as wide as there are texts, find every one, in the order of their scores', async () => {
    const inputs = fc.record({
      seed: fc.nat(1e6),
      histories: fc.integer({ min: 1, max: 3 }),
      maxTokens: fc.integer({ min: 1, max: 4 }),
      lengthPenalty: fc.constantFrom(0, 0.5, 1, 2),
    });
    await fc.assert(
      fc.asyncProperty(inputs, async ({ seed, histories, maxTokens, lengthPenalty }) => {
        const width = size ** maxTokens;
        const lists = await textBeams(reader(seed, histories), histories, { width, maxTokens, end, lengthPenalty });
        for (const [history, texts] of lists.entries()) {
          const expected = everyText(seed, history, maxTokens, lengthPenalty);
          expect(texts.map(({ tokens }) => tokens)).toEqual(expected.map(({ tokens }) => tokens));
          for (const [i, { score }] of texts.entries()) expect(score).toBeCloseTo(expected[i].score, 9);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('of one text take the likeliest token each time, until the end', async () => {
    const lists = await textBeams(reader(7, 4), 4, { width: 1, maxTokens: 6, end });
    for (const [history, [{ tokens }]] of lists.entries()) {
      const greedy: number[] = [];
      while (greedy.length < 6 && greedy.at(-1) !== end) {
        const logits = logitsAfter(7, [history, ...greedy]);
        greedy.push(logits.indexOf(Math.max(...logits)));
      }
      expect(tokens).toEqual(greedy);
    }
  });

  it('of some histories are those of each alone, and ask for no more rows than are open', async () => {
    const options = { width: 2, maxTokens: 5, end };
    const asked: number[] = [];
    const own = reader(11, 5);
    const counting: CodeReader = {
      ...own,
      next: (parents, tokens) => {
        asked.push(parents.length);
        return own.next(parents, tokens);
      },
    };
    const together = await textBeams(counting, 5, options);
    expect(Math.max(...asked)).toBeLessThanOrEqual(10);
    expect(asked.at(-1)).toBeLessThan(10);
    for (const [history, texts] of together.entries())
      expect(await textBeams(reader(11, 1, history), 1, options)).toEqual([texts]);
  });

  it('of equal texts take the earlier text, then the lower token', async () => {
    const flat: CodeReader = {
      first: () => tf.zeros([1, size]),
      next: (parents) => tf.zeros([parents.length, size]),
      dispose: () => {},
    };
    const [texts] = await textBeams(flat, 1, { width: 2, maxTokens: 2, end });
    expect(texts.map(({ tokens }) => tokens)).toEqual([[1], [0, 0]]);
  });

  it.each([{ width: 0 }, { width: 1.5 }, { maxTokens: 0 }, { maxTokens: Number.POSITIVE_INFINITY }])(
    'refuse %o',
    async (options) => {
      const before = tf.memory().numTensors;
      const asked = textBeams(reader(1, 1), 1, { width: 2, maxTokens: 3, end, ...options });
      await expect(asked).rejects.toThrow(
        `textBeams: ${Object.keys(options)[0]}: expected a whole number, at least 1; got ${Object.values(options)[0]}`,
      );
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  it('refuse a logit that is no number', async () => {
    const broken: CodeReader = {
      first: () => tf.zeros([2, size]),
      next: (parents) => tf.fill([parents.length, size], Number.NaN),
      dispose: () => {},
    };
    const before = tf.memory().numTensors;
    await expect(textBeams(broken, 2, { width: 2, maxTokens: 3, end: 9 })).rejects.toThrow(
      'textBeams: expected logits that are numbers; got NaN at token 2 after history 0',
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});
