import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { csv, movielens } from '../../test/error-case.ts';
import { archiveCases } from '../../test/error-cases-archives.ts';
import { layoutCases } from '../../test/error-cases-layouts.ts';
import { tableCases } from '../../test/error-cases-tables.ts';
import { filesBelow, temporaryFolder } from '../../test/fixtures.ts';
import { DataError, type DatasetSource, loadDataset, OptionError } from '../index.ts';

describe('files that cannot be read', () => {
  it.each([...archiveCases, ...tableCases, ...layoutCases])('$name', async (c) => {
    const folder = temporaryFolder();
    const cacheDir = join(folder, 'cache');
    for (const [name, content] of Object.entries(c.files ?? {})) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    const before = filesBelow(folder);
    const path = join(folder, c.path);
    const error = await loadDataset({ ...c.source, path } as DatasetSource, { cacheDir }).then(
      () => undefined,
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(c.type ?? DataError);
    if (!(error instanceof DataError)) throw error;
    expect(error.name).toBe((c.type ?? DataError).name);
    const { code, line, entry, key, column } = error;
    expect({ code, line, entry, key, column }).toEqual({
      code: c.code,
      line: c.line,
      entry: c.entry,
      key: c.key,
      column: c.column,
    });
    expect(error.message).toContain(c.says);
    if (c.key === undefined || c.line !== undefined) {
      expect(error.file?.startsWith(folder)).toBe(true);
      const place = `${error.file}${entry === undefined ? '' : `!${entry}`}${line === undefined ? '' : `:${line}`}`;
      expect(error.message).toContain(`${place}: `);
    }
    expect(filesBelow(folder)).toEqual(before);
  });

  it('refuses a source without a path or of an unknown format', async () => {
    await expect(loadDataset({ format: 'movielens' } as DatasetSource)).rejects.toMatchObject({
      name: 'OptionError',
      key: 'path',
    });
    await expect(loadDataset({ format: 'xlsx', path: 'x' } as unknown as DatasetSource)).rejects.toMatchObject({
      name: 'OptionError',
      key: 'format',
      message: 'loadDataset: expected format movielens, amazon, mind, yelp, user-lines, fuxictr, csv, sql; got "xlsx"',
    });
  });

  it.each([
    [{ ...csv(), delimeter: ';' }, 'delimeter', 'expected the keys format, path, name, ties, tieSeed, columns'],
    [csv({ timeUnit: 'sec' }), 'timeUnit', 'expected timeUnit s, ms, us, ns, iso; got "sec"'],
    [{ ...movielens, ties: 'random' }, 'ties', 'expected ties file-order, shuffle, by-item; got "random"'],
  ])('refuses a wrong option: %o', async (source, key, says) => {
    const error = await loadDataset({ ...source, path: 'x' } as DatasetSource).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(OptionError);
    expect(error).toMatchObject({ key });
    expect((error as Error).message).toContain(says);
  });
});
