import { makeBatch } from '@seqrec/data';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../errors.ts';
import { ITEMS, NEW_ITEMS, NEW_USERS, ROW_FEATURES, rowWorld, USERS } from '../test-support/row-world.ts';
import { columnsOf, fieldsOf, readField, takeField } from './fields.ts';
import { fitFeatures } from './fit.ts';
import { fitFields } from './fit-fields.ts';
import { featureTensors, readFeatures } from './store.ts';
import { UNKNOWN_ID } from './unknown-id.ts';

const ids = { kind: 'x', userId: true, itemId: true };
const config = { ...ids, features: ROW_FEATURES };
const { train, test } = rowWorld();
const features = fitFields(config, train);
const sizes = { numUsers: USERS, numItems: ITEMS };
const fields = fieldsOf({ config, ...sizes, features });
const all = Int32Array.from(test.targets.keys());

function problem(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('expected a ConfigError');
}

describe('fieldsOf', () => {
  it('has the ids, then the features in their order', () => {
    expect(fields.map(({ name }) => name)).toEqual([
      ...['user', 'item', 'events.hour', 'events.price', 'users.city', 'users.age', 'items.tags', 'items.size'],
      'events.hour x hour',
    ]);
    const named = (of: object) =>
      fieldsOf({ config: { ...config, ...of }, ...sizes, features }).map(({ name }) => name);
    expect(named({ userId: false })[0]).toBe('item');
    expect(named({ itemId: false })[1]).toBe('events.hour');
  });

  it('asks batches for columns of the event and the item alone', () => {
    expect(columnsOf(fields)).toEqual({ targets: ['hour', 'price'], examples: ['items'] });
    expect(columnsOf(fields.slice(0, 1))).toEqual({});
  });

  it.each([
    [
      'nothing to read',
      { config: { ...ids, userId: false, itemId: false } },
      'model config (x): features: expected at least one field; got userId false, itemId false and no features',
    ],
    [
      'features that are not fitted',
      { config },
      'x: features: expected 7 features, as in the configuration; got 0; pass features: fitFields(config, trainingSet)',
    ],
    [
      'features that know no users',
      { config, features: fitFeatures(config, train) },
      'x: features: expected features of 24 users and 15 items; got no and 15; pass features: fitFields(config, trainingSet)',
    ],
    [
      'other items',
      { config, features, numItems: 4 },
      'x: features: expected features of 24 users and 4 items; got 24 and 15; pass features: fitFields(config, trainingSet)',
    ],
    ['no users', { config: ids, numUsers: 0 }, 'x: numUsers: expected an integer >= 1; got 0'],
  ])('refuses %s', (_, settings, message) => {
    expect(problem(() => fieldsOf({ ...sizes, ...settings }))).toBe(message);
  });
});

describe('readField', () => {
  it('gives what a plain loop over the rows reads', () => {
    const batch = makeBatch(test, all, columnsOf(fields));
    const { interactions } = test;
    const read = Object.fromEntries(fields.map((field) => [field.name, readField(field, batch, 'x')]));
    const transform = (name: string) => features.features.find((feature) => feature.name === name)!.transform;
    const rowOf = (name: string, id: string): number => {
      const found = transform(name);
      return 'ids' in found ? Math.max(1, 2 + found.ids.indexOf(id)) : Number.NaN;
    };
    const [city, tags] = [interactions.userTable.columns.get('city')!, interactions.itemTable.columns.get('tags')!];
    if (city.kind !== 'id' || tags.kind !== 'ids') return expect.unreachable();
    for (const b of all) {
      const user = test.users[b];
      const item = interactions.itemIds[test.targets[b]];
      expect(read.user.values[b]).toBe(NEW_USERS.includes(Number(interactions.users.external(user))) ? 0 : user + 1);
      expect(read.item.values[b]).toBe(NEW_ITEMS.includes(Number(interactions.items.external(item))) ? 0 : item);
      expect(read['events.hour'].values[b]).toBe(rowOf('hour', 'h2'));
      const own = city.values[user] === 0 ? 0 : rowOf('city', city.ids.external(city.values[user]));
      expect(read['users.city'].values[b]).toBe(own);
      const list = read['items.tags'];
      if (list.kind !== 'rows') return expect.unreachable();
      const l = list.lists?.[b] ?? b;
      const wanted = Array.from(tags.values.subarray(tags.offsets[item - 1], tags.offsets[item]), (tag) =>
        rowOf('tags', tags.ids.external(tag)),
      );
      expect([...list.values.subarray(list.offsets[l], list.offsets[l + 1])]).toEqual(wanted.length > 0 ? wanted : [0]);
    }
    expect(UNKNOWN_ID).toBe(0);
  });

  it('says what a batch lacks', () => {
    const plain = makeBatch(test, [0]);
    const hint = 'got one without; make batches with makeBatch(set, indices, model.columns)';
    expect(problem(() => readField(fields[1], plain, 'x'))).toBe(
      `x: features: expected a batch with the items of the target events; ${hint}`,
    );
    expect(problem(() => readField(fields[2], plain, 'x'))).toBe(
      `x: features: expected a batch with the column events.hour of the target events; ${hint}`,
    );
  });
});

it('takes of more lists than rows those of the rows alone', () => {
  const column = features.items.get('tags')!;
  if (column.kind !== 'rows') return expect.unreachable();
  const few = takeField(column, Int32Array.of(5, 1));
  const many = takeField(
    column,
    Int32Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 5 : 1)),
  );
  if (few.kind !== 'rows' || many.kind !== 'rows') return expect.unreachable();
  expect(few.lists).toBeUndefined();
  expect(many.values).toBe(column.values);
  for (const r of [0, 1]) {
    const l = many.lists![r];
    expect(few.values.subarray(few.offsets[r], few.offsets[r + 1])).toEqual(
      many.values.subarray(many.offsets[l], many.offsets[l + 1]),
    );
  }
});

describe('fitFields', () => {
  it('does not see what only rows, users and items of the test part have', () => {
    const text = fc.string({ minLength: 1, maxLength: 3 });
    const number = fc.integer({ min: -0, max: 1e6 });
    const values = fc.record({
      hour: text,
      price: number,
      city: text,
      age: number,
      tags: fc.array(text, { maxLength: 4 }),
      size: number,
    });
    fc.assert(
      fc.property(values, (changed) => {
        const other = fitFields(config, rowWorld(changed).train);
        expect(other.features).toEqual(features.features);
        expect(other.trained).toEqual(features.trained);
        expect(other.users.trained).toEqual(features.users.trained);
      }),
      { numRuns: 30 },
    );
  });

  it('refuses columns of the event that tell what is to be predicted', () => {
    expect(problem(() => fitFields({ features: ['clicked'] }, train))).toContain(
      'expected no label among the features',
    );
    const { interactions } = train;
    const after = { ...train, interactions: { ...interactions, roles: { ...interactions.roles, after: ['price'] } } };
    expect(problem(() => fitFields({ features: ['price'] }, after))).toContain(
      'got the column price, which is declared to be known only after the event',
    );
  });

  it('comes back from the tensors of a checkpoint', async () => {
    const tensors = featureTensors(features);
    const state = { numItems: ITEMS, features: JSON.parse(JSON.stringify(features.features)) };
    expect(await readFeatures(state, (name) => tensors.get(name), 'f')).toEqual(features);
    const missing = [...tensors.keys()].find((name) => name.endsWith('users/column/city'))!;
    await expect(
      readFeatures(state, (name) => (name === missing ? undefined : tensors.get(name)), 'f'),
    ).rejects.toThrow(`expected the tensor '${missing}'`);
  });
});
