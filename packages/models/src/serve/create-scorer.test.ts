import { useBackend } from '@seqrec/core';
import type { SimdBackend } from '@seqrec/core/simd';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { historyOf, modelOf, NUM_ITEMS, vectorOf } from '../test-support/scored-models.ts';
import { memorySpill } from '../test-support/scorer-play.ts';
import { createScorer, unchecked } from './create-scorer.ts';
import { recommend } from './recommend.ts';

describe('a scorer', () => {
  beforeAll(async () => {
    await useBackend('simd');
  });

  it('answers about many users in one pass as about each alone, and at two moments in one call', async () => {
    const model = modelOf('hstu');
    const [together, alone] = [createScorer(model), createScorer(model)];
    const users = Array.from({ length: 9 }, (_, i) => ({ user: `u${i}`, events: historyOf(i, 3 + 2 * i) }));
    await together.append(...users);
    const requests = users.flatMap(({ user }) => [1.9e9, 2e9].map((at) => ({ user, at })));
    const vectors = await together.encode(...requests);
    for (const [i, request] of requests.entries()) {
      const { user, events } = users[Math.floor(i / 2)];
      if (!alone.has(user)) await alone.append({ user, events });
      expect(vectors[i]).toEqual((await alone.encode(request))[0]);
    }
    for (const scorer of [together, alone]) scorer.dispose();
    model.dispose();
  });

  it('recommends what recommend does', async () => {
    const model = modelOf('hstu');
    const scorer = createScorer(model);
    const events = historyOf(1, 12);
    await scorer.append({ user: 'a', events });
    const [top, few] = await scorer.top(
      { user: 'a', at: 1.9e9, k: 7 },
      { user: 'a', at: 1.9e9, k: 2, exclude: 'none' },
    );
    expect(few.items).toHaveLength(2);
    expect(scorer.stats().computedTokens).toBe(12);
    const history = { history: events.map(({ item }) => item), timestamps: events.map(({ time }) => time) };
    const best = await recommend({ model, ...history, requestTime: 1.9e9, k: 7 });
    expect(Array.from(top.items)).toEqual(best.map(({ item }) => item));
    expect(Array.from(top.scores)).toEqual(best.map(({ score }) => score));
    const [scores] = await scorer.score({ user: 'a', at: 1.9e9, candidates: top.items });
    top.scores.forEach((score, i) => void expect(scores[i]).toBeCloseTo(score, 6));
    const like = await scorer.similar(5, 3);
    expect(like.items).not.toContain(5);
    scorer.dispose();
    model.dispose();
  });

  it.each([undefined, memorySpill()])('keeps to its budget, the least recently asked users first', async (spill) => {
    const model = modelOf('hstu');
    const one = createScorer(model, { pageTokens: 4 });
    await one.append({ user: 'a', events: historyOf(1, 24) });
    await one.encode({ user: 'a', at: 1.9e9 });
    const bytes = one.stats().bytes;
    one.dispose();
    const scorer = createScorer(model, { pageTokens: 4, maxBytes: 3 * bytes, spill });
    const users = Array.from({ length: 8 }, (_, i) => ({ user: `u${i}`, events: historyOf(i, 24) }));
    for (const user of users) {
      await scorer.append(user);
      expect(scorer.stats().reservedBytes).toBeLessThanOrEqual(3 * bytes);
    }
    expect(scorer.stats()).toMatchObject({ users: 8, cachedUsers: 3, evictions: 5 });
    for (const { user, events } of users) {
      expect((await scorer.encode({ user, at: 1.9e9 }))[0]).toEqual(await vectorOf(model, events, 1.9e9));
    }
    // All at once, in as many passes as it takes.
    const vectors = await scorer.encode(...users.map(({ user }) => ({ user, at: 1.9e9 })));
    expect(vectors.map((vector) => vector.length)).toEqual(new Array(8).fill(vectors[0].length));
    const { reloads, reservedBytes } = scorer.stats();
    expect(reloads > 0).toBe(spill !== undefined);
    expect(reservedBytes).toBeLessThanOrEqual(3 * bytes);
    expect(() => createScorer(model, { maxBytes: bytes - 1 })).toThrow(
      /expected maxBytes of at least \d+, one history/,
    );
    scorer.dispose();
    model.dispose();
  });

  it.each([undefined, memorySpill()])('keeps states to its budget as well', async (spill) => {
    const model = modelOf('gru4rec');
    const one = createScorer(model);
    await one.append({ user: 'a', events: historyOf(1, 24) });
    const { bytes } = one.stats();
    expect(bytes).toBeGreaterThan(0);
    one.dispose();
    const scorer = createScorer(model, { maxBytes: 3 * bytes, spill });
    const users = Array.from({ length: 8 }, (_, i) => ({ user: `u${i}`, events: historyOf(i, 24) }));
    for (const user of users) {
      await scorer.append(user);
      expect(scorer.stats().bytes).toBeLessThanOrEqual(3 * bytes);
    }
    expect(scorer.stats()).toMatchObject({ users: 8, cachedUsers: 3, bytes: 3 * bytes, evictions: 5 });
    const before = scorer.stats().computedTokens;
    for (const { user, events } of users) {
      expect((await scorer.encode({ user, at: 1.9e9 }))[0]).toEqual(await vectorOf(model, events, 1.9e9));
    }
    // What came back from a spill costs the newest event alone.
    expect(scorer.stats().computedTokens - before).toBe(spill === undefined ? 8 * 24 : 8);
    expect(scorer.stats().reloads).toBe(spill === undefined ? 0 : 8);
    // All at once, in as many passes as it takes; and copies.
    await scorer.encode(...users.map(({ user }) => ({ user, at: 1.9e9 })));
    for (const as of ['x', 'y', 'z']) await scorer.fork('u7', as);
    expect((await scorer.encode({ user: 'z', at: 1.9e9 }))[0]).toEqual(await vectorOf(model, users[7].events, 1.9e9));
    expect(scorer.stats().bytes).toBe(3 * bytes);
    for (const user of [...users.map(({ user }) => user), 'x', 'y', 'z']) await scorer.drop(user);
    expect(scorer.stats().bytes).toBe(0);
    scorer.dispose();
    expect(() => createScorer(model, { maxBytes: bytes - 1 })).toThrow(
      `expected maxBytes of at least ${bytes}, the states of one user; got ${bytes - 1}`,
    );
    const single = createScorer(model, { maxBytes: bytes });
    await single.append(users[0]);
    await single.append({ user: 'old', events: historyOf(3, 4) });
    await single.encode({ user: 'u0', at: 1.9e9 });
    for (const as of ['x', 'old'])
      await expect(single.fork('u0', as)).rejects.toThrow(`expected maxBytes of at least ${2 * bytes} for the states`);
    expect(single.has('x')).toBe(false);
    expect(single.history('old')).toEqual(historyOf(3, 4));
    single.dispose();
    model.dispose();
  });

  it('notices new weights, and a history that was corrected', async () => {
    const model = modelOf('hstu');
    const scorer = createScorer(model);
    const events = historyOf(1, 20);
    await scorer.append({ user: 'a', events });
    await scorer.encode({ user: 'a', at: 1.9e9 });
    const corrected = events.map((event, i) => (i === 12 ? { ...event, item: (event.item % NUM_ITEMS) + 1 } : event));
    const { computedTokens } = scorer.stats();
    await scorer.replace('a', corrected);
    expect((await scorer.encode({ user: 'a', at: 1.9e9 }))[0]).toEqual(await vectorOf(model, corrected, 1.9e9));
    expect(scorer.stats().computedTokens - computedTokens).toBe(20 - 11);
    await expect(
      scorer.replace('a', [
        { item: 1, time: 5 },
        { item: 1, time: 4 },
      ]),
    ).rejects.toThrow(/time of at least 5/);
    expect(scorer.history('a')).toEqual(corrected);
    const [weight] = [...model.variables().values()].slice(1);
    tf.tidy(() => weight.assign(tf.mul(weight, 1.5)));
    expect((await scorer.encode({ user: 'a', at: 1.9e9 }))[0]).toEqual(await vectorOf(model, corrected, 1.9e9));
    scorer.dispose();
    model.dispose();
  });

  it('keeps what it has of a history that is given again, with ratings that float32 rounds', async () => {
    const model = modelOf('hstu');
    const scorer = createScorer(model);
    const events = historyOf(1, 20).map((event, i) => ({ ...event, ...(i % 3 > 0 && { rating: 0.1 * i }) }));
    await scorer.append({ user: 'a', events });
    await scorer.encode({ user: 'a', at: 1.9e9 });
    const { computedTokens } = scorer.stats();
    await scorer.replace('a', events);
    await scorer.encode({ user: 'a', at: 1.9e9 });
    expect(scorer.stats().computedTokens - computedTokens).toBe(1);
    await scorer.replace(
      'a',
      events.map((event, i) => (i === 16 ? { ...event, rating: 4 } : event)),
    );
    await scorer.encode({ user: 'a', at: 1.9e9 });
    expect(scorer.stats().computedTokens - computedTokens).toBe(1 + 20 - 15);
    scorer.dispose();
    model.dispose();
  });

  it('promises the same bits where no native library multiplies and no operand is rounded', () => {
    const model = modelOf('hstu');
    const backend = tf.backend() as SimdBackend & { precision?: string };
    expect(createScorer(model).capabilities).toEqual({ append: true, exact: 'bitwise' });
    backend.libraryFrom = 64;
    try {
      expect(createScorer(model).capabilities).toEqual({ append: true, exact: 1e-5 });
      backend.precision = 'f16';
      expect(createScorer(model).capabilities).toEqual({ append: true, exact: 1e-2 });
    } finally {
      backend.libraryFrom = Number.POSITIVE_INFINITY;
      delete backend.precision;
    }
    model.dispose();
  });

  it('loses nothing to a bad call', async () => {
    const model = modelOf('hstu');
    const scorer = createScorer(model);
    const good = [{ item: 3, time: 100 }];
    await scorer.append({ user: 'a', events: good });
    await expect(scorer.append({ user: 'a', events: [{ item: 4, time: 99 }] })).rejects.toThrow(/at least 100/);
    await expect(
      scorer.append({ user: 'a', events: [{ item: 4, time: 200 }] }, { user: 'b', events: [{ item: 99, time: 1 }] }),
    ).rejects.toThrow(/1\.\.40; got 99 for user 'b'/);
    await expect(scorer.append({ user: 'a', events: [{ item: 4, time: 200, rating: 1e39 }] })).rejects.toThrow(
      /a rating that is finite as a 32-bit float; got 1e\+39 for user 'a'/,
    );
    expect(scorer.history('a')).toEqual(good);
    expect(scorer.has('b')).toBe(false);
    await expect(scorer.encode({ user: 'a', at: 99 })).rejects.toThrow(/moment of at least 100/);
    await expect(scorer.encode({ user: 'c', at: 99 })).rejects.toThrow(/user that has events; got 'c'/);
    await expect(scorer.score({ user: 'a', at: 100, candidates: Int32Array.of(0) })).rejects.toThrow(/1\.\.40; got 0/);
    await expect(scorer.scoreActions({ user: 'a', at: 100, candidates: Int32Array.of(1) })).rejects.toThrow(
      /interleave/,
    );
    expect((await scorer.encode({ user: 'a', at: 100 }))[0]).toEqual(await vectorOf(model, good, 100));
    scorer.dispose();
    model.dispose();
  });
});

