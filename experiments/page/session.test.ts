import { useBackend } from '@seqrec/core';
import { createModel, type ModelConfigInput, recommend, type TokenEncoder } from '@seqrec/models';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { madeUpTimes } from '../src/report/page/page-data.ts';
import { Session } from './session.ts';

const NUM_ITEMS = 40;
const shape = { embeddingDim: 8, maxSequenceLength: 20, numBlocks: 2, numHeads: 2 };
const configs: Readonly<Record<string, ModelConfigInput>> = {
  hstu: { kind: 'hstu', ...shape, dqk: 4, dv: 4, relativeBias: 'position-time' },
  sasrec: { kind: 'sasrec', ...shape, ffnDim: 8 },
  gru4rec: { kind: 'gru4rec', embeddingDim: 8, numBlocks: 2, maxSequenceLength: 20 },
};
const refused: ModelConfigInput = { ...configs.hstu, inputEncoding: 'reverse-position-time' } as ModelConfigInput;

const modelOf = (config: ModelConfigInput): TokenEncoder => createModel(config, { numItems: NUM_ITEMS, seed: 2 });

/** What a page without state would show: made-up times that end at the latest of the data. */
function byRecommend(model: TokenEncoder, history: readonly number[], latestTime: number | undefined) {
  const requestTime = latestTime ?? history.length;
  return recommend({ model, history, timestamps: madeUpTimes(history.length, latestTime), requestTime, k: 5 });
}

beforeAll(async () => {
  await useBackend('simd');
});

describe('a session', () => {
  it.each(Object.keys(configs))('of %s answers from kept state what the whole history gives', async (kind) => {
    // Longer than the model reads; entries are taken out anywhere, and it begins again.
    const histories = fc.array(fc.array(fc.integer({ min: 1, max: NUM_ITEMS }), { maxLength: 30 }), { maxLength: 4 });
    const latestTimes = fc.constantFrom(undefined, 893_286_638, 1_600_000_000.123);
    await fc.assert(
      fc.asyncProperty(histories, latestTimes, async (drawn, latestTime) => {
        const session = new Session(modelOf(configs[kind]), latestTime);
        const reference = modelOf(configs[kind]);
        for (const history of drawn) {
          const cuts = [history.length, history.length - 1, history.length - 4].map((n) =>
            history.slice(0, Math.max(n, 0)),
          );
          for (const now of [...cuts, history.toSpliced(history.length >> 1, 1)]) {
            if (now.length === 0) {
              await session.drop();
              continue;
            }
            const { items } = await session.answer(now, 5);
            expect(items).toEqual(await byRecommend(reference, now, latestTime));
            expect((await session.fullPass(now, 5)).items).toEqual(items);
            expect(await session.check()).toEqual({ equal: true, error: 0 });
          }
        }
        session.dispose();
        reference.dispose();
      }),
      { numRuns: 6, seed: 4 },
    );
  });

  it('computes two tokens a click, one after a click is taken back, none of the rest', async () => {
    const session = new Session(modelOf(configs.hstu), 1e9);
    const history = Array.from({ length: 18 }, (_, i) => 1 + i);
    for (let n = 1; n <= history.length; n++) {
      const { tokens } = await session.answer(history.slice(0, n), 5);
      // The newest event is read when it comes, and again, for good, when it is the newest no more.
      expect(tokens).toEqual({ computed: n === 1 ? 1 : 2, full: n });
    }
    expect((await session.answer(history.slice(0, 17), 5)).tokens).toEqual({ computed: 1, full: 17 });
    await session.drop();
    expect((await session.answer(history, 5)).tokens).toEqual({ computed: 18, full: 18 });
    session.dispose();
  });

  it('of a model whose state cannot grow reads the whole history, and says why', async () => {
    const session = new Session(modelOf(refused), 1e9);
    const reference = modelOf(refused);
    expect(session.state).toMatchObject({ append: false, reason: expect.stringContaining('reverse-position-time') });
    const answer = await session.answer([3, 4, 5], 5);
    expect(answer.tokens).toBeUndefined();
    expect(answer.items).toEqual(await byRecommend(reference, [3, 4, 5], 1e9));
    await expect(session.check()).rejects.toThrow(/whose state is kept; HSTU with inputEncoding/);
    await session.drop();
    session.dispose();
    reference.dispose();
  });

  it('of a model whose history is larger than all that is kept says so', async () => {
    const session = new Session(modelOf({ ...configs.hstu, maxSequenceLength: 600_000 } as ModelConfigInput), 1e9);
    expect(session.state.append).toBe(false);
    expect(session.state.reason).toMatch(/maxBytes of at least \d+, one history; got 64000000/);
    expect((await session.answer([3, 4], 5)).items).toHaveLength(5);
    session.dispose();
  });
});
