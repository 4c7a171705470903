import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import type { ExampleSet, Interactions } from '@seqrec/data';
import { interactionsFromArrays, withItemTerms } from '@seqrec/data';
import { fitSemanticIds, type SemanticIdsConfigInput, semanticIdsSchema, writeSemanticIds } from '@seqrec/models';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { dataConfigSchema } from '../config/data-schema.ts';
import { Progress } from '../terminal/progress.ts';
import { prepareData } from './dataset.ts';
import { withSemanticIds } from './semantic-ids.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-ids-'));
const path = join(folder, 'ids.safetensors');
/** Items of the file, in another order than those of the data. */
const names = ['soap', 'tea', 'salt', 'oil'];
const codes = [
  [1, 0, 1, 1],
  [0, 1, 0, 1],
  [1, 0, 0, 0],
  [0, 1, 0, 1],
];
const shop = interactionsFromArrays({
  ...{ name: 'shop', users: [1, 1, 1], items: ['tea', 'salt', 'oil'], timestamps: [1, 2, 3] },
});

beforeAll(async () => {
  const config = semanticIdsSchema().parse({ tokenizer: { kind: 'file', path: 'codes.tsv' } });
  const given = { levels: 4, values: Int32Array.from(codes.flat()) };
  const ids = await fitSemanticIds({ config, items: 4, given, seed: 1 });
  const state = { tensors: new Map(), texts: new Map() };
  await writeSemanticIds(path, {
    ...ids,
    config,
    items: names,
    data: 'shop',
    vectors: state,
    version: 1,
    versions: [],
  });
});

/** Training events of tea, salt and oil. */
const trainOf = (events: readonly number[]): ExampleSet => {
  const all = ['tea', 'salt', 'oil'];
  const items = all.flatMap((item, i) => Array.from({ length: events[i] }, () => item));
  const interactions = interactionsFromArrays({
    ...{ name: 'shop', users: items.map(() => 1), items, timestamps: items.map((_, e) => e) },
    catalogue: all.map((item) => ({ item })),
  });
  const [users, starts, targets] = [[0], [0], [items.length - 1]].map((each) => Int32Array.from(each));
  return { ...{ name: 'train', interactions }, ...{ users, starts, targets } };
};
const context = (events = [1, 1, 1]) => ({
  train: () => trainOf(events),
  cacheFolder: join(folder, 'cache'),
  progress: new Progress({ quiet: true }),
});

const termsOf = async (given: object, events?: number[]): Promise<Record<string, string[]>> => {
  const settings = { path, name: 'semanticIds', terms: 'prefixes' as const, n: 1, ...given };
  const added: Interactions = await withSemanticIds(shop, { semanticIds: settings }, context(events));
  const column = added.itemTable.columns.get(settings.name)!;
  if (column.kind !== 'ids') throw new Error(`got ${column.kind}`);
  return Object.fromEntries(
    Array.from({ length: added.numItems }, (_, i) => {
      const own = column.values.subarray(column.offsets[i], column.offsets[i + 1]);
      return [added.items.external(i + 1), Array.from(own, (id) => column.ids.external(id))];
    }),
  );
};

