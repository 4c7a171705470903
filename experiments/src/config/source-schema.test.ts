import { defineSource, interactionsFromArrays } from '@seqrec/data';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { dataConfigSchema, isDefinedFormat, sourceKeys } from './data-schema.ts';
import { applyOverrides } from './overrides.ts';
import { validate } from './validate.ts';

const read = () => interactionsFromArrays({ name: 'none', users: [], items: [] });
const schema = () => z.strictObject({ data: dataConfigSchema() });

beforeAll(() => {
  expect(dataConfigSchema().safeParse({ format: 'acme/keys', split: 'leave-last-out' }).success).toBe(false);
  const strict = z.strictObject({ format: z.literal('acme/keys'), path: z.string(), depth: z.int().default(3) });
  defineSource({ format: 'acme/keys', schema: strict, read });
  const parse = (config: unknown) => {
    const { path } = config as { readonly path?: unknown };
    if (typeof path !== 'string') throw new Error(`expected a path; got ${path}`);
    return { format: 'acme/function', path };
  };
  defineSource({ format: 'acme/function', schema: { parse }, read });
});

describe('the formats of plug-ins in data', () => {
  const base = { format: 'acme/keys', path: 'x', split: 'leave-last-out' };

  it('have their own keys and those of the preparation', () => {
    const data = validate(schema(), { data: { ...base, kCore: 5 } }).data as { readonly format: string };
    expect(data).toEqual({ ...base, kCore: 5, depth: 3 });
    expect(isDefinedFormat(data)).toBe(true);
    expect(sourceKeys(data)).toEqual({ format: 'acme/keys', path: 'x', depth: 3 });
    expect(isDefinedFormat({ format: 'csv' })).toBe(false);
  });

  it('take overrides as ours do', () => {
    const override = (key: string, text: string) => applyOverrides(schema(), { data: base }, [{ key, text }]);
    expect(override('data.depth', '7').data).toMatchObject({ depth: 7 });
    expect(() => override('data.depht', '7')).toThrow('--data.depht: unknown key; did you mean --data.depth?');
    expect(() => override('data.depth', 'deep')).toThrow('data.depth: expected a number; got the text "deep"');
    // How ties are broken is the source's own.
    expect(() => override('data.ties', 'shuffle:1')).toThrow('--data.ties: unknown key');
  });

  it('a schema that is a function is asked', () => {
    const data = (config: object) =>
      validate(schema(), { data: { format: 'acme/function', split: 'by-user', ...config } });
    expect(data({ path: 'x', any: 1 }).data).toMatchObject({ path: 'x', any: 1 });
    expect(() => data({})).toThrow('data: expected a path; got undefined; got an object');
  });

  it('a format that nobody has defined is told with all that there are', () => {
    expect(() => validate(schema(), { data: { ...base, format: 'acme/kyes' } })).toThrow(
      'data.format: expected one of "named", "files", "csv", "fuxictr", "sql", "synthetic", "synthetic-ranking", "acme/keys", "acme/function"; got the text "acme/kyes"',
    );
  });

  it('a schema of another format, or with a key of the preparation, is refused', () => {
    defineSource({
      format: 'acme/kcore',
      schema: z.strictObject({ format: z.literal('acme/kcore'), kCore: z.int() }),
      read,
    });
    expect(() => dataConfigSchema()).toThrow(
      'the source acme/kcore: expected keys of its own; got kCore, which every data section has; give it another name',
    );
  });
});
