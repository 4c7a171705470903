import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FileSet } from './file-set.ts';
import { jsonLinesAsTables } from './json-lines.ts';

/** One file, given in chunks of some size. */
function inChunks(text: string, size: number): FileSet {
  const bytes = new TextEncoder().encode(text);
  return {
    kind: 'folder',
    path: 'folder',
    names: ['x.json'],
    size: () => bytes.length,
    async *chunks() {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    },
    place: () => ({ file: 'folder/x.json' }),
    close: () => {},
  };
}

async function converted(text: string, size: number, keys: readonly string[], lenient = false): Promise<string> {
  const set = jsonLinesAsTables(inChunks(text, size), { 'x.tsv': { file: 'x.json', keys } }, 'test', lenient);
  expect(set.names).toEqual(['x.tsv']);
  const parts: Uint8Array[] = [];
  for await (const chunk of set.chunks('x.tsv')) parts.push(chunk);
  return Buffer.concat(parts).toString('utf8');
}

it('gives a line a line, whatever the chunks', async () => {
  const value = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
  );
  const row = fc.record({ a: value, b: value, c: value }, { requiredKeys: ['b'] });
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 5 }),
      fc.integer({ min: 1, max: 30 }),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      async (rows, size, end, ended) => {
        const text = rows.map((object) => JSON.stringify(object)).join(end) + (ended && rows.length > 0 ? end : '');
        const expected = rows.map((object) =>
          [object.c, object.b].map((of) => (of ?? '').toString().replace(/[\t\r\n]+/g, ' ')).join('\t'),
        );
        expect(await converted(text, size, ['c', 'b'])).toBe(expected.map((line) => `${line}\n`).join(''));
      },
    ),
  );
});

it('keeps blank lines, skips a byte order mark and writes what is nested as JSON', async () => {
  expect(await converted('\ufeff{"a":[1,{"b":2}]}\n\n{"a":"x"}', 4, ['a'])).toBe('[1,{"b":2}]\n\nx\n');
});

it('says where there is no object, or none that ends', async () => {
  await expect(converted('{"a":1}\n[2]\n', 5, ['a'])).rejects.toThrow(
    'test: folder/x.json:2: expected a JSON object a line; got "[2]"; lenient: true (--data.lenient true) skips and counts such rows',
  );
  expect(await converted('{"a":1}\n"x"\n{\n{"a":2}\n', 5, ['a', 'b'], true)).toBe('1\t\nno JSON\nno JSON\n2\t\n');
  const long = `{"a":1}\n{"a":"${'x'.repeat(1 << 20)}`;
  await expect(converted(long, 1 << 21, ['a'])).rejects.toThrow(
    'test: folder/x.json:2: expected lines of less than 1 MiB',
  );
});
