// What a stranger can define: vectors of items.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { type ExampleSet, interactionsFromArrays } from '@seqrec/data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fitSemanticIds } from '../fit.ts';
import { readSemanticIds, writeSemanticIds } from '../ids-file.ts';
import { fitIdVectors, idVectors, vectorsThatNewItemsLack } from '../item-vectors.ts';
import { semanticIdsSchema } from '../schema.ts';
import { defineItemVectors, itemVectorKinds, itemVectorsDefinition } from './registry.ts';
import type { Rows } from './rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-own-vectors-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Items that nobody trains, numbered as they sort. */
const shop = (...items: string[]): ExampleSet => {
  const interactions = interactionsFromArrays({
    ...{ name: 'shop', users: items.map(() => 'u'), items, timestamps: items.map((_, t) => t) },
  });
  const none = new Int32Array(0);
  return { name: 'train', interactions, users: none, starts: none, targets: none };
};
const namesOf = ({ items, numItems }: ExampleSet['interactions']): string[] =>
  Array.from({ length: numItems }, (_, place) => items.external(place + 1));

/** How often the name of an item has each letter of an alphabet. */
const countsOf = (names: readonly string[], letters: readonly string[]): Rows => ({
  ...{ count: names.length, width: letters.length },
  values: Float64Array.from(
    names.flatMap((name) => letters.map((letter) => [...name].filter((each) => each === letter).length)),
  ),
});
/** What the faulty one gives. */
let faulty: Rows;

beforeAll(async () => {
  await useBackend('cpu');
  // Read once before, as configurations are: what is defined later must be taken all the same.
  semanticIdsSchema().parse({});
  defineItemVectors({
    kind: 'acme/letters',
    schema: z.strictObject({ kind: z.literal('acme/letters'), first: z.string().length(1).default('a') }),
    fit({ first }, { interactions }, { seed, fitted, onProgress }) {
      const names = namesOf(interactions);
      const read = fitted === undefined ? names : fitted.map((place) => names[place]);
      const letters = [...new Set(read.join(''))].filter((letter) => letter >= first).sort();
      onProgress?.({ done: seed, total: names.length });
      return {
        rows: countsOf(names, letters),
        tensors: { seed: { count: 1, width: 1, values: Float64Array.of(seed) } },
        texts: { letters },
      };
    },
    again: (_, { texts, tensor, tensors }, interactions) => {
      expect([tensor('seed').values[0], tensors.size]).toEqual([7, 1]);
      return countsOf(namesOf(interactions), texts('letters'));
    },
  });
  defineItemVectors({
    kind: 'acme/faulty',
    schema: z.strictObject({ kind: z.literal('acme/faulty') }),
    readsEvents: true,
    fit: () => ({ rows: faulty }),
  });
});

const readFile = async (): Promise<Rows> => faulty;
const request = (...vectors: object[]) => ({ ...semanticIdsSchema().parse({ vectors, seed: 7 }), readFile });