describe('a scorer refuses', () => {
  beforeAll(async () => {
    await useBackend('simd');
  });

  const refused: readonly [string, object, RegExp][] = [
    ['hstu', { inputEncoding: 'reverse-position-time' }, /counts places and ages from the newest event/],
    ['hstu', { maxAttentionLength: 4, minFullAttentionLength: 3 }, /shows its newest rows the whole history/],
    ['pinnerformer', { time: true }, /places and ages count from the newest event/],
    ['pinnerformer', { time: false }, /places count from the newest event/],
  ];

  it.each(refused)('%s with %j, and the number that it would give is wrong', async (name, changes, reason) => {
    const model = modelOf(name, changes);
    expect(() => createScorer(model)).toThrow(reason);
    // What a scorer that does not ask would say after one more event.
    const events = historyOf(6, 12);
    const naive = unchecked(model);
    await naive.append({ user: 'a', events: events.slice(0, 11) });
    await naive.encode({ user: 'a', at: events[10].time });
    await naive.append({ user: 'a', events: events.slice(11) });
    const at = events[11].time + 1e6;
    const [vector] = await naive.encode({ user: 'a', at });
    const expected = await vectorOf(model, events, at);
    expect(Math.max(...expected.map((x, i) => Math.abs(x - vector[i])))).toBeGreaterThan(1e-3);
    naive.dispose();
    model.dispose();
  });

  it('options that do not go together', () => {
    const model = modelOf('hstu');
    expect(() => createScorer(model, { slack: 3 })).toThrow(/slack of at least 1 with window 'chunked' alone; got 3/);
    expect(() => createScorer(model, { window: 'chunked', slack: 24 })).toThrow(
      /slack of less than maxSequenceLength 24/,
    );
    expect(() => createScorer(model, { window: 'recurrent' })).toThrow(/whose layers attend to every event/);
    expect(() => createScorer(model, { pageTokens: 0 })).toThrow(/pageTokens to be a whole number/);
    model.dispose();
  });
});

it('events are read with the append, or with the next question', async () => {
  const model = modelOf('hstu');
  const events = historyOf(7, 12);
  const tokens = async (settle: 'append' | 'question') => {
    const scorer = createScorer(model, { settle });
    await scorer.append({ user: 'a', events: events.slice(0, 10) });
    const [first] = [scorer.stats().computedTokens];
    for (const event of events.slice(10)) await scorer.append({ user: 'a', events: [event] });
    const [vector] = await scorer.encode({ user: 'a', at: 2e9 });
    const { computedTokens } = scorer.stats();
    scorer.dispose();
    return { first, computedTokens, vector };
  };
  const [eager, lazy] = [await tokens('append'), await tokens('question')];
  expect([eager.first, lazy.first]).toEqual([9, 0]);
  expect([eager.computedTokens, lazy.computedTokens]).toEqual([12, 12]);
  expect(lazy.vector).toEqual(eager.vector);
  model.dispose();
});