describe('codes of a file as a column of the items', () => {
  it('are joined by the ids of items, the counter left out', async () => {
    expect(await termsOf({})).toEqual({
      tea: ['1:0', '2:0.1', '3:0.1.0', '4:0.1.0.1'],
      salt: ['1:1', '2:1.0', '3:1.0.0', '4:1.0.0.0'],
      // The same codes as tea's, but for the counter.
      oil: ['1:0', '2:0.1', '3:0.1.0', '4:0.1.0.1'],
    });
  });

  it('are groups, or pieces of the codes of all items of the file', async () => {
    expect((await termsOf({ terms: 'groups', n: 2 })).salt).toEqual(['0:1.0', '1:0.0']);
    expect((await termsOf({ terms: 'pieces', pieces: 8 })).tea).toEqual(['0.0', '1.1', '2.0', '3.1']);
    expect((await termsOf({ terms: 'pieces', pieces: 9 })).tea).toHaveLength(3);
    expect((await termsOf({ terms: 'pieces', name: 'other' })).tea).toHaveLength(1);
  });

  it('are said in the record of the data, and nothing is added without a file', async () => {
    const settings = { path, name: 'semanticIds', terms: 'prefixes' as const, n: 1 };
    const { steps } = await withSemanticIds(shop, { semanticIds: settings }, context());
    expect(steps.at(-1)?.detail).toMatch(
      /^Added semanticIds, prefixes of the semantic ids [0-9a-f]{12} of shop, version 1: 8 terms\.$/,
    );
    expect(await withSemanticIds(shop, {}, context())).toBe(shop);
  });

  it('are refused for items that the file does not have, and for another file', async () => {
    const more = interactionsFromArrays({ name: 'more', users: [1], items: ['rice'], timestamps: [1] });
    const settings = { path, name: 'semanticIds', terms: 'prefixes' as const, n: 1 };
    await expect(withSemanticIds(more, { semanticIds: settings }, context())).rejects.toThrow(
      `${path}: expected codes of the 1 items of more; got those of 4 items of shop, none for rice; \`seqrec ids append\` gives`,
    );
    const other = join(folder, 'other.csv');
    writeFileSync(other, 'item,code1\n');
    await expect(withSemanticIds(shop, { semanticIds: { ...settings, path: other } }, context())).rejects.toThrow(
      other,
    );
  });

  it('weigh pieces by training events where that is asked for', async () => {
    const nine = { terms: 'pieces' as const, pieces: 9 };
    // Of all items alike the pair of tea, oil and what is not in the data; by events that of salt.
    expect((await termsOf({ ...nine, weigh: 'training-events' }, [1, 9, 0])).salt).toHaveLength(3);
    expect((await termsOf({ ...nine, weigh: 'training-events' }, [1, 9, 0])).tea).toHaveLength(4);
    expect((await termsOf(nine)).salt).toHaveLength(4);
  });

  it('weigh nothing by users who are held out', async () => {
    /** Users of the second file who are in `held` take salt alone. */
    const termsWith = async (held: readonly string[], heldOut: object | undefined) => {
      const file = join(folder, `events-${held.length}.csv`);
      const lines = Array.from({ length: 120 }, (_, e) => {
        const user = `u${e % 20}`;
        const item = held.includes(user) ? 'salt' : ['tea', 'tea', 'oil', 'soap', 'salt', 'tea'][Math.floor(e / 20)];
        return `${user},${item},${1000 + e}`;
      });
      // All items are there, whoever takes what.
      writeFileSync(
        file,
        ['user,item,timestamp', ...['tea', 'salt', 'oil', 'soap'].map((i) => `first,${i},1`), ...lines].join('\n'),
      );
      const data = {
        ...{
          format: 'csv',
          path: file,
          columns: { user: 'user', item: 'item', time: 'timestamp' },
          heldOut,
          split: 'leave-last-out',
        },
        semanticIds: { path, terms: 'pieces', pieces: 9, weigh: 'training-events' },
      };
      const { split } = await prepareData(dataConfigSchema().parse(data), '', new Progress({ quiet: true }));
      const column = split.interactions.itemTable.columns.get('semanticIds')!;
      if (column.kind !== 'ids') throw new Error(`got ${column.kind}`);
      const terms = Array.from({ length: 4 }, (_, i) =>
        Array.from(column.values.subarray(column.offsets[i], column.offsets[i + 1]), (id) => column.ids.external(id)),
      );
      return {
        terms,
        users: new Set(Array.from(split.train.users, (user) => split.interactions.users.external(user))),
      };
    };
    const heldOut = { share: 0.6, seed: 1 };
    const { terms, users } = await termsWith([], heldOut);
    const held = Array.from({ length: 20 }, (_, u) => `u${u}`).filter((user) => !users.has(user));
    expect(held.length).toBeGreaterThan(8);
    expect((await termsWith(held, heldOut)).terms).toEqual(terms);
    expect((await termsWith(held, undefined)).terms).not.toEqual(terms);
  });

  it('are asked for as they can be made', () => {
    const asked = (column: object) => () =>
      dataConfigSchema().parse({ format: 'named', name: 'ml-1m', split: 'random', semanticIds: column });
    const ids = { vectors: [{ kind: 'behaviour' }] };
    const letter = { tokenizer: { kind: 'rq-vae', collaborative: { weight: 0.1 } } };
    expect(asked({})).toThrow('expected either it or ids');
    expect(asked({ path, ids: {} })).toThrow('expected either it or ids');
    for (const behaviour of [ids, letter]) expect(asked({ ids: behaviour })).toThrow('expected ids of content');
    expect(asked({ ids: { ...ids, tokenizer: { kind: 'random', levels: 2, codes: 4 } } })).not.toThrow();
    expect(asked({ path, weigh: 'items' })).toThrow("it with terms 'pieces' alone");
    expect(asked([{ path }, { path, terms: 'groups', pieces: 4 }])).toThrow("it with terms 'pieces' alone");
    expect(asked([])).toThrow();
  });

  it('are several columns of a list', async () => {
    const two = ['prefixes', 'groups'].map((terms, c) => ({ path, name: `c${c}`, terms: terms as 'prefixes', n: 1 }));
    const { itemTable, steps } = await withSemanticIds(shop, { semanticIds: two }, context());
    expect([...itemTable.columns.keys()].filter((name) => /^c\d$/.test(name))).toEqual(['c0', 'c1']);
    expect(steps.filter(({ name }) => name === 'semantic-ids')).toHaveLength(2);
    const same = two.map((column) => ({ ...column, name: 'c' }));
    await expect(withSemanticIds(shop, { semanticIds: same }, context())).rejects.toThrow(
      'expected a name that no column of the items has; got c',
    );
  });
});

