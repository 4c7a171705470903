import { integers, normals, streamKey, useBackend } from '@seqrec/core';
import { sequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from '../inputs.ts';
import { encodeLast, type TokenEncoder } from '../model.ts';
import { createModel, type ModelConfigInput } from '../registry.ts';
import { tinyConfigs } from '../test-support/tiny.ts';
import { createScorer, type ScorerOptions, unchecked } from './create-scorer.ts';
import { recommend } from './recommend.ts';
import type { Scorer, UserEvent } from './scorer.ts';

const NUM_ITEMS = 40;
const { hstu, sasrec, transformer, gru4rec } = tinyConfigs;
const plusPlus = tinyConfigs['transformer-plus-plus'];

/** Every way of keeping state; histories of up to 24 events. */
const configs: Readonly<Record<string, ModelConfigInput>> = Object.fromEntries(
  Object.entries({
    hstu: { ...hstu, relativeBias: 'position-time' },
    'hstu, positions': { ...hstu, relativeBias: 'position' },
    'hstu, rotary, seen': { ...hstu, relativeBias: 'rotary', normalizer: 'seen', dqk: 4 },
    'hstu, softmax': { ...hstu, attention: 'softmax', relativeBias: 'none' },
    'hstu, production block': { ...hstu, block: 'production', inputEncoding: 'position', relativeBias: undefined },
    'hstu, window': { ...hstu, maxAttentionLength: 3, globalAttentionLength: 2 },
    'hstu, summed actions': { ...hstu, actions: 'sum' },
    'hstu, interleaved': { ...hstu, actions: 'interleave' },
    sasrec,
    transformer,
    'transformer-plus-plus': plusPlus,
    gru4rec,
    pinnerformer: tinyConfigs.pinnerformer,
  }).map(([name, config]) => [name, { ...config, maxSequenceLength: 24 } as ModelConfigInput]),
);

/** A model whose weights are far from small, so that a mistake shows. */
function modelOf(name: string, changes: object = {}): TokenEncoder {
  const model = createModel({ ...configs[name], ...changes } as ModelConfigInput, { numItems: NUM_ITEMS, seed: 3 });
  let stream = 0;
  for (const variable of model.variables().values()) {
    const noise = Float32Array.from(normals(streamKey(7, 'weights'), stream++, variable.size), (x) => 0.2 * x);
    tf.tidy(() => variable.assign(tf.add(variable, tf.tensor(noise, variable.shape))));
  }
  return model;
}

function historyOf(seed: number, length: number): UserEvent[] {
  const draws = integers(streamKey(seed, 'history'), 0, 3 * length, 0, 2 ** 20);
  let time = 1_000_000_000;
  return Array.from({ length }, (_, i) => {
    time += draws[3 * i] % 4 === 0 ? 0 : 3 ** (draws[3 * i] % 13);
    return { item: 1 + (draws[3 * i + 1] % NUM_ITEMS), time, rating: 0.5 + (draws[3 * i + 2] % 10) / 2 };
  });
}

/** The vector by one pass over all events, of the latest `n`. */
function fullPass(
  model: TokenEncoder,
  history: readonly UserEvent[],
  at: number,
  n = model.maxSequenceLength,
): Float32Array {
  const events = history.slice(-n);
  const host = sequenceBatch({
    offsets: Int32Array.of(0, events.length),
    itemIds: Int32Array.from(events, ({ item }) => item),
    timestamps: Float64Array.from(events, ({ time }) => time),
    targetTimestamps: Float64Array.from(events, (_, i) => events[i + 1]?.time ?? at),
    ratings: Float32Array.from(events, ({ rating }) => rating ?? Number.NaN),
  });
  const batch = uploadBatch(host);
  const vector = encodeLast(model, batch);
  const values = vector.dataSync().slice() as Float32Array;
  vector.dispose();
  batch.dispose();
  return values;
}

/** Logits of the action of the last event, of which only the content is known. */
function lastActions(model: TokenEncoder, events: readonly UserEvent[]): Float32Array {
  const host = sequenceBatch({
    offsets: Int32Array.of(0, events.length),
    itemIds: Int32Array.from(events, ({ item }) => item),
    timestamps: Float64Array.from(events, ({ time }) => time),
    targetTimestamps: Float64Array.from(events, (_, i) => events[i + 1]?.time ?? 1.9e9),
    ratings: Float32Array.from(events, ({ rating }) => rating ?? Number.NaN),
  });
  const batch = uploadBatch(host);
  const values = tf.tidy(() => {
    const found = model.encodeWithActions?.(batch, { training: false, step: 0, seed: 0 });
    return tf
      .slice(found?.actionLogits as tf.Tensor2D, [events.length - 1, 0], [1, -1])
      .dataSync()
      .slice() as Float32Array;
  });
  batch.dispose();
  return values;
}

/** What may happen to the histories of three users. */
const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('append'), user: fc.nat(2), events: fc.integer({ min: 1, max: 5 }) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('encode'),
        user: fc.nat(2),
        wait: fc.constantFrom(0, 1, 60, 2_592_000),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('fork', 'evict'), user: fc.nat(2) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('truncate'), user: fc.nat(2), events: fc.integer({ min: 1, max: 12 }) }),
    },
  ),
  { minLength: 4, maxLength: 14 },
) as fc.Arbitrary<readonly { kind: string; user: number; events?: number; wait?: number }[]>;

