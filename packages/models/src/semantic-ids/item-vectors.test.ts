import { interactionsFromArrays, leaveLastOut, type Split } from '@seqrec/data';
import { describe, expect, it } from 'vitest';
import { besideVectors, columnsOfVectors, fitIdVectors, idVectors } from './item-vectors.ts';
import { semanticIdsSchema } from './schema.ts';
import type { Rows } from './vectors/rows.ts';

const titles = ['red lip', 'red nail', 'blue nail', 'blue lip', 'red nail lip', 'green'];

/** Items with a text and a price; `last` are the last items of two users. */
function shop(names: readonly string[] = titles, last = [1, 2]): Split {
  const users = [1, 1, 1, 1, 1, 2, 2, 2, 2, 2];
  const items = [1, 2, 3, 4, last[0], 3, 2, 1, 5, last[1]];
  const interactions = interactionsFromArrays({
    ...{ name: 'shop', users, items: items.map(String), timestamps: users.map((_, t) => t) },
  });
  const text = new TextEncoder();
  const encoded = names.map((name) => text.encode(name));
  const offsets = new Uint32Array(names.length + 1);
  for (const [i, own] of encoded.entries()) offsets[i + 1] = offsets[i] + own.length;
  const bytes = Uint8Array.from(encoded.flatMap((own) => [...own]));
  const columns = new Map<string, unknown>([
    ['title', { kind: 'text', values: { length: names.length, bytes, offsets } }],
    ['price', { kind: 'number', width: 1, values: Float32Array.from(names, (_, i) => i) }],
  ]);
  return leaveLastOut({ ...interactions, numItems: names.length, itemTable: { rows: names.length, columns } } as never);
}

const request = (ids: object, readFile?: (path: string) => Rows) => ({
  ...semanticIdsSchema().parse(ids),
  readFile: async ({ path }: { readonly path: string }) => readFile?.(path) as Rows,
});
const lsa = { kind: 'lsa', width: 4 };
const behaviour = { kind: 'behaviour', width: 3 };