describe('ids that are fitted with the data', () => {
  const titled = withItemTerms(
    interactionsFromArrays({
      ...{ name: 'titled', users: [1, 1, 1, 1], items: ['a', 'b', 'c', 'd'], timestamps: [1, 2, 3, 4] },
    }),
    {
      name: 'kinds',
      terms: [
        ['tea', 'green'],
        ['tea', 'green', 'leaves'],
        ['salt', 'sea'],
        ['salt', 'sea', 'flakes'],
      ],
      step: { name: 'kinds', detail: 'Kinds.', params: {}, counts: {} },
    },
  );
  const added = (given: object, ids: SemanticIdsConfigInput, from: Interactions = titled) => {
    const settings = { ids: semanticIdsSchema().parse(ids), name: 'codes', terms: 'prefixes' as const, n: 1, ...given };
    return withSemanticIds(from, { semanticIds: settings }, context());
  };
  const lsa: SemanticIdsConfigInput = {
    vectors: [{ kind: 'lsa', width: 2 }],
    tokenizer: { kind: 'residual-k-means', levels: 1, codes: 2 },
  };

  it('are content alone, once: the second time they come from the cache', async () => {
    const codesOf = async (): Promise<number[]> => {
      const column = (await added({}, lsa)).itemTable.columns.get('codes')!;
      return column.kind === 'ids' ? [...column.values] : [];
    };
    const first = await codesOf();
    expect([first[0] === first[1], first[2] === first[3], first[0] === first[2]]).toEqual([true, true, false]);
    const files = readdirSync(join(folder, 'cache'));
    expect(files).toHaveLength(1);
    expect(await codesOf()).toEqual(first);
    expect(readdirSync(join(folder, 'cache'))).toEqual(files);
    // Other events are the same items; other settings, or other items, are not.
    await added({}, lsa, { ...titled, digest: 'other' });
    expect(readdirSync(join(folder, 'cache'))).toEqual(files);
    await added({}, { ...lsa, seed: 1 });
    expect(readdirSync(join(folder, 'cache'))).toHaveLength(2);
    const step = { name: 'more', detail: 'More.', params: {}, counts: {} };
    await added({}, lsa, withItemTerms(titled, { name: 'more', terms: [['x'], ['x'], ['y'], ['y']], step }));
    expect(readdirSync(join(folder, 'cache'))).toHaveLength(3);
  });

  it('leave the backend that a command has started', async () => {
    await useBackend('cpu');
    await added({}, { ...lsa, seed: 7 });
    expect(tf.getBackend()).toBe('cpu');
  });

  it('have their vectors as a column of numbers, and are refused where they have none', async () => {
    const column = (await added({ terms: 'vectors' }, lsa)).itemTable.columns.get('codes')!;
    if (column.kind !== 'number') throw new Error(`got ${column.kind}`);
    expect([column.width, column.values.length]).toEqual([2, 8]);
    const [tea, leaves, salt] = [0, 1, 2].map((row) => column.values.subarray(2 * row, 2 * row + 2));
    const cosine = (x: Float32Array, y: Float32Array): number => x[0] * y[0] + x[1] * y[1];
    expect(cosine(tea, tea)).toBeCloseTo(1, 5);
    expect(cosine(tea, leaves)).toBeGreaterThan(0.9);
    expect(Math.abs(cosine(tea, salt))).toBeLessThan(0.1);
    await expect(added({ terms: 'vectors' }, { tokenizer: { kind: 'random', levels: 2, codes: 4 } })).rejects.toThrow(
      "data.semanticIds.terms: expected ids that are made from vectors of content, for vectors; got the tokenizer 'random', which reads none; use prefixes, groups or pieces",
    );
  });
});
