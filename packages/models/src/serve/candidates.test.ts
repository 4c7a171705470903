import { useBackend } from '@seqrec/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { historyOf, lastActions, modelOf, NUM_ITEMS, vectorOf } from '../test-support/scored-models.ts';
import { createScorer } from './create-scorer.ts';

describe('candidates', () => {
  beforeAll(async () => {
    await useBackend('simd');
  });

  it('scores candidates as a full pass that ends with each, whatever block they are in', async () => {
    const model = modelOf('hstu, interleaved', { maxSequenceLength: 120 });
    const events = historyOf(2, 100);
    const candidates = Int32Array.from({ length: 37 }, (_, i) => 1 + ((7 * i) % NUM_ITEMS));
    // A candidate is the content of an event at the moment of the question; its action comes after it.
    const expected: number[][] = [];
    for (const [i, item] of candidates.entries()) {
      expected[i] = Array.from(lastActions(model, [...events, { item, time: 1.9e9 }]));
    }
    for (const microbatch of [1, 3, 16, 256]) {
      const scorer = createScorer(model, { microbatch });
      await scorer.append({ user: 'a', events });
      const logits = await scorer.scoreActions({ user: 'a', at: 1.9e9, candidates });
      const rows = Array.from(candidates, (_, i) => Array.from(logits.subarray(10 * i, 10 * i + 10)));
      expect(rows, `${microbatch}`).toEqual(expected);
      // Nothing of them is kept, and the order does not matter.
      const reversed = await scorer.scoreActions({ user: 'a', at: 1.9e9, candidates: candidates.slice().reverse() });
      expect(Array.from(reversed.subarray(0, 10))).toEqual(rows.at(-1));
      expect((await scorer.check({ user: 'a', at: 1.9e9 })).equal).toBe(true);
      scorer.dispose();
    }
    model.dispose();
  });

  it.each(['hstu', 'sasrec', 'hstu, interleaved'])('of %s have a place at every length of a window', async (name) => {
    const model = modelOf(name, { outputLength: 1 });
    const events = historyOf(2, 40);
    for (const options of [{}, { window: 'chunked', slack: 3 }] as const) {
      const scorer = createScorer(model, options);
      for (const length of [22, 23, 24, 25, 26, 27, 28, 29]) {
        await scorer.replace('a', events.slice(0, length));
        const question = { user: 'a', at: 1.9e9, candidates: Int32Array.of(5, 6) };
        const rows = await (name.includes('interleaved')
          ? scorer.scoreActions(question)
          : scorer.encodeCandidates(question));
        expect(rows.every(Number.isFinite), `${length}`).toBe(true);
      }
      scorer.dispose();
    }
    model.dispose();
  });

  it('are refused by a model that keeps states', async () => {
    const model = modelOf('gru4rec');
    const scorer = createScorer(model);
    await scorer.append({ user: 'a', events: historyOf(1, 8) });
    await expect(scorer.encodeCandidates({ user: 'a', at: 1.9e9, candidates: Int32Array.of(5) })).rejects.toThrow(
      "encodeCandidates: expected a model that keeps keys of a history, which candidates share; got 'gru4rec'",
    );
    scorer.dispose();
    model.dispose();
  });

  it.each(['hstu', 'hstu, window', 'sasrec', 'transformer-plus-plus'])(
    'of %s reads candidates as the next event',
    async (name) => {
      const model = modelOf(name, { maxSequenceLength: 130 });
      for (const length of [1, 95, 96, 120]) {
        const events = historyOf(2, length);
        const scorer = createScorer(model, { microbatch: 5 });
        await scorer.append({ user: 'a', events });
        const candidates = Int32Array.of(3, 3, 7, 1, 40, 12, 9);
        const rows = await scorer.encodeCandidates({ user: 'a', at: 1.9e9, candidates });
        const width = rows.length / candidates.length;
        for (const [i, item] of candidates.entries()) {
          const expected = await vectorOf(model, [...events, { item, time: 1.9e9 }], 1.9e9);
          expect(rows.slice(i * width, (i + 1) * width), `${length}`).toEqual(expected);
        }
        scorer.dispose();
      }
      model.dispose();
    },
  );
});
