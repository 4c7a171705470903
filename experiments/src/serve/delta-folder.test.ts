import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interactionsFromArrays } from '@seqrec/data';
import {
  applyDelta,
  createScorer,
  createTrainer,
  loadModel,
  loadParameters,
  makeDelta,
  readDelta,
  readSnapshot,
  type Snapshot,
  saveCheckpoint,
  type TokenEncoder,
  tablesOf,
  trainedOn,
  writeDelta,
} from '@seqrec/models';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../test/part.ts';
import { defaultLimits } from './limits.ts';
import { localShard } from './local-shard.ts';
import { localWeights } from './local-weights.ts';
import type { Shard } from './shard.ts';
import { startServer } from './start-server.ts';
import { post } from './test-support/start-world.ts';
import { catalogue, newLog, tinyModel } from './test-support/world.ts';
import { workerShard } from './worker-shard.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-served-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, `${name}.safetensors`);

/** Weights before and after some steps, twice, and the deltas between them. */
let moments: Snapshot[] = [];
beforeAll(async () => {
  await tf.setBackend('cpu');
  const users = Array.from({ length: 40 }, (_, i) => i % 8);
  const interactions = interactionsFromArrays({
    name: 'tiny',
    users: users.toSorted(),
    items: users.map((user, i) => 1 + ((i + 3 * user) % 20)),
    timestamps: users.map((_, i) => i),
    catalogue: Array.from({ length: 20 }, (_, i) => ({ item: i + 1 })),
  });
  const examples = {
    name: 'train' as const,
    interactions,
    users: Int32Array.from({ length: 8 }, (_, user) => user),
    starts: Int32Array.from({ length: 8 }, (_, user) => 5 * user),
    targets: Int32Array.from({ length: 8 }, (_, user) => 5 * user + 4),
  };
  const model = tinyModel();
  const trainer = createTrainer({ model, examples, batchSize: 8, learningRate: 0.05, numNegatives: 4, seed: 1 });
  for (const step of [0, 1, 2]) {
    if (step > 0) await trainer.steps(3);
    await saveCheckpoint(at(`w${step}`), trainer);
  }
  const [base, one, two] = await Promise.all([0, 1, 2].map((step) => readSnapshot(at(`w${step}`))));
  const tables = await tablesOf(base);
  const first = makeDelta(base, one, tables, { rows: { kind: 'top', share: 0.5 }, name: 'd1' });
  const held = applyDelta(base, first);
  const second = makeDelta(held, two, tables, { name: 'd2' });
  await writeDelta(at('d1'), first);
  await writeDelta(at('d2'), second);
  await writeDelta(at('w-other'), makeDelta(one, two, tables));
  moments = [base, held, applyDelta(held, second)];
  trainer.dispose();
  model.dispose();
});

const ITEMS = Array.from({ length: 20 }, (_, i) => i + 1);
const userIds = Array.from({ length: 12 }, (_, i) => `user-${i}`);
const eventsOf = (i: number) =>
  Array.from({ length: 2 + (i % 4) }, (_, e) => ({ item: 1 + ((i + 7 * e) % 20), time: 10 * e }));

/** Scores of all items for each user, of a model that never had other weights. */
async function answersOf({ weights }: Snapshot): Promise<number[][]> {
  const model = tinyModel(9);
  loadParameters(model, Object.fromEntries(weights));
  const scorer = createScorer(model);
  for (const [i, user] of userIds.entries()) await scorer.append({ user, events: eventsOf(i) });
  const scores = await scorer.score(...userIds.map((user) => ({ user, at: 1000, candidates: Int32Array.from(ITEMS) })));
  scorer.dispose();
  model.dispose();
  return scores.map((each) => [...each]);
}

const origin = () => ({ name: at('w0'), place: moments[0].place });

async function localShards(): Promise<Shard[]> {
  const one = async (): Promise<Shard> => {
    const model: TokenEncoder = await loadModel(at('w0'));
    const scorer = createScorer(model, { settle: 'question' });
    const weights = localWeights({ model, ...origin() }, scorer);
    return localShard({ scorer, weights, close: async () => scorer.dispose() });
  };
  return [await one(), await one()];
}

function workerShards(): Promise<Shard[]> {
  const start = { checkpoint: at('w0'), backend: 'cpu', threads: 1, plugins: [], keep: {}, origin: origin() };
  const lost = (error: Error): void => {
    throw error;
  };
  return Promise.all([0, 1].map((worker) => workerShard(`worker ${worker}`, { ...start, worker }, lost)));
}

