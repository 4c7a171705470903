import { type ExampleSet, type Interactions, interactionsFromArrays, makeBatch, withUserVectors } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../evaluate/evaluate.ts';
import { uploadBatch } from '../inputs.ts';
import type { TokenEncoder } from '../model.ts';
import { createModel, type ModelConfigInput, rowsStay } from '../registry.ts';
import { tinyConfigs } from '../test-support/tiny.ts';
import { encodeHistories } from './encode-histories.ts';
import { storedVectors } from './stored-vectors.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const NUM_ITEMS = 20;
/** Lengths below, at and above what the model reads. */
const lengths = [1, 3, 8, 9, 21];

function world(lastItem = 7): Interactions {
  const rows = lengths.flatMap((length, user) => Array.from({ length }, (_, i) => ({ user, i })));
  return interactionsFromArrays({
    name: 'world',
    users: rows.map(({ user }) => user),
    items: rows.map(({ user, i }, row) => (row === rows.length - 1 ? lastItem : 1 + ((3 * user + 7 * i) % NUM_ITEMS))),
    timestamps: rows.map(({ i }) => 60 * i * i),
    catalogue: Array.from({ length: NUM_ITEMS }, (_, item) => ({ item: item + 1 })),
  });
}

const model = (): TokenEncoder =>
  createModel({ ...tinyConfigs.hstu, maxSequenceLength: 8 }, { numItems: NUM_ITEMS, seed: 1 }) as TokenEncoder;

const { hstu, sasrec, transformer, pinnerformer } = tinyConfigs;
/** Rows of earlier events change when an event comes. */
const moving: Readonly<Record<string, ModelConfigInput>> = Object.fromEntries(
  Object.entries({
    'pinnerformer with ages': { ...pinnerformer, time: true },
    'pinnerformer without ages': { ...pinnerformer, time: false },
    'sasrec, positions from the newest': { ...sasrec, positionsFrom: 'newest' },
    'transformer, positions from the newest': { ...transformer, positionsFrom: 'newest' },
    'transformer that looks both ways': { ...transformer, attention: 'bidirectional' },
    'fuxi-alpha, positions from the newest': { ...tinyConfigs['fuxi-alpha-positions'], positionsFrom: 'newest' },
    'sasrec that sees padding': { ...sasrec, seesPadding: true },
    'hstu, places and ages from the newest': { ...hstu, inputEncoding: 'reverse-position-time' },
    'hstu, newest rows see all': { ...hstu, maxAttentionLength: 3, minFullAttentionLength: 2 },
  }).map(([name, config]) => [name, { ...config, maxSequenceLength: 8 } as ModelConfigInput]),
);

/** The last row of a window of events `start .. event`, asked for at the time of the event after. */
async function lastRow(encoder: TokenEncoder, interactions: Interactions, start: number, event: number) {
  const examples: ExampleSet = {
    name: 'test',
    interactions,
    users: Int32Array.of(0),
    starts: Int32Array.of(start),
    targets: Int32Array.of(event + 1),
  };
  const batch = uploadBatch(makeBatch(examples, [0]));
  const encoded = encoder.encode(batch, { training: false, step: 0, seed: 0 });
  return [...(await tf.slice(encoded, [event - start, 0], [1, -1]).data())];
}

