// What a stranger can define: a tokenizer.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { generationConfigSchema } from '../../tasks/generation/config.ts';
import { taskKinds } from '../../tasks/registry.ts';
import { appendItems } from '../append.ts';
import { type FitIdsRequest, fitSemanticIds, type SemanticIds } from '../fit.ts';
import { readSemanticIds, writeSemanticIds } from '../ids-file.ts';
import { semanticIdsSchema } from '../schema.ts';
import type { Rows } from '../vectors/rows.ts';
import { defineTokenizer, readsVectors, tokenizerDefinition, tokenizerKinds } from './registry.ts';
import type { Codebooks } from './tokenizer.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-own-tokenizer-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Code 1 where the first number is above a bound. */
const above = (bound: number): Codebooks => ({
  sizes: [2],
  tensors: new Map([['bound', { count: 1, width: 1, values: Float64Array.of(bound) }]]),
  async encode({ count, width, values }) {
    return {
      count,
      sizes: [2],
      values: Int32Array.from({ length: count }, (_, row) => +(values[row * width] > bound)),
    };
  },
});
/** What the faulty one gives: codes, sizes of the items and of the codebooks. */
let faulty: { values: number[]; sizes: number[]; books: number[] };

const column = (...values: number[]): Rows => ({ count: values.length, width: 1, values: Float64Array.from(values) });
const vectors = column(0.25, 0.75, 0.5);

beforeAll(async () => {
  await useBackend('cpu');
  // Read once before, as configurations are: what is defined later must be taken all the same.
  semanticIdsSchema().parse({});
  generationConfigSchema().parse({ kind: 'generation' });
  expect(taskKinds()).toContain('generation');
  defineTokenizer({
    kind: 'acme/above',
    schema: z.strictObject({ kind: z.literal('acme/above'), bound: z.number().default(0.4) }),
    async fit({ bound }, { vectors: rows }) {
      const codebooks = above(bound);
      return { codebooks, codes: await codebooks.encode!(rows) };
    },
    codebooks: (_, { tensor }) => above(tensor('bound').values[0]),
  });
  defineTokenizer({
    kind: 'acme/faulty',
    schema: z.strictObject({ kind: z.literal('acme/faulty') }),
    readsVectors: false,
    fit: (_, { count }) => ({
      codebooks: { sizes: faulty.books, tensors: new Map() },
      codes: { count, sizes: faulty.sizes, values: Int32Array.from(faulty.values) },
    }),
  });
});

const fit = (tokenizer: object, request: Partial<FitIdsRequest> = {}): Promise<SemanticIds> =>
  fitSemanticIds({ config: semanticIdsSchema().parse({ tokenizer }), items: 3, vectors, seed: 1, ...request });

describe('a tokenizer of a stranger', () => {
  it('is one kind among ours, its settings checked as theirs', () => {
    expect(tokenizerKinds().slice(-3)).toEqual(['file', 'acme/above', 'acme/faulty']);
    expect(semanticIdsSchema().parse({ tokenizer: { kind: 'acme/above' } }).tokenizer).toEqual({
      kind: 'acme/above',
      bound: 0.4,
    });
    const ids = { tokenizer: { kind: 'acme/above', bound: 'x' } };
    expect(semanticIdsSchema().safeParse(ids).error?.issues[0].path).toEqual(['tokenizer', 'bound']);
    expect(
      generationConfigSchema().parse({ kind: 'generation', ids: { tokenizer: { kind: 'acme/above' } } }).ids,
    ).toMatchObject({ tokenizer: { bound: 0.4 } });
    expect(readsVectors({ kind: 'acme/above' })).toBe(true);
    expect(readsVectors({ kind: 'acme/faulty' })).toBe(false);
    expect(() => tokenizerDefinition({ kind: 'acme/abov' })).toThrow("did you mean 'acme/above'?");
  });

  it('gives codes that are counted, kept in a file, and given to items that come later', async () => {
    const tokenizer = { kind: 'acme/above' };
    const ids = await fit(tokenizer);
    expect([...ids.codes.values]).toEqual([0, 0, 1, 0, 1, 1]);
    const path = join(folder, 'ids.safetensors');
    await writeSemanticIds(path, {
      ...ids,
      config: semanticIdsSchema().parse({ tokenizer }),
      items: ['a', 'b', 'c'],
      data: 'shop',
      vectors: { tensors: new Map(), texts: new Map() },
      version: 1,
      versions: [],
    });
    const read = await readSemanticIds(path);
    expect((await appendItems(read, column(0.9, 0.1))).values.slice(6)).toEqual(Int32Array.of(1, 2, 0, 1));
  });

  it.each([
    [
      'codes of other items',
      { values: [0, 1], sizes: [2], books: [2] },
      'expected a code on each of some levels for each of 3 items; got 2 codes of 3 items on 1 levels',
    ],
    [
      'codebooks of other sizes',
      { values: [0, 1, 0], sizes: [2], books: [3] },
      'expected codebooks of 2 codes, as the items have; got 3',
    ],
    [
      'a code beyond its level',
      { values: [0, 2, 0], sizes: [2], books: [2] },
      'expected codes from 0 to 1 on level 1; got 2 for item 2',
    ],
  ])('that gives %s is told what is wrong', async (_, given, message) => {
    faulty = given;
    await expect(fit({ kind: 'acme/faulty' })).rejects.toThrow(`semantic ids: tokenizer 'acme/faulty': ${message}`);
  });
});