async function serve(shards: readonly Shard[], deltas: string, data = trainedOn(moments[0].state) as string) {
  const notes: string[] = [];
  const server = await startServer({
    shards,
    catalogue,
    logFile: newLog(),
    host: '127.0.0.1',
    port: 0,
    limits: defaultLimits,
    windowMs: 1,
    deltas: { folder: deltas, place: moments[0].place, data, everyMs: 20 },
    note: (text) => notes.push(text),
  });
  const score = async (user: string): Promise<number[]> => {
    const { body } = await post(`${server.url}/v1/users/${user}/score`, {
      at: 1000,
      candidates: ITEMS.map((item) => `film-${item}`),
    });
    return (body as { scores: number[] }).scores;
  };
  for (const [i, user] of userIds.entries()) {
    const events = eventsOf(i).map(({ item, time }) => ({ item: `film-${item}`, time }));
    await post(`${server.url}/v1/users/${user}/events`, { events });
  }
  const told = async (text: string): Promise<void> => {
    while (!notes.some((note) => note.includes(text))) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { ...server, notes, score, told };
}

const emptyFolder = (): string => mkdtempSync(join(folder, 'deltas-'));

it('a switch comes between two answers, whenever it is asked for', async () => {
  const [old, changed] = await Promise.all(moments.slice(0, 2).map(answersOf));
  const questions = userIds.map((user) => ({
    kind: 'score' as const,
    user,
    at: 1000,
    candidates: Int32Array.from(ITEMS),
  }));
  const seen = new Set<string>();
  for (const ticks of part([...Array(30).keys()], 3)) {
    const [shard, other] = await localShards();
    await shard.run(userIds.map((user, i) => ({ kind: 'append' as const, user, events: eventsOf(i) })));
    await shard.weights?.prepare(readFileSync(at('d1')), 'd1');
    const asked = shard.run(questions);
    for (let i = 0; i < ticks; i++) await Promise.resolve();
    await shard.weights?.commit();
    const scores = (await asked).map((outcome) => [...((outcome as { value: Float32Array }).value ?? [])]);
    // All were asked in one call, so all are of one version.
    seen.add(scores.toString() === old.toString() ? 'old' : scores.toString() === changed.toString() ? 'new' : 'mix');
    await Promise.all([shard.close(), other.close()]);
  }
  expect(seen).toEqual(new Set(['new', 'old']));
}, 60_000);

/** A publisher's write: all at once. */
async function publish(from: string, to: string): Promise<void> {
  await writeDelta(to, await readDelta(from));
}

describe.each(
  part(
    [
      ['two shards of this thread', localShards],
      ['two workers', workerShards],
    ] as const,
    2,
  ),
)('deltas while serving, %s', (_, shards) => {
  it('answers are old ones, then new ones bit for bit, never a mix, under load', async () => {
    const expected = await Promise.all(moments.map(answersOf));
    expect(new Set(expected.map(String)).size).toBe(3);
    const deltas = emptyFolder();
    const world = await serve(await shards(), deltas);
    for (const [i, user] of userIds.entries()) expect(await world.score(user)).toEqual(expected[0][i]);
    const versions = userIds.map(() => new Set<number>());
    let asking = true;
    const clients = userIds.map(async (user, i) => {
      let latest = 0;
      while (asking) {
        const scores = await world.score(user);
        const version = expected.findIndex((answers) => String(answers[i]) === String(scores));
        // An answer that no version gives would be a mix.
        expect(version).toBeGreaterThanOrEqual(latest);
        versions[i].add(version);
        latest = version;
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    // The second comes first, and waits.
    await publish(at('d2'), join(deltas, 'a.safetensors'));
    await world.told('waits for delta 1');
    await publish(at('d1'), join(deltas, 'b.safetensors'));
    await world.told('serving with delta 2');
    await new Promise((resolve) => setTimeout(resolve, 100));
    asking = false;
    await Promise.all(clients);
    for (const seen of versions) expect([...seen].at(-1)).toBe(2);
    for (const [i, user] of userIds.entries()) expect(await world.score(user)).toEqual(expected[2][i]);
    await world.close();
  }, 60_000);

  it('a broken delta is refused and told once, and serving goes on; a start applies what is there', async () => {
    const [old, , newest] = await Promise.all(moments.map(answersOf));
    const deltas = emptyFolder();
    const world = await serve(await shards(), deltas);
    const broken = Buffer.from(readFileSync(at('d1')));
    broken[broken.length - 3] ^= 1;
    writeFileSync(join(deltas, 'broken.safetensors'), broken);
    writeFileSync(join(deltas, 'cut.safetensors'), broken.subarray(0, 2000));
    await publish(at('w-other'), join(deltas, 'other.safetensors'));
    await world.told('broken.safetensors');
    await world.told('cut.safetensors');
    await world.told('other.safetensors');
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(world.notes).toHaveLength(3);
    for (const note of world.notes)
      expect(note).toContain('not applied, serving goes on with the weights that are there');
    expect(world.notes.join()).toContain('with the stored checksum; got other bytes');
    expect(world.notes.join()).toContain('expected a delta on the base');
    for (const [i, user] of userIds.entries()) expect(await world.score(user)).toEqual(old[i]);
    // The publisher writes it again under its name.
    await publish(at('d1'), join(deltas, 'broken.safetensors'));
    await world.told('serving with delta 1, step 3');
    await world.close();
    expect(world.notes.join()).not.toContain('other data');

    await publish(at('d2'), join(deltas, 'later.safetensors'));
    const again = await serve(await shards(), deltas, 'd1'.repeat(32));
    expect(again.notes.filter((note) => note.includes('serving with'))).toHaveLength(2);
    expect(again.notes.filter((note) => note.includes(', here d1d1d1d1d1d1): its users and items may'))).toHaveLength(
      2,
    );
    for (const [i, user] of userIds.entries()) expect(await again.score(user)).toEqual(newest[i]);
    await again.close();
  }, 60_000);
});