describe('vectors of a stranger', () => {
  it('are one kind among ours, their settings checked as ours', () => {
    expect(itemVectorKinds()).toEqual(['lsa', 'behaviour', 'file', 'acme/letters', 'acme/faulty']);
    expect(request({ kind: 'acme/letters' }).vectors).toEqual([{ kind: 'acme/letters', first: 'a' }]);
    const wrong = { vectors: [{ kind: 'lsa' }, { kind: 'acme/letters', first: 1 }] };
    expect(semanticIdsSchema().safeParse(wrong).error?.issues[0].path).toEqual(['vectors', 1, 'first']);
    expect(() => itemVectorsDefinition({ kind: 'acme/leters' })).toThrow("did you mean 'acme/letters'?");
    expect(() => defineItemVectors({ kind: 'lsa', schema: z.strictObject({}) as never, fit: () => ({ rows: faulty }) }))
      // A kind of ours is taken.
      .toThrow("defineItemVectors: kind: expected a kind of vectors of items that is not known yet; got 'lsa'");
  });

  it('have length 1, stand beside others, and say how far they are', async () => {
    const seen: object[] = [];
    const onProgress = (progress: object): void => void seen.push(progress);
    const letters = [{ kind: 'acme/letters' }, { kind: 'acme/letters', first: 'b' }];
    const { rows, state, without } = await fitIdVectors({ ...request(...letters), onProgress }, shop('a', 'aab', 'b'));
    const third = Math.sqrt(1 / 5);
    expect([...rows.values].map((value) => value.toFixed(6))).toEqual(
      [1, 0, 0, 2 * third, third, 1, 0, 1, 1].map((value) => value.toFixed(6)),
    );
    expect(seen).toEqual([
      { done: 7, total: 3 },
      { done: 7, total: 3 },
    ]);
    expect(without).toBe(0);
    expect([...state.texts]).toEqual([
      ['vectors.0.letters', ['a', 'b']],
      ['vectors.1.letters', ['b']],
    ]);
  });

  it('are those of the fit for old items, from a file too, and new items have some', async () => {
    const config = request({ kind: 'acme/letters' });
    const { interactions } = shop('oats', 'salt', 'tea');
    const made = await fitIdVectors(config, shop('oats', 'salt', 'tea'));
    const ids = await fitSemanticIds({ config, items: 3, vectors: made.rows, seed: 7 });
    const path = join(folder, 'ids.safetensors');
    const { readFile: _, ...own } = config;
    await writeSemanticIds(path, {
      ...{ ...ids, config: own, items: namesOf(interactions), data: 'shop', vectors: made.state },
      ...{ version: 1, versions: [] },
    });
    const read = await readSemanticIds(path);
    const more = await idVectors(
      { ...read.config, readFile },
      read.vectors,
      shop('oats', 'salt', 'tea', 'tool').interactions,
    );
    expect([more.count, more.width]).toEqual([4, made.rows.width]);
    expect(more.values.subarray(0, made.rows.values.length)).toEqual(made.rows.values);
    expect(vectorsThatNewItemsLack(read.config.vectors)).toBeUndefined();
    // What nobody defines is named with what to do.
    const bytes = readFileSync(path);
    const other = join(folder, 'other.safetensors');
    writeFileSync(other, Buffer.from(bytes.toString('latin1').replace('acme/letters', 'acme/Letters'), 'latin1'));
    await expect(readSemanticIds(other)).rejects.toThrow(
      /expected vectors that are known, one of lsa, behaviour, .*; got 'acme\/Letters'; load the plug-in that defines it with --plugin/,
    );
  });

  it('are fitted to some items alone where that is asked', async () => {
    const { rows, state } = await fitIdVectors(
      { ...request({ kind: 'acme/letters' }), fitted: [0, 1] },
      shop('ab', 'ba', 'zz'),
    );
    expect(state.texts.get('vectors.0.letters')).toEqual(['a', 'b']);
    expect([...rows.values.subarray(4, 6)]).toEqual([0, 0]);
  });

  it.each([
    [
      { count: 2, width: 1, values: Float64Array.of(1, 2) },
      'expected a row for each of 3 items in vectors of acme/faulty; got 2 numbers of 2 rows, 1 wide',
    ],
    [
      { count: 3, width: 2, values: Float64Array.of(1, 2, 3) },
      'expected a row for each of 3 items in vectors of acme/faulty; got 3 numbers of 3 rows, 2 wide',
    ],
    [
      { count: 3, width: 1, values: Float64Array.of(1, Number.NaN, 3) },
      'expected finite numbers in vectors of acme/faulty; got NaN in column 0 of row 1 of 3',
    ],
    [{ count: 3, width: 1, values: new Float64Array(3) }, 'expected vectors that tell items apart; got zeros alone'],
  ])('are refused where they are none of the items: %#', async (rows, message) => {
    faulty = rows;
    await expect(fitIdVectors(request({ kind: 'acme/faulty' }), shop('a', 'b', 'c'))).rejects.toThrow(
      `semantic ids: vectors: ${message}`,
    );
  });

  it('that new items lack are refused for those', async () => {
    const { vectors } = request({ kind: 'acme/letters' }, { kind: 'acme/faulty' });
    expect(vectorsThatNewItemsLack(vectors)).toEqual({ kind: 'acme/faulty' });
    const state = { tensors: new Map(), texts: new Map() };
    await expect(idVectors(request({ kind: 'acme/faulty' }), state, shop('a').interactions)).rejects.toThrow(
      'expected vectors of content, which new items have; got vectors of acme/faulty',
    );
    await expect(idVectors(request({ kind: 'acme/letters' }), state, shop('a').interactions)).rejects.toThrow(
      'semantic ids: expected what acme/letters was fitted to; got a file without seed',
    );
  });
});
