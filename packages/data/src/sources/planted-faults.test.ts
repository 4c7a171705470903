import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Interactions } from '../index.ts';
import { readCsv } from './csv.ts';
import type { FileSet } from './file-set.ts';
import { readContext } from './progress.ts';

/** A file of these bytes that arrives in pieces of `size`. */
function fileOf(bytes: Uint8Array, size: number): FileSet {
  return {
    kind: 'file',
    path: 'log.csv',
    names: ['log.csv'],
    size: () => bytes.length,
    async *chunks() {
      for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
    },
    place: () => ({ file: 'log.csv' }),
    close: () => {},
  };
}

const columns = { user: 'user', item: 'item', time: 'time', rating: 'rating' } as const;
const byPlace = { user: 0, item: 1, time: 2, rating: 3 } as const;
const names = ['user', 'item', 'time', 'rating', 'note'] as const;
type Fields = [string, string, string, string, string];

function read(bytes: Uint8Array, lenient: boolean, header: boolean, size = 1 << 16): Promise<Interactions> {
  const source = { path: 'log.csv', columns: header ? columns : byPlace };
  return readCsv(fileOf(bytes, size), source, 'log', readContext({ lenient }));
}

/** Every event as `user item time rating`, in the order of time; times are different. */
function events(i: Interactions): string[] {
  const found: [number, string][] = [];
  for (let u = 0; u < i.numUsers; u++) {
    for (let e = i.userOffsets[u]; e < i.userOffsets[u + 1]; e++) {
      const event = [i.users.external(u), i.items.external(i.itemIds[e]), i.timestamps[e], i.ratings?.[e]];
      found.push([i.timestamps[e], JSON.stringify(event)]);
    }
  }
  return found.sort(([a], [b]) => a - b).map(([, event]) => event);
}

const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;

/** What makes a row a bad one, wherever the quotes of other rows are. */
const faults: Readonly<Record<string, (fields: Fields, column: number) => string>> = {
  'an open quote': (f, c) => f.map((text, i) => (i === c ? `"${text}` : text)).join(','),
  'a quote in the middle': (f, c) => f.map((text, i) => (i === c ? `${text}"${text}` : text)).join(','),
  'text after a quoted field': (f, c) => f.map((text, i) => (i === c ? `"${text}"${text}` : text)).join(','),
  // At the end of the note it would close what a note before left open, and both together are a row.
  'a closing quote alone': (f, c) => f.map((text, i) => (i === c % 4 ? `${text}"` : text)).join(','),
  'too few fields': (f, c) => f.filter((_, i) => i !== c).join(','),
  'too many fields': (f, c) => f.toSpliced(c, 0, f[c]).join(','),
  'one word': () => 'garbage',
  'no time': ([u, i, , r, n]) => [u, i, '', r, n].join(','),
  'a time in words': ([u, i, , r, n]) => [u, i, 'soon', r, n].join(','),
  'a hexadecimal time': ([u, i, , r, n]) => [u, i, '0x10', r, n].join(','),
  'a time before 1970': ([u, i, t, r, n]) => [u, i, `-${t}`, r, n].join(','),
  'an endless time': ([u, i, , r, n]) => [u, i, 'Infinity', r, n].join(','),
  milliseconds: ([u, i, t, r, n]) => [u, i, `${t}000000000`, r, n].join(','),
  'a rating in words': ([u, i, t, , n]) => [u, i, t, 'good', n].join(','),
  'a hexadecimal rating': ([u, i, t, , n]) => [u, i, t, '0x10', n].join(','),
  'a rating that no float holds': ([u, i, t, , n]) => [u, i, t, '1e39', n].join(','),
  'no rating': ([u, i, t, , n]) => [u, i, t, '', n].join(','),
  'no user': ([, i, t, r, n]) => ['', i, t, r, n].join(','),
  'a blank item': ([u, , t, r, n]) => [u, '  ', t, r, n].join(','),
  'a user NULL': ([, i, t, r, n]) => ['NULL', i, t, r, n].join(','),
  'a NUL in the item': ([u, i, t, r, n]) => [u, `${i}\0`, t, r, n].join(','),
  'no UTF-8 in the user': ([u, i, t, r, n]) => [`${u}\udcff`, i, t, r, n].join(','),
};

/** As UTF-8, where \udcff stands for the byte 0xff. */
function encode(text: string): Buffer {
  return Buffer.concat(
    text.split('\udcff').flatMap((part, i) => [Buffer.from(i === 0 ? [] : [0xff]), Buffer.from(part)]),
  );
}

const note = fc.string({ unit: fc.constantFrom('a', 'é', ' ', '"', ',', '\n'), maxLength: 12 });
const drawnRow = fc.record({
  user: fc.oneof(fc.nat({ max: 9 }).map(String), fc.constantFrom('zoë', 'a b')),
  item: fc.oneof(fc.nat({ max: 9 }).map(String), fc.constantFrom('x', 'y,z', 'say "hi"')),
  rating: fc.constantFrom('1', '2.5', '-3', '1e2'),
  note,
  quoteAll: fc.boolean(),
  blankBefore: fc.boolean(),
});
const drawnFault = fc.record({ fault: fc.constantFrom(...Object.keys(faults)), column: fc.nat({ max: 4 }) });
const file = fc.record({
  lines: fc.array(fc.oneof({ weight: 3, arbitrary: drawnRow }, { weight: 2, arbitrary: drawnFault }), {
    minLength: 1,
    maxLength: 20,
  }),
  crlf: fc.boolean(),
  size: fc.integer({ min: 1, max: 600 }),
});
type DrawnFile = typeof file extends fc.Arbitrary<infer F> ? F : never;