const memorySpill = () => {
  const kept = new Map<string, Float32Array>();
  return {
    write: async (user: string, values: Float32Array) => void kept.set(user, values),
    read: async (user: string) => kept.get(user),
    remove: (user: string) => void kept.delete(user),
  };
};

/** Plays steps on a scorer and compares every answer with the full pass over the same events. */
async function play(
  model: TokenEncoder,
  scorer: Scorer,
  plan: readonly { kind: string; user: number; events?: number; wait?: number }[],
) {
  const exact = scorer.capabilities.exact === 'bitwise';
  const truth = new Map<string, UserEvent[]>();
  const drawn = [0, 1, 2].map((user) => historyOf(11 + user, 200));
  const used = [0, 0, 0];
  for (const [step, { kind, user, events = 0, wait = 0 }] of plan.entries()) {
    const name = `user ${user}`;
    const mine = truth.get(name) ?? [];
    const latest = mine.at(-1)?.time ?? 0;
    if (kind === 'append') {
      const next = drawn[user].slice(used[user], used[user] + events).map((event) => ({
        ...event,
        time: Math.max(latest, event.time),
      }));
      used[user] += events;
      await scorer.append({ user: name, events: next });
      truth.set(name, [...mine, ...next]);
    } else if (mine.length === 0) {
    } else if (kind === 'encode') {
      const at = latest + wait;
      const [vector] = await scorer.encode({ user: name, at });
      const expected = fullPass(model, mine, at);
      if (exact) expect(vector, `step ${step}`).toEqual(expected);
      else expected.forEach((x, i) => void expect(vector[i]).toBeCloseTo(x, 4));
    } else if (kind === 'fork') {
      const other = (user + 1) % 3;
      await scorer.fork(name, `user ${other}`);
      truth.set(`user ${other}`, [...mine]);
    } else if (kind === 'evict') {
      await scorer.evict(name);
    } else {
      const length = Math.min(mine.length, events);
      await scorer.truncate(name, length);
      truth.set(name, mine.slice(0, length));
    }
  }
}

/** Over pages of many sizes, with and without a spill. */
const optionSets: readonly ScorerOptions[] = [{}, { pageTokens: 1 }, { pageTokens: 7, spill: memorySpill() }];

describe.each(['simd', 'cpu', 'wasm'] as const)('a scorer on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it.each(Object.keys(configs).filter((name) => name !== 'pinnerformer'))(
    'of %s gives the vectors of the full pass, whatever came before',
    async (name) => {
      const model = modelOf(name);
      await fc.assert(
        fc.asyncProperty(steps, fc.constantFrom(...optionSets), async (plan, options) => {
          const before = tf.memory().numTensors;
          const scorer = createScorer(model, options);
          try {
            await play(model, scorer, plan);
          } finally {
            scorer.dispose();
          }
          expect(tf.memory().numTensors).toBe(before);
        }),
        { numRuns: backend === 'simd' ? 25 : 5, seed: 5 },
      );
      model.dispose();
    },
  );
});

