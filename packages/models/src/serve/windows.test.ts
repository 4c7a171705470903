import { useBackend } from '@seqrec/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { historyOf, modelOf, vectorOf } from '../test-support/scored-models.ts';
import { createScorer, type ScorerOptions } from './create-scorer.ts';

describe('a scorer', () => {
  beforeAll(async () => {
    await useBackend('simd');
  });

  it('reads the latest events of a history that has outgrown its window', async () => {
    const model = modelOf('hstu');
    const events = historyOf(4, 60);
    const [exact, chunked] = [createScorer(model), createScorer(model, { window: 'chunked', slack: 5 })];
    let window = 0;
    for (const [i, event] of events.entries()) {
      window = window === 24 + 5 ? 24 : window + 1;
      for (const scorer of [exact, chunked]) await scorer.append({ user: 'a', events: [event] });
      const at = event.time + 60;
      const sofar = events.slice(0, i + 1);
      expect((await exact.encode({ user: 'a', at }))[0]).toEqual(await vectorOf(model, sofar, at, 24));
      expect((await chunked.encode({ user: 'a', at }))[0], `${i}`).toEqual(await vectorOf(model, sofar, at, window));
    }
    expect(chunked.stats().computedTokens).toBeLessThan(exact.stats().computedTokens / 2);
    for (const scorer of [exact, chunked]) scorer.dispose();
    model.dispose();
  });

  it('reads as many events after a cut as if those that are gone had never been', async () => {
    const model = modelOf('hstu');
    const events = historyOf(4, 40);
    const options: readonly [number, ScorerOptions][] = [
      [24, {}],
      [24, { window: 'chunked', slack: 5 }],
    ];
    for (const [n, option] of options) {
      const scorer = createScorer(model, option);
      await scorer.append({ user: 'a', events });
      await scorer.encode({ user: 'a', at: 1.9e9 });
      for (const length of [39, 38, 20, 3]) {
        await scorer.truncate('a', length);
        const [vector] = await scorer.encode({ user: 'a', at: 1.9e9 });
        expect(vector, `${length}`).toEqual(await vectorOf(model, events.slice(0, length), 1.9e9, n));
      }
      scorer.dispose();
    }
    model.dispose();
  });

  it('of a recurrent model reads all of a history where asked', async () => {
    const model = modelOf('gru4rec');
    const events = historyOf(4, 60);
    const scorer = createScorer(model, { window: 'recurrent' });
    for (const event of events) await scorer.append({ user: 'a', events: [event] });
    expect((await scorer.encode({ user: 'a', at: 1.9e9 }))[0]).toEqual(await vectorOf(model, events, 1.9e9, 60));
    expect(scorer.stats().computedTokens).toBe(60);
    scorer.dispose();
    model.dispose();
  });
});