interface Written {
  readonly bytes: Buffer;
  readonly good: string[];
  readonly badLines: number[];
}

function write({ lines, crlf }: DrawnFile): Written {
  let text = `${names.join(',')}\n`;
  const good: string[] = [];
  const badLines: number[] = [];
  for (const [n, drawn] of lines.entries()) {
    const time = String(1000 + n);
    const lineNow = text.split('\n').length;
    if ('fault' in drawn) {
      badLines.push(lineNow);
      text += `${faults[drawn.fault](['7', '8', time, '5', 'n'], drawn.column)}\n`;
      continue;
    }
    if (drawn.blankBefore) text += '\n';
    const fields = [drawn.user, drawn.item, time, drawn.rating, drawn.note];
    text += `${fields.map((f) => (drawn.quoteAll || /["\n,]/.test(f) ? quote(f) : f)).join(',')}\n`;
    good.push(JSON.stringify([drawn.user, drawn.item, Number(time), Number(drawn.rating)]));
  }
  return { bytes: encode(crlf ? text.replaceAll('\n', '\r\n') : text), good, badLines };
}

describe('files with planted faults', () => {
  it.each([1, 2, 3, 4, 5])('lenient: good rows in are good rows out (seed %i)', async (seed) => {
    await fc.assert(
      fc.asyncProperty(file, async (drawn) => {
        const { bytes, good, badLines } = write(drawn);
        if (good.length === 0) {
          await expect(read(bytes, true, true, drawn.size)).rejects.toMatchObject({ code: 'no-rows' });
          return;
        }
        const found = await read(bytes, true, true, drawn.size);
        expect(events(found)).toEqual(good);
        expect(found.steps[0].counts.skipped).toBe(badLines.length);
        const reported = (found.steps[0].problems ?? []).flatMap(({ firstLines }) => firstLines);
        expect(badLines).toEqual(expect.arrayContaining(reported));
      }),
      { seed, numRuns: 50 },
    );
  });

  it.each([1, 2, 3, 4, 5])('strict: the first bad row is named by its line (seed %i)', async (seed) => {
    await fc.assert(
      fc.asyncProperty(file, async (drawn) => {
        const { bytes, good, badLines } = write(drawn);
        const result = await read(bytes, false, true, drawn.size).catch((error: unknown) => error);
        if (badLines.length === 0) expect(events(result as Interactions)).toEqual(good);
        else expect(result).toMatchObject({ name: 'DataError', file: 'log.csv', line: badLines[0] });
      }),
      { seed, numRuns: 50 },
    );
  });

  it.each(Object.keys(faults))('each kind alone, in every column, first and last: %s', async (kind) => {
    for (let column = 0; column < 5; column++) {
      const bad = faults[kind](['7', '8', '20', '5', 'n'], column);
      for (const [rows, line] of [
        [['1,2,10,3,n', bad, '4,5,30,6,"n, n"'], 3],
        [['1,2,10,3,n', '4,5,30,6,"n, n"', bad], 4],
        [[bad, '1,2,10,3,n', '4,5,30,6,"n, n"'], 2],
      ] as const) {
        for (const header of [true, false]) {
          const bytes = encode([...(header ? [names.join(',')] : []), ...rows].join('\n'));
          const found = await read(bytes, true, header);
          expect(events(found)).toEqual(['["1","2",10,3]', '["4","5",30,6]']);
          expect(found.steps[0].counts).toMatchObject({ rows: 3, events: 2, skipped: 1 });
          await expect(read(bytes, false, header)).rejects.toMatchObject({ line: header ? line : line - 1 });
        }
      }
    }
  });

  it('a line of more than a MiB and a quote open for more than a MiB cost one row each', async () => {
    const many = Array.from({ length: 60_000 }, (_, n) => `1,2,${n + 1e9},3,a note of some length`);
    const rows = ['1,2,60000,3,"open', ...many, `9,9,1,3,${'x'.repeat(3 << 20)}`, '1,2,60001,3,n'];
    const bytes = encode([names.join(','), ...rows].join('\n'));
    const found = await read(bytes, true, true);
    expect(found.numEvents).toBe(60_001);
    expect(found.steps[0].problems).toEqual([
      { reason: 'unterminated-quote', count: 1, firstLines: [2], file: 'log.csv' },
      { reason: 'long-line', count: 1, firstLines: [60_003], file: 'log.csv' },
    ]);
    await expect(read(bytes, false, true)).rejects.toMatchObject({ code: 'unterminated-quote', line: 2 });
  });

  it('rows between an open quote and a quote that closes it are not part of a note', async () => {
    const text = `${names.join(',')}\n1,2,10,3,"open\n1,3,20,3,n\n1,4,30,3,closed"\n1,5,40,3,n\n`;
    const found = await read(encode(text), true, true);
    expect(events(found)).toEqual(['["1","3",20,3]', '["1","5",40,3]']);
    await expect(read(encode(text), false, true)).rejects.toMatchObject({ code: 'unterminated-quote', line: 2 });
  });

  it('a fault in the header is an error, lenient or not', async () => {
    const bytes = encode('user,"item,time,rating,note\n1,2,10,3,n\n');
    await expect(read(bytes, true, true)).rejects.toMatchObject({ code: 'unterminated-quote', line: 1 });
    const twice = encode('user,item,time,rating,time\n1,2,10,3,n\n');
    await expect(read(twice, true, true)).rejects.toMatchObject({
      name: 'OptionError',
      code: 'repeated-column',
      line: 1,
      key: 'columns.time',
    });
  });
});
