import { useBackend } from '@seqrec/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { featuresState, featureTensors } from '../features/store.ts';
import type { TokenEncoder } from '../model.ts';
import { loadParameters, readParameters } from '../parameters.ts';
import { createModel } from '../registry.ts';
import { createScorer } from '../serve/create-scorer.ts';
import type { UserEvent } from '../serve/scorer.ts';
import { COLD, configOf, modelOf, split } from '../test-support/feature-world.ts';
import { snapshotOf } from '../test-support/snapshots.ts';
import { tinyConfigs } from '../test-support/tiny.ts';
import { applyDelta } from './apply-delta.ts';
import { deltaFromBytes } from './delta-file.ts';
import { encodeDelta } from './delta-format.ts';
import { makeDelta } from './make-delta.ts';
import type { Snapshot, Weight } from './snapshot.ts';
import { stageDelta } from './stage-delta.ts';

const ITEMS = '_embedding_module._item_emb.weight';
const sasrec = (seed: number): TokenEncoder => createModel(tinyConfigs.sasrec, { numItems: 20, seed }) as TokenEncoder;

async function snapshot(model: TokenEncoder): Promise<Snapshot> {
  return snapshotOf(new Map(Object.entries((await readParameters(model)) as Record<string, Weight>)));
}

const history = (user: number): UserEvent[] =>
  Array.from({ length: 3 + user }, (_, i) => ({ item: 1 + ((5 * user + 3 * i) % 20), time: 100 * i }));
const users = [0, 1, 2];
const question = (user: number) => ({ user: String(user), at: 10_000, k: 5 });

describe.each(['cpu', 'simd'] as const)('a delta under a scorer on %s', (backend) => {
  let [served, fresh]: TokenEncoder[] = [];
  beforeAll(async () => {
    await useBackend(backend);
    [served, fresh] = [sasrec(1), sasrec(2)];
  });
  afterAll(() => {
    for (const model of [served, fresh]) model.dispose();
  });

  it.each([
    { rows: { kind: 'touched' } as const, int8: false },
    { rows: { kind: 'top', share: 0.3 } as const, int8: true },
  ])('answers before are the old ones, answers after the new ones bit for bit, none a mix: %j', async (options) => {
    loadParameters(served, await readParameters(sasrec(1)));
    const old = await snapshot(served);
    const delta = makeDelta(old, await snapshot(fresh), [ITEMS], options);
    const ask = async (model: TokenEncoder) => {
      const scorer = createScorer(model);
      for (const user of users) await scorer.append({ user: String(user), events: history(user) });
      const lists = await scorer.top(...users.map(question));
      scorer.dispose();
      return lists;
    };
    const before = await ask(served);
    const expected = sasrec(3);
    loadParameters(expected, Object.fromEntries(applyDelta(old, delta).weights));
    const after = await ask(expected);
    expect(after).not.toEqual(before);

    const scorer = createScorer(served);
    for (const user of users) await scorer.append({ user: String(user), events: history(user) });
    expect(await scorer.top(...users.map(question))).toEqual(before);
    const staged = stageDelta(served, { name: 'served', place: old.place }, delta);
    // All at once: what was called before the switch is answered as before it.
    const [first, , second] = await Promise.all([
      scorer.top(...users.map(question)),
      scorer.update(() => staged.commit()),
      scorer.top(...users.map(question)),
    ]);
    expect(first).toEqual(before);
    expect(second).toEqual(after);
    expect(staged.place).toEqual({ base: old.place.base, latest: delta.digest, deltas: 1 });
    const { misses } = scorer.stats();
    for (const user of users) expect((await scorer.check(question(user))).equal).toBe(true);
    // What was kept of the old weights was computed again once, and is kept again.
    expect(scorer.stats().misses).toBe(misses);
    scorer.dispose();
    expected.dispose();
  });

  it('that is not the next one, or is disposed, leaves the model as it is', async () => {
    const old = await snapshot(served);
    const delta = makeDelta(old, await snapshot(fresh), [ITEMS], { name: 'd1' });
    const weights = await readParameters(served);
    stageDelta(served, { name: 'served', place: old.place }, delta).dispose();
    expect(() => stageDelta(served, { name: 'served', place: { ...old.place, deltas: 1 } }, delta)).toThrow(
      'stageDelta: d1: expected delta 2 of the chain; got delta 1',
    );
    const wider = createModel({ ...tinyConfigs.sasrec, embeddingDim: 16 }, { numItems: 20 });
    expect(() => stageDelta(wider, { name: 'wider', place: old.place }, delta)).toThrow(
      /^stageDelta: expected weights of the model of wider; got those of d1 with model\.embeddingDim: 16 and /,
    );
    expect(await readParameters(served)).toEqual(weights);
    wider.dispose();
  });
});

describe('a delta of a model with features', () => {
  beforeAll(() => useBackend('cpu'));

  it('is of the same items with a training event, or refused: it brings none', async () => {
    const model = modelOf(split, configOf('sasrec'));
    const weights = new Map(Object.entries((await readParameters(model)) as Record<string, Weight>));
    const plain = snapshotOf(weights, { numItems: model.numItems });
    const own = featureTensors(model.features);
    const after = new Map(own).set('item_features/trained', own.get('item_features/trained')!.slice().fill(1, COLD[0]));
    const [held, to] = [own, after].map((tensors) => ({
      ...plain,
      state: { ...plain.state, model: { ...model.config }, features: featuresState(model.features) as object[] },
      features: new Map(Array.from(tensors, ([name, data]) => [name, { shape: [data.length], data }])),
    })) as Snapshot[];
    const same = deltaFromBytes(Buffer.concat(encodeDelta(makeDelta(held, held, [ITEMS])).pieces), 'd1');
    expect(applyDelta(held, same).place.deltas).toBe(1);
    stageDelta(model, { name: 'served', place: held.place }, same).dispose();
    const others = 'with features: other values of items or users, or others with a training event; load them in full';
    expect(() => makeDelta(held, to, [ITEMS])).toThrow(others);
    const other = makeDelta(to, to, [ITEMS]);
    expect(() => applyDelta(held, other)).toThrow(others);
    expect(() => stageDelta(model, { name: 'served', place: held.place }, other)).toThrow(others);
    model.dispose();
  });
});
