import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { completeModelConfig } from '@seqrec/models';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { loadRecipe, recipeNames, resolveRun } from './load-recipe.ts';
import { rankingRunConfigSchema } from './ranking-schema.ts';
import { runConfigSchema } from './run-config.ts';
import { recipeConfigSchema } from './schema.ts';
import { validate } from './validate.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-load-recipe-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

const overridesOf = (text: string) =>
  text === ''
    ? []
    : text
        .split(' ')
        .map((pair) => ({ key: pair.slice(0, pair.indexOf('=')), text: pair.slice(pair.indexOf('=') + 1) }));
const file = join(folder, 'own.yaml');
const ofFile = (text: string, overrides = '') => {
  writeFileSync(file, text);
  return resolveRun({ file, overrides: overridesOf(overrides) });
};
const ofRecipe = (recipe: string, overrides = '') => resolveRun({ recipe, overrides: overridesOf(overrides) });

describe('a configuration is parsed once', () => {
  /** How often the schema of a whole run is asked. */
  const parses = (schema: ReturnType<typeof recipeConfigSchema> | ReturnType<typeof rankingRunConfigSchema>) => {
    const spies = [vi.spyOn(schema, 'safeParse'), vi.spyOn(schema, 'parse')];
    return () => spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
  };

  test('from a recipe, with overrides of kinds, lists and texts', async () => {
    const count = parses(recipeConfigSchema());
    await ofRecipe(
      'ml-100k/hstu',
      'model.block=production objective.kind=full-softmax evaluation.ks=5,10 data.ties=shuffle:7',
    );
    expect(count()).toBe(1);
  });

  test('another kind than that of a file takes nothing of the defaults of its own', async () => {
    const text = 'extends: amazon-beauty/sid-decoder\ntask: { ids: { tokenizer: { levels: 2 } } }\n';
    const { config } = await ofFile(text, 'task.ids.tokenizer.kind=lsh');
    // `steps` and the others of residual k-means are no settings of lsh, `levels` is written.
    expect(config.task).toMatchObject({ ids: { tokenizer: { kind: 'lsh', levels: 2, bits: 8 } } });
  });

  test('from a file that extends a recipe', async () => {
    const count = parses(rankingRunConfigSchema());
    await ofFile('extends: ctr/ml-1m-mlp\nmodel: { hiddenSizes: [5] }\n', 'training.epochs=2 model.dropout=0.3');
    expect(count()).toBe(1);
  });

  test('and what it gives stays as it is when it is parsed and completed again, to the byte', async () => {
    for (const name of recipeNames()) {
      const { config } = await ofRecipe(name);
      const again = validate(runConfigSchema(config), config);
      const twice = { ...again, model: completeModelConfig(again.model) };
      expect(JSON.stringify(twice)).toBe(JSON.stringify(config));
      const { config: loaded } = await loadRecipe(name);
      expect(JSON.stringify(validate(runConfigSchema(loaded), loaded))).toBe(JSON.stringify(loaded));
      expect(config).toMatchObject(loaded);
    }
  });
});

test.each(['own.yaml', 'own.yml', 'own.json', 'own'])('a run of the file %s is called own', async (called) => {
  const path = join(folder, called);
  writeFileSync(path, '{ "extends": "ml-100k/hstu" }');
  expect((await resolveRun({ file: path, overrides: [] })).name).toBe('own');
});

describe('what is wrong comes with the place to change', () => {
  const hstu = 'extends: ml-100k/hstu\n';
  test.each<[string, string, string, string[]]>([
    ['an override', hstu, 'training.epochs=0', ['--training.epochs: expected a number above 0; got 0']],
    ['a line of the file', `${hstu}training:\n  epochs: 0\n`, 'seed=3', ['FILE:3:11: training.epochs: expected']],
    [
      'both at once',
      `${hstu}training:\n  epochs: 0\n`,
      'model.numBlocks=x',
      [
        'FILE:3:11: training.epochs: expected a number above 0',
        '--model.numBlocks: expected a number; got the text "x"',
      ],
    ],
    [
      'an override of what the file sets',
      `${hstu}training:\n  epochs: 3\n`,
      'training.epochs=0',
      ['--training.epochs: expected a number above 0; got 0'],
    ],
    [
      'what an override needs beside it',
      `${hstu}seed: 1\n`,
      'optimizer.schedule.kind=cosine',
      ['--optimizer.schedule.steps: expected a number; got nothing'],
    ],
    [
      'what an override does not go with, in the file',
      `${hstu}model:\n  dqk: 51\n`,
      'model.relativeBias=rotary',
      ['FILE:3:8: model.dqk: expected an even width'],
    ],
    [
      'a misspelt key where an override takes another kind',
      `${hstu}model:\n  numBlock: 4\n`,
      'model.kind=gru4rec',
      ['FILE:3:3: model.numBlock: unknown key; did you mean numBlocks?'],
    ],
    [
      'a wrong kind before keys that it does not have',
      `${hstu}model: { kind: hstuu }\n`,
      'model.numBlok=4',
      ['FILE:2:16: model.kind: expected one of "hstu"'],
    ],
    [
      'settings of a model that do not go together',
      `${hstu}model: { featureDim: 3 }\n`,
      '',
      ['FILE:2:22: model.featureDim: expected it with features alone'],
    ],
    ['the same by an override', hstu, 'model.featureDim=3', ['--model.featureDim: expected it with features alone']],
    [
      'a key that is not known',
      hstu,
      'model.numBlok=4',
      ['--model.numBlok: unknown key; did you mean --model.numBlocks?'],
    ],
  ])('%s', async (_, text, overrides, messages) => {
    const error = (await ofFile(text, overrides).catch((caught: unknown) => caught)) as Error;
    expect(error.name).toBe('ConfigError');
    const lines = error.message.replaceAll(file, 'FILE').split('\n');
    expect(lines.length).toBe(messages.length);
    for (const message of messages)
      expect(
        lines.some((line) => line.startsWith(message)),
        error.message,
      ).toBe(true);
  });

  test('an override mends what is wrong or missing in the file', async () => {
    const { config } = await ofFile(`${hstu}training:\n  epochs: 0\n`, 'training.epochs=4');
    expect(config.training.epochs).toBe(4);
  });

  test('the keys of a file, and overrides, go with kinds that are defaults in the recipe', async () => {
    const { config } = await ofFile(`${hstu}objective: { labels: { minRating: 4 } }\n`);
    expect(config).toMatchObject({ objective: { labels: { kind: 'next-item', minRating: 4 } } });
    const overridden = await ofRecipe('ml-100k/hstu', 'objective.labels.minRating=4');
    expect(overridden.config).toEqual(config);
  });
});