describe('encoded histories', () => {
  it('are the rows of a pass over each history, of long ones over windows', async () => {
    const [encoder, interactions] = [model(), world()];
    const { width, values } = await encodeHistories(encoder, interactions, { batchSize: 2 });
    expect(values).toHaveLength(width * interactions.numEvents);
    const { userOffsets } = interactions;
    for (let user = 0; user < lengths.length; user++) {
      for (let i = 0; i + 1 < lengths[user]; i++) {
        // Windows begin at events 0, 4, 8, ...; the first gives rows 0 to 7, each further one four.
        const start = i < 8 ? 0 : 4 * (Math.floor(i / 4) - 1);
        const event = userOffsets[user] + i;
        const expected = await lastRow(encoder, interactions, userOffsets[user] + start, event);
        const got = [...values.subarray(event * width, (event + 1) * width)];
        for (let d = 0; d < width; d++) expect(got[d]).toBeCloseTo(expected[d], 5);
      }
    }
  });

  it.each(['hstu', 'pinnerformer'] as const)('of %s make windows as they are read, and count events', async (kind) => {
    const encoder = createModel({ ...tinyConfigs[kind], maxSequenceLength: 8 } as ModelConfigInput, {
      numItems: NUM_ITEMS,
      seed: 1,
    }) as TokenEncoder;
    const interactions = world();
    let latest = 0;
    const userOffsets = new Proxy(interactions.userOffsets, {
      get(offsets, key) {
        if (/^\d+$/.test(String(key))) latest = Math.max(latest, Number(key));
        return Reflect.get(offsets, key, offsets);
      },
    });
    const seen: { readonly done: number; readonly total: number; readonly latest: number }[] = [];
    const onProgress = (now: { done: number; total: number }) => void seen.push({ ...now, latest });
    await encodeHistories(encoder, { ...interactions, userOffsets }, { batchSize: 2, onProgress });
    const total = interactions.numEvents;
    // Two windows: the histories of the first two users, or the first user's event and the first of the next.
    expect(seen[0]).toEqual({ done: kind === 'hstu' ? 4 : 2, total, latest: 2 });
    expect(seen.at(-1)).toEqual({ done: total, total, latest: lengths.length });
    encoder.dispose();
  });

  it('know nothing of later events, and leave no tensor behind', async () => {
    const encoder = model();
    const before = tf.memory().numTensors;
    const [one, other] = [await encodeHistories(encoder, world(7)), await encodeHistories(encoder, world(8))];
    expect(tf.memory().numTensors).toBe(before);
    const last = one.values.length - one.width;
    expect(one.values.subarray(0, last)).toEqual(other.values.subarray(0, last));
    expect(one.values.subarray(last)).not.toEqual(other.values.subarray(last));
  });

  it.each(Object.keys(moving))('of %s are those of a pass over what was there', async (name) => {
    const encoder = createModel(moving[name], { numItems: NUM_ITEMS, seed: 1 }) as TokenEncoder;
    expect(rowsStay(encoder.config)).toBe(false);
    // Large enough for what changes to show.
    for (const variable of encoder.variables().values())
      tf.tidy(() => variable.assign(tf.add(variable, tf.randomNormal(variable.shape, 0, 0.2, 'float32', 3))));
    const interactions = world();
    const { width, values } = await encodeHistories(encoder, interactions, { batchSize: 7 });
    const { userOffsets } = interactions;
    for (let user = 0; user < lengths.length; user++) {
      for (let i = 0; i + 1 < lengths[user]; i++) {
        const event = userOffsets[user] + i;
        const expected = await lastRow(encoder, interactions, Math.max(userOffsets[user], event - 7), event);
        const got = [...values.subarray(event * width, (event + 1) * width)];
        for (let d = 0; d < width; d++) expect(got[d], `${user}, ${i}`).toBeCloseTo(expected[d], 5);
      }
    }
    encoder.dispose();
  });

  it('of age 0 rank as the model itself does, older ones do not', async () => {
    const [encoder, interactions] = [model(), world()];
    const vectors = await encodeHistories(encoder, interactions);
    const short = lengths.flatMap((length, user) => (length > 1 && length <= 9 ? [user] : []));
    const { userOffsets } = interactions;
    const examples = (over: Interactions): ExampleSet => ({
      name: 'test',
      interactions: over,
      users: Int32Array.from(short),
      starts: Int32Array.from(short, (user) => userOffsets[user]),
      targets: Int32Array.from(short, (user) => userOffsets[user + 1] - 1),
    });
    const stored = storedVectors(encoder, 'userVector');
    const ranksAt = async (age: number) => {
      const over = withUserVectors(interactions, { vectors, refresh: { age } });
      return (await evaluate({ model: stored, examples: examples(over), ks: [1] })).ranks;
    };
    const own = await evaluate({ model: encoder, examples: examples(interactions), ks: [1] });
    expect(await ranksAt(0)).toEqual(own.ranks);
    expect(await ranksAt(2)).not.toEqual(own.ranks);
    await expect(
      evaluate({ model: storedVectors(encoder, 'nothing'), examples: examples(interactions), ks: [1] }),
    ).rejects.toThrow(/nothing/);
  });
});
