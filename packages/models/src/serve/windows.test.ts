import { useBackend } from '@seqrec/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { historyOf, modelOf, vectorOf } from '../test-support/scored-models.ts';
import { memorySpill } from '../test-support/scorer-play.ts';
import { createScorer, type ScorerOptions } from './create-scorer.ts';

const chunked: ScorerOptions = { window: 'chunked', slack: 5 };

describe('a scorer', () => {
  beforeAll(async () => {
    await useBackend('simd');
  });

  it('reads the latest events of a history that has outgrown its window', async () => {
    const model = modelOf('hstu');
    const events = historyOf(4, 60);
    const [exact, chunks] = [createScorer(model), createScorer(model, chunked)];
    let window = 0;
    for (const [i, event] of events.entries()) {
      window = window === 24 ? 24 - 5 : window + 1;
      for (const scorer of [exact, chunks]) await scorer.append({ user: 'a', events: [event] });
      const at = event.time + 60;
      const sofar = events.slice(0, i + 1);
      expect((await exact.encode({ user: 'a', at }))[0]).toEqual(await vectorOf(model, sofar, at, 24));
      expect((await chunks.encode({ user: 'a', at }))[0], `${i}`).toEqual(await vectorOf(model, sofar, at, window));
    }
    expect(chunks.stats().computedTokens).toBeLessThan(exact.stats().computedTokens / 2);
    for (const scorer of [exact, chunks]) scorer.dispose();
    model.dispose();
  });

  it('reads as many events after a cut as if those that are gone had never been', async () => {
    const model = modelOf('hstu');
    const events = historyOf(4, 40);
    // Of one by one the chunked window begins again at 25, 31 and 37 events.
    const options: readonly [ScorerOptions, readonly number[]][] = [
      [{}, [24, 24, 24, 24, 20, 3]],
      [chunked, [21, 20, 24, 23, 20, 3]],
    ];
    for (const [option, windows] of options) {
      const scorer = createScorer(model, option);
      await scorer.append({ user: 'a', events });
      await scorer.encode({ user: 'a', at: 1.9e9 });
      for (const [i, length] of [39, 38, 36, 35, 20, 3].entries()) {
        await scorer.truncate('a', length);
        const [vector] = await scorer.encode({ user: 'a', at: 1.9e9 });
        expect(vector, `${length}`).toEqual(await vectorOf(model, events.slice(0, length), 1.9e9, windows[i]));
      }
      scorer.dispose();
    }
    model.dispose();
  });

  it('reads the same events however they came, whenever it was asked, and of a copy', async () => {
    const model = modelOf('hstu');
    const events = historyOf(4, 60);
    const options: ScorerOptions = { ...chunked, settle: 'question', spill: memorySpill() };
    const [asked, quiet] = [createScorer(model, options), createScorer(model, options)];
    for (const [i, event] of events.entries()) {
      for (const scorer of [asked, quiet]) await scorer.append({ user: 'a', events: [event] });
      const expected = await asked.encode({ user: 'a', at: event.time });
      if (i % 4 > 0) continue;
      const restarted = createScorer(model, options);
      await restarted.append({ user: 'a', events: events.slice(0, i + 1) });
      expect(await restarted.encode({ user: 'a', at: event.time }), `${i}`).toEqual(expected);
      restarted.dispose();
      if (i % 16 > 0) continue;
      expect(await quiet.encode({ user: 'a', at: event.time }), `${i}`).toEqual(expected);
      await asked.evict('a');
      await asked.fork('a', 'b');
      expect(await asked.encode({ user: 'b', at: event.time }), `${i}`).toEqual(expected);
    }
    for (const scorer of [asked, quiet]) scorer.dispose();
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
