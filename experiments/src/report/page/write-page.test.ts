import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { interactionsFromArrays, latestWindow, trainTest } from '@seqrec/data';
import { createModel, createTrainer, modelFromBytes, saveCheckpoint } from '@seqrec/models';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCatalogue } from '../../../page/catalogue.ts';
import { UsageError } from '../../errors.ts';
import { type PageSource, pageData } from './export.ts';
import { madeUpTimes, type PageData } from './page-data.ts';
import { checkPageFolder, writePage } from './write-page.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-write-page-'));
const catalogue = ['a', 'b', 'c'].map((item, i) => ({
  item,
  ...(i < 2 && { title: `Title ${item}` }),
  categories: i === 0 ? ['Crime', 'War'] : ['War'],
}));
const interactions = interactionsFromArrays({
  name: 'small',
  users: ['secret-user', 'secret-user', 'secret-user', 'w', 'w', 'w'],
  items: ['b', 'a', 'c', 'b', 'c', 'a'],
  timestamps: [1, 2, 3, 4, 5, 600],
  catalogue,
});
let source: PageSource;

beforeAll(async () => {
  await useBackend('cpu');
  const model = createModel(
    { kind: 'sasrec', embeddingDim: 4, maxSequenceLength: 3, numBlocks: 1, numHeads: 1, ffnDim: 4 },
    { numItems: 3 },
  );
  const examples = latestWindow(trainTest(interactions).train, { maxLength: 3 });
  const trainer = createTrainer({ model, examples, batchSize: 2, learningRate: 0.01, numNegatives: 2, seed: 1 });
  await trainer.runEpoch();
  const checkpoint = join(folder, 'a.safetensors');
  await saveCheckpoint(checkpoint, trainer);
  source = { recipe: 'small/sasrec', run: 'run-1', checkpoint, interactions };
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('writePage', () => {
  it('writes the page, its weights and its catalogue, and replaces a page', async () => {
    const page = join(folder, 'page');
    const first = await writePage(source, page);
    writeFileSync(join(page, 'assets/old.js'), 'of an older version');
    const second = await writePage(source, page);
    expect(second).toEqual(first);
    expect(readdirSync(page).sort()).toEqual(['_headers', 'assets', 'index.html', 'model.safetensors', 'page.json']);
    expect(existsSync(join(page, 'assets/old.js'))).toBe(false);
    expect(readFileSync(join(page, '_headers'), 'utf8')).toBe(
      '/*\n  Cross-Origin-Opener-Policy: same-origin\n  Cross-Origin-Embedder-Policy: require-corp\n',
    );
    const text = readFileSync(join(page, 'page.json'), 'utf8');
    expect(text).not.toContain('secret-user');
    const { about, ...items } = openCatalogue(JSON.parse(text) as PageData);
    expect(about).toMatchObject({ recipe: 'small/sasrec', run: 'run-1', epoch: 1, dataset: 'small', latestTime: 600 });
    expect(items.size).toBe(3);
    expect([1, 2, 3].map(items.title)).toEqual(['Title a', 'Title b', 'c']);
    expect([1, 2, 3].map(items.categories)).toEqual([['Crime', 'War'], ['War'], ['War']]);
    expect(items.dense('c')).toBe(3);
    const model = await modelFromBytes(new Uint8Array(readFileSync(join(page, 'model.safetensors'))));
    expect(model.numItems).toBe(3);
  });

  it('refuses a folder of something else, and data of another size', async () => {
    const other = join(folder, 'other');
    mkdirSync(other);
    checkPageFolder(other);
    writeFileSync(join(other, 'thesis.tex'), '');
    expect(() => checkPageFolder(other)).toThrow(UsageError);
    expect(() => checkPageFolder(other)).toThrow(
      `--to: expected an empty folder, a page to replace, or a new place; got ${other}; it holds thesis.tex and no page.json`,
    );
    expect(() => checkPageFolder(join(other, 'thesis.tex'))).toThrow('it is a file');
    const fewer = interactionsFromArrays({ name: 'fewer', users: ['u', 'u'], items: ['a', 'b'], timestamps: [1, 2] });
    await expect(writePage({ ...source, interactions: fewer }, join(folder, 'never'))).rejects.toThrow(
      'expected a model of 2 items, as many as fewer has; got one of 3',
    );
  });
});

it('counts events and keeps what the catalogue says', () => {
  const { events, ids, titles } = pageData(interactions, { recipe: 'r', run: 'x', epoch: 2 });
  expect({ ids, titles, events }).toEqual({
    ids: ['a', 'b', 'c'],
    titles: ['Title a', 'Title b', null],
    events: [2, 2, 2],
  });
});

it('made-up times are a minute apart and end at the latest', () => {
  expect(madeUpTimes(3, 1000)).toEqual([880, 940, 1000]);
  expect(madeUpTimes(0, 1000)).toEqual([]);
  expect(madeUpTimes(3, undefined)).toEqual([0, 1, 2]);
});
