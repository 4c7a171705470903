import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { temporaryFile } from '../../test/fixtures.ts';
import { DataError, interactionsFromArrays, readItemVectors } from '../index.ts';

const { items } = interactionsFromArrays({
  name: 'shop',
  users: [1, 1, 1],
  items: ['soap', 'tea', 'x"y'],
  timestamps: [1, 2, 3],
});
const whole = 'item,a,b\ntea,1,-2.5\nsoap,1e-3,0\n"x""y",7,8\n';
const read = (content: string | Buffer, name = 'vectors.csv', missing?: 'error' | 'allow') =>
  readItemVectors(temporaryFile(name, content), { items, missing });

describe('readItemVectors', () => {
  it.each([
    ['vectors.csv', whole],
    ['vectors.csv', whole.replaceAll('\n', '\r\n')],
    ['vectors.csv.gz', gzipSync(whole)],
    ['vectors.tsv', whole.replaceAll(',', '\t').replace('"x""y"', 'x"y')],
  ])('reads %s in the order of the file', async (name, content) => {
    expect(await read(content, name)).toEqual({
      width: 2,
      items: Int32Array.from(['tea', 'soap', 'x"y'], (id) => items.dense(id)!),
      values: Float32Array.of(1, -2.5, 1e-3, 0, 7, 8),
      missing: 0,
      unknown: 0,
    });
  });

  it('skips and counts items that the data do not have, and those without a vector where that is allowed', async () => {
    const found = await read('item,a,b\nsalt,1,1\ntea,1,2\n', 'vectors.csv', 'allow');
    expect(found).toMatchObject({ width: 2, missing: 2, unknown: 1 });
    expect([...found.values]).toEqual([1, 2]);
  });

  it('reads ids as those of events: without blanks around them, 35.0 as the 35 of the data', async () => {
    const numbered = interactionsFromArrays({ name: 'n', users: [1, 1], items: ['35', '7'], timestamps: [1, 2] }).items;
    const path = temporaryFile('vectors.csv', 'item,a\n35.0,1\n 7 ,2\n');
    const found = await readItemVectors(path, { items: numbered });
    expect([...found.items].map((item) => numbered.external(item))).toEqual(['35', '7']);
    await expect(read('item,a\ntea,1\n tea,2\n')).rejects.toThrow('expected distinct items; got "tea" twice');
  });

  it.each([
    ['a text', 'item,a,b\ntea,1,2\nsoap,1,two\n', 3, 'expected a finite number in column "b"; got "two"'],
    ['an empty number', 'item,a,b\ntea,,2\n', 2, 'expected a finite number in column "a"; got ""'],
    ['an infinite number', 'item,a,b\ntea,1e999,2\n', 2, 'expected a finite number in column "a"; got "1e999"'],
    ['a number beyond float32', 'item,a,b\ntea,1e39,2\n', 2, 'expected a finite number in column "a"; got "1e39"'],
    ['too few numbers', 'item,a,b\ntea,1,2\nsoap,1\n', 3, 'expected 3 fields separated by ","; got 2'],
    ['too many numbers', 'item,a,b\nsalt,1,2,3\n', 2, 'expected 3 fields separated by ","; got 4'],
    ['a repeated item', 'item,a,b\ntea,1,2\ntea,1,2\n', 3, 'expected distinct items; got "tea" twice'],
    ['no item', 'item,a,b\n,1,2\n', 2, 'expected an item id; got an empty field'],
    [
      'missing items',
      'item,a,b\ntea,1,2\n',
      undefined,
      'each of the 3 items of the data; got none for 2: "soap", "x\\"y"',
    ],
    ['a header alone', 'item,a,b\n', undefined, 'expected vectors of items of the data; got none'],
    ['other items alone', 'item,a\nsalt,1\n', undefined, 'got 1, all of items that the data do not have'],
    ['one column', 'item\ntea\n', 1, 'expected several columns'],
  ])('names the place of %s', async (_, content, line, says) => {
    const error: unknown = await read(content).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DataError);
    const { message, line: at } = error as DataError;
    expect(at).toBe(line);
    expect(message).toMatch(/^readItemVectors: .*vectors\.csv(:\d+)?: /);
    expect(message).toContain(says);
    expect(message).not.toContain('lenient');
  });
});