describe('a scorer', () => {
  beforeAll(async () => {
    await useBackend('simd');
  });

  // More than two blocks of keys of the kernels, and appends across their edges.
  const long = [
    'hstu',
    'hstu, softmax',
    'hstu, window',
    'hstu, interleaved',
    'sasrec',
    'transformer-plus-plus',
    'gru4rec',
  ];
  it.each([...long.map((name) => ['simd', name] as const), ['wasm', 'hstu'] as const, ['wasm', 'sasrec'] as const])(
    'on %s of %s is exact over hundreds of events, in blocks of any size',
    async (backend, name) => {
      await useBackend(backend);
      const model = modelOf(name, { maxSequenceLength: 320 });
      const events = historyOf(3, 310);
      const after = async (blocks: readonly number[]): Promise<Float32Array> => {
        const scorer = createScorer(model);
        let at = 0;
        for (const size of blocks) {
          await scorer.append({ user: 'a', events: events.slice(at, at + size) });
          at += size;
        }
        await scorer.append({ user: 'a', events: events.slice(at) });
        const [vector] = await scorer.encode({ user: 'a', at: 1.9e9 });
        scorer.dispose();
        return vector;
      };
      const expected = fullPass(model, events, 1.9e9);
      expect(await after([])).toEqual(expected);
      if (backend === 'simd') expect(await after(new Array<number>(310).fill(1))).toEqual(expected);
      expect(await after([95, 1, 1, 94, 2, 16, 17])).toEqual(expected);
      model.dispose();
      await useBackend('simd');
    },
  );

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
          const expected = fullPass(model, [...events, { item, time: 1.9e9 }], 1.9e9);
          expect(rows.slice(i * width, (i + 1) * width), `${length}`).toEqual(expected);
        }
        scorer.dispose();
      }
      model.dispose();
    },
  );

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
      expect((await exact.encode({ user: 'a', at }))[0]).toEqual(fullPass(model, sofar, at, 24));
      expect((await chunked.encode({ user: 'a', at }))[0], `${i}`).toEqual(fullPass(model, sofar, at, window));
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
        expect(vector, `${length}`).toEqual(fullPass(model, events.slice(0, length), 1.9e9, n));
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
    expect((await scorer.encode({ user: 'a', at: 1.9e9 }))[0]).toEqual(fullPass(model, events, 1.9e9, 60));
    expect(scorer.stats().computedTokens).toBe(60);
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
      expect((await scorer.encode({ user, at: 1.9e9 }))[0]).toEqual(fullPass(model, events, 1.9e9));
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

  it('notices new weights, and a history that was corrected', async () => {
    const model = modelOf('hstu');
    const scorer = createScorer(model);
    const events = historyOf(1, 20);
    await scorer.append({ user: 'a', events });
    await scorer.encode({ user: 'a', at: 1.9e9 });
    const corrected = events.map((event, i) => (i === 12 ? { ...event, item: (event.item % NUM_ITEMS) + 1 } : event));
    const { computedTokens } = scorer.stats();
    await scorer.replace('a', corrected);
    expect((await scorer.encode({ user: 'a', at: 1.9e9 }))[0]).toEqual(fullPass(model, corrected, 1.9e9));
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
    expect((await scorer.encode({ user: 'a', at: 1.9e9 }))[0]).toEqual(fullPass(model, corrected, 1.9e9));
    scorer.dispose();
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
    expect(scorer.history('a')).toEqual(good);
    expect(scorer.has('b')).toBe(false);
    await expect(scorer.encode({ user: 'a', at: 99 })).rejects.toThrow(/moment of at least 100/);
    await expect(scorer.encode({ user: 'c', at: 99 })).rejects.toThrow(/user that has events; got 'c'/);
    await expect(scorer.score({ user: 'a', at: 100, candidates: Int32Array.of(0) })).rejects.toThrow(/1\.\.40; got 0/);
    await expect(scorer.scoreActions({ user: 'a', at: 100, candidates: Int32Array.of(1) })).rejects.toThrow(
      /interleave/,
    );
    expect((await scorer.encode({ user: 'a', at: 100 }))[0]).toEqual(fullPass(model, good, 100));
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
    [
      'pinnerformer',
      { ...tinyConfigs.pinnerformer, time: true, maxSequenceLength: 24 },
      /age of each event at the moment/,
    ],
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
    const expected = fullPass(model, events, at);
    expect(Math.max(...expected.map((x, i) => Math.abs(x - vector[i])))).toBeGreaterThan(1e-3);
    naive.dispose();
    model.dispose();
  });

  it('options that do not go together', () => {
    const model = modelOf('hstu');
    expect(() => createScorer(model, { slack: 3 })).toThrow(/slack of at least 1 with window 'chunked' alone; got 3/);
    expect(() => createScorer(model, { window: 'chunked', slack: 99 })).toThrow(/at most \d+ events, for which 'hstu'/);
    expect(() => createScorer(model, { window: 'recurrent' })).toThrow(/whose layers attend to every event/);
    expect(() => createScorer(model, { pageTokens: 0 })).toThrow(/pageTokens to be a whole number/);
    model.dispose();
  });
});