describe('vectors for ids', () => {
  it('of content are those of the fit for old items, and near them for new ones', async () => {
    const { rows, state } = await fitIdVectors(request({ vectors: [lsa] }), shop().train);
    expect(rows.count).toBe(6);
    const { interactions } = shop([...titles, 'red lip', 'zzz']).train;
    const more = await idVectors(request({ vectors: [lsa] }), state, interactions);
    expect(more.values.subarray(0, 6 * rows.width)).toEqual(rows.values);
    const [first, twin] = [0, 6].map((r) => more.values.subarray(r * rows.width, (r + 1) * rows.width));
    const cosine = first.reduce((sum, value, j) => sum + value * twin[j], 0);
    expect(cosine).toBeGreaterThan(0.6);
  });

  it('of content are refused where a column is of another kind than at the fit, also by files that keep no kinds', async () => {
    const { state } = await fitIdVectors(request({ vectors: [lsa] }), shop().train);
    const { interactions } = shop([...titles, 'red lip']).train;
    const { columns, rows } = interactions.itemTable;
    const [title, price] = ['title', 'price'].map((name) => columns.get(name)!);
    const read = (more: readonly (readonly [string, unknown])[], from = state) => {
      const itemTable = { rows, columns: new Map([...columns, ...more]) };
      return idVectors(request({ vectors: [lsa] }), from, { ...interactions, itemTable } as never);
    };
    const tensors = new Map([...state.tensors].filter(([name]) => !name.includes('kinds')));
    expect(tensors.size).toBe(state.tensors.size - 1);
    const values = new Int32Array(rows).fill(1);
    for (const from of [state, { ...state, tensors }]) {
      expect((await read([], from)).count).toBe(7);
      await expect(read([['price', title]], from)).rejects.toThrow(
        'expected the column price of the items as at the fit, number; got text; read it so (--data.items.columns.price number)',
      );
      await expect(read([['title', price]], from)).rejects.toThrow(/the fit, (text|no number); got number/);
      const wide = { kind: 'number', width: 2, values: new Float32Array(2 * rows) };
      await expect(read([['price', wide]], from)).rejects.toThrow('number; got number, 2 of them');
    }
    const ids = { kind: 'id', values, ids: { size: 1, external: () => 'a' } };
    await expect(read([['title', ids]])).rejects.toThrow('the fit, text; got id');
  });

  it('of content do not read what was gathered over all time, unless it is named', async () => {
    const { train } = shop();
    const { interactions } = train;
    const later = {
      ...train,
      interactions: { ...interactions, roles: { ...interactions.roles, overAllTime: ['price'] } },
    };
    const columns = async (ids: object) =>
      columnsOfVectors((await fitIdVectors(request({ vectors: [ids] }), later)).state, 0);
    expect(await columns(lsa)).toEqual(['title']);
    expect(await columns({ ...lsa, columns: ['title', 'price'] })).toEqual(['title', 'price']);
  });

  it.each([false, true])('fitted to some items know nothing of the others, standardise: %s', async (standardise) => {
    const given = { ...request({ vectors: [lsa], standardise }), fitted: [0, 1, 2, 3, 4, 5] };
    const alone = await fitIdVectors(given, shop().train);
    // Later items have other words, and higher prices.
    const among = await fitIdVectors(given, shop([...titles, 'blue lip lip', 'green nail']).train);
    expect(among.state).toEqual(alone.state);
    expect(among.rows.count).toBe(8);
    expect(among.rows.values.subarray(0, alone.rows.values.length)).toEqual(alone.rows.values);
    const all = await fitIdVectors(
      { ...given, fitted: undefined },
      shop([...titles, 'blue lip lip', 'green nail']).train,
    );
    expect(all.state.tensors.get('vectors.0.bounds.price')).not.toEqual(
      alone.state.tensors.get('vectors.0.bounds.price'),
    );
  });

  it('are alike with standardised columns', async () => {
    const given = request({ vectors: [lsa], standardise: true });
    const { rows, state } = await fitIdVectors(given, shop().train);
    expect((await idVectors(given, state, shop().train.interactions)).values).toEqual(rows.values);
    for (let j = 0; j < rows.width; j++) {
      const column = Array.from({ length: 6 }, (_, r) => rows.values[r * rows.width + j]);
      expect(column.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 5);
    }
  });

  it('count the items of which nothing is known', async () => {
    const { without } = await fitIdVectors(request({ vectors: [{ ...lsa, columns: ['title'] }] }), shop().train);
    // 'green' is in one title alone.
    expect(without).toBe(1);
  });

  it('of behaviour do not move when test and validation events change', async () => {
    const own = async (last: number[]) =>
      (await fitIdVectors(request({ vectors: [behaviour] }), shop(titles, last).train)).rows.values;
    expect(await own([5, 4])).toEqual(await own([2, 1]));
  });

  it('stand side by side, each of length 1', async () => {
    const { rows } = await fitIdVectors(request({ vectors: [lsa, behaviour] }), shop().train);
    const left = rows.values.subarray(0, rows.width - 3);
    expect(Math.hypot(...left)).toBeCloseTo(1, 6);
    expect(Math.hypot(...rows.values.subarray(rows.width - 3, rows.width))).toBeCloseTo(1, 6);
  });

  it('for a collaborative loss are those of behaviour, of training alone, as wide as what is quantised', async () => {
    const own = (width: number, last: number[], collaborative?: object) => {
      const { tokenizer, ...rest } = request({ tokenizer: { kind: 'rq-vae', width, collaborative } });
      return besideVectors(tokenizer, rest, shop(titles, last).train);
    };
    const { rows } = await fitIdVectors(request({ vectors: [behaviour] }), shop().train);
    const weight = { weight: 1 };
    expect(await own(3, [1, 2], weight)).toEqual(rows);
    expect(await own(3, [5, 4], weight)).toEqual(rows);
    // There are six items: further columns are zeros.
    const wide = (await own(9, [1, 2], weight)) as Rows;
    expect([wide.count, wide.width]).toEqual([6, 9]);
    for (let r = 0; r < 6; r++) expect([...wide.values.subarray(9 * r + 6, 9 * r + 9)]).toEqual([0, 0, 0]);
    expect(await own(3, [1, 2])).toBeUndefined();
  });

  it('of behaviour are not for new items', async () => {
    const { state } = await fitIdVectors(request({ vectors: [behaviour] }), shop().train);
    await expect(idVectors(request({ vectors: [behaviour] }), state, shop().train.interactions)).rejects.toThrow(
      'semantic ids: expected vectors of content, which new items have; got vectors of behaviour',
    );
  });

  it('refuse what is not finite, naming the row, and what tells no items apart', async () => {
    const file = { vectors: [{ kind: 'file', path: 'v.npy' }] };
    const rows = (value: number) => () => ({ count: 6, width: 1, values: Float64Array.of(1, 2, 3, value, 5, 6) });
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(fitIdVectors(request(file, rows(value)), shop().train)).rejects.toThrow(
        `semantic ids: vectors: expected finite numbers in v.npy; got ${value} in column 0 of row 3 of 6`,
      );
    }
    const lonely = { vectors: [{ kind: 'lsa', columns: ['title'] }] };
    await expect(fitIdVectors(request(lonely), shop(['a', 'b', 'c', 'd', 'e', 'f']).train)).rejects.toThrow(
      'expected vectors that tell items apart; got none: no term is in two items',
    );
    const rare = { vectors: [{ kind: 'behaviour', shift: 100 }] };
    await expect(fitIdVectors(request(rare), shop().train)).rejects.toThrow(
      'expected vectors that tell items apart; got none: no pair of neighbours is above `shift`',
    );
  });
});
