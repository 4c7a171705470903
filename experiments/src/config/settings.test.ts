import { sourceFormats } from '@seqrec/data';
import { modelConfigSchema, modelKinds, objectiveKinds, taskKinds } from '@seqrec/models';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { jsonSchemaOf } from './json-schema.ts';
import { rankingRunConfigSchema } from './ranking-schema.ts';
import { recipeConfigSchema } from './schema.ts';
import { type Setting, settingsOf } from './settings.ts';

const settings = (schema: z.ZodType, chosen?: unknown) => settingsOf(jsonSchemaOf(schema), chosen);
const keysOf = (all: readonly Setting[]) => all.map(({ key }) => key);
const unexplained = (all: readonly Setting[]) => keysOf(all.filter(({ help = '' }) => help.trim() === ''));

const schemas = {
  retrieval: recipeConfigSchema(),
  ranking: rankingRunConfigSchema(),
  models: z.strictObject({ model: modelConfigSchema('encode', 'towers', 'rank', 'generate').describe('All.') }),
};
/** Kinds at a key, of all schemas. */
const kindsAt = (key: string) =>
  new Set(
    Object.values(schemas)
      .flatMap((schema) => settings(schema).filter((each) => each.key === key))
      .flatMap(({ values }) => values.split(' | ')),
  );

describe('every setting says what it is for', () => {
  test.each(Object.entries(schemas))('%s', (_, schema) => {
    expect(settings(schema).length).toBeGreaterThan(80);
    expect(unexplained(settings(schema))).toEqual([]);
  });

  test('of every kind that the registries know', () => {
    expect(kindsAt('model.kind')).toEqual(new Set(modelKinds()));
    expect(kindsAt('objective.kind')).toEqual(new Set(objectiveKinds()));
    expect(kindsAt('task.kind')).toEqual(new Set(taskKinds()));
    const builtIn = ['named', 'files', 'csv', 'fuxictr', 'sql', 'synthetic', 'synthetic-ranking'];
    expect(kindsAt('data.format')).toEqual(new Set([...builtIn, ...sourceFormats()]));
    expect(kindsAt('data.split.kind')).toEqual(
      new Set(['train-test', 'global-time', 'by-user', 'random', 'rows-by-time', 'last-rows', 'given']),
    );
    expect(kindsAt('optimizer.schedule.kind').size).toBe(6);
    expect(kindsAt('windows.policy').size).toBe(7);
  });

  test('in sentences', () => {
    const all = Object.values(schemas).flatMap((schema) => settings(schema));
    expect(keysOf(all.filter(({ help = '' }) => !/^[^\s].*\.$/s.test(help)))).toEqual([]);
  });

  test('one without a text is found, wherever it lies', () => {
    const said = z.int().describe('Said.');
    const object = z.strictObject({
      a: said.optional(),
      b: z.int().default(1),
      inner: z.strictObject({ c: z.string().optional() }).optional().describe('Said.'),
      list: z.array(z.union([z.string(), z.strictObject({ d: said, e: z.boolean() })])).describe('Said.'),
      any: z.object({ f: said }).catchall(z.string()).describe('Said.'),
      either: z
        .discriminatedUnion('kind', [
          z.strictObject({ kind: z.literal('x'), g: z.int() }).describe('X.'),
          z.strictObject({ kind: z.literal('y') }),
        ])
        .describe('Said.'),
    });
    expect(unexplained(settings(object))).toEqual(['b', 'inner.c', 'list[].e', 'any.NAME', 'either.kind', 'either.g']);
  });
});

describe('settingsOf', () => {
  const shared = { size: z.int().min(1).max(4096).describe('Size.') };
  const schema = z.strictObject({
    model: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('a'), ...shared, rate: z.number().min(0).lt(1).default(0.1) }).describe('A.'),
        z.strictObject({ kind: z.literal('b'), ...shared, rate: z.number().gt(0).default(0.2) }).describe('B.'),
        z.strictObject({ kind: z.literal('c').default('c'), ...shared, only: z.boolean().optional() }).describe('C.'),
      ])
      .describe('Model.'),
    split: z.union([z.enum(['last', 'none']), z.strictObject({ kind: z.literal('time').default('time') })]),
  });
  const when = (...values: string[]) => [{ key: 'model.kind', values }];

  test('tells values, defaults and what kinds have a setting', () => {
    expect(settings(schema)).toEqual([
      { key: 'model', values: 'settings', required: true, help: 'Model.', when: [] },
      { key: 'model.kind', values: 'a | b | c', default: 'c', required: false, help: 'a: A. b: B. c: C.', when: [] },
      { key: 'model.size', values: 'whole number in [1, 2^12]', required: true, help: 'Size.', when: [] },
      { key: 'model.rate', values: 'number in [0, 1)', default: 0.1, required: false, when: when('a') },
      { key: 'model.rate', values: 'number > 0', default: 0.2, required: false, when: when('b') },
      { key: 'model.only', values: 'true | false', required: false, when: when('c') },
      { key: 'split', values: 'last | none | settings', required: true, when: [] },
      { key: 'split.kind', values: 'time', default: 'time', required: false, when: [] },
    ]);
  });

  test('a kind that is chosen leaves out what others have', () => {
    const chosen = settings(schema, { model: { kind: 'b' } });
    expect(keysOf(chosen)).toEqual(['model', 'model.kind', 'model.size', 'model.rate', 'split', 'split.kind']);
    expect(chosen.flatMap((each) => each.when)).toEqual([]);
  });
});
