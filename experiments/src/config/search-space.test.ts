import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadRecipe, recipeNames } from './load-recipe.ts';
import { dimensionInWords, parseSpace, readSpace } from './search-space.ts';

const parse = (written: Readonly<Record<string, unknown>>) => parseSpace(written, () => 'space: ');

it('reads dotted and nested keys, keys with one value, and choices that set several', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'seqrec-space-')), 'space.yaml');
  writeFileSync(
    file,
    `optimizer:
  learningRate: loguniform 1e-4 1e-2
model.inputDropout, model.ffnDropout: [0.1, 0.3]
width:
  - { model.embeddingDim: 32, model.ffnDim: 64 }
  - { model.embeddingDim: 64, model.ffnDim: 128 }
`,
  );
  const space = readSpace(file);
  expect(space.map(({ keys }) => keys)).toEqual([
    ['optimizer.learningRate'],
    ['model.inputDropout', 'model.ffnDropout'],
    ['model.embeddingDim', 'model.ffnDim'],
  ]);
  expect(space.map(dimensionInWords)).toEqual([
    'optimizer.learningRate loguniform 0.0001 to 0.01',
    'model.inputDropout, model.ffnDropout 0.1 | 0.3',
    'width (model.embeddingDim / model.ffnDim) 32 / 64 | 64 / 128',
  ]);
  writeFileSync(file, 'optimizer:\n  learningRate: loguniform 1e-4\n');
  expect(() => readSpace(file)).toThrow(
    `${file}:2:17: optimizer.learningRate: expected a list of choices, or a range such as loguniform 1e-4 1e-2, uniform 0 0.5, int 1 4, logint 16 256; got "loguniform 1e-4"`,
  );
});

it.each([
  [{}, 'space: expected keys with choices or ranges; got none'],
  [{ 'a.b': [] }, 'space: a.b: expected a list of choices or a range; got []'],
  [{ 'a.b': 3 }, 'space: a.b: expected a list of choices or a range; got 3'],
  [{ 'a.b': 'uniform 3 1' }, 'space: a.b: expected a lower and a higher end; got "uniform 3 1"'],
  [{ 'a.b': 'loguniform 0 1' }, 'expected ends above 0 on a logarithmic scale'],
  [{ 'a.b': 'int 0.5 1' }, 'expected whole ends'],
  [{ a: [{ 'b.c': 1 }, { 'b.d': 1 }] }, 'expected choices that all set the same keys'],
  [{ a: [{ 'b.c': 1 }, 2] }, 'expected choices that all set the same keys'],
  [{ 'a.b': [1], x: [{ 'a.b': 1 }] }, 'space: a.b: expected each key once; it stands under "a.b" too'],
  [{ 'training.epochs': [1, 2] }, 'space: training.epochs: expected a key of the model, the loss or the training'],
  [{ 'data.kCore': [1, 2] }, 'give it on the command line as --data.kCore'],
  [{ seed: [1, 2] }, 'space: seed: expected a key of the model'],
])('refuses %o', (written, message) => {
  expect(() => parse(written)).toThrow(message);
});

it('the spaces of recipes are spaces', async () => {
  const spaces = await Promise.all(
    recipeNames().map(async (name) => ({ name, space: (await loadRecipe(name)).space })),
  );
  const searched = spaces.filter(({ space }) => space !== undefined);
  for (const { space } of searched) parse(space!);
  expect(searched.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['ml-1m/sasrec', 'ml-1m/hstu', 'ml-1m/gru4rec', 'amazon-beauty/sasrec']),
  );
});
