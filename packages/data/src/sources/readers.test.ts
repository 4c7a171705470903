import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { temporaryFile, temporaryFolder, tinyMl1m, zipBytes } from '../../test/fixtures.ts';
import { detectFormat, type Interactions, interactionsFromArrays, loadDataset } from '../index.ts';

/** `user: item@time/rating, ...` of every user, with external ids. */
function rows(i: Interactions): string[] {
  return Array.from({ length: i.numUsers }, (_, u) => {
    const events = [];
    for (let e = i.userOffsets[u]; e < i.userOffsets[u + 1]; e++) {
      const rating = i.ratings === undefined ? '' : `/${i.ratings[e]}`;
      events.push(`${i.items.external(i.itemIds[e])}@${i.timestamps[e]}${rating}`);
    }
    return `${i.users.external(u)}: ${events.join(' ')}`;
  });
}

function unpacked(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

describe('MovieLens', () => {
  const expected = ['3: 2@978300005/4', '10: 1@978300010/3 2@978300020/5 40@978300020/1'];

  it('reads a zip with and without a top folder and an unpacked folder to the same digest', async () => {
    const top = Object.fromEntries(Object.entries(tinyMl1m).map(([name, content]) => [`ml-1m/${name}`, content]));
    const paths = [
      temporaryFile('ml-1m.zip', zipBytes(tinyMl1m)),
      temporaryFile('other.zip', zipBytes({ ...top, 'ml-1m/README': 'x', '__MACOSX/ml-1m/._ratings.dat': 'fork' })),
      unpacked(tinyMl1m),
      unpacked(top),
    ];
    const digests = new Set<string>();
    for (const path of paths) {
      const i = await loadDataset(await detectFormat(path));
      expect(rows(i)).toEqual(expected);
      expect([i.numUsers, i.numItems, i.numEvents]).toEqual([2, 4, 4]);
      digests.add(i.digest);
    }
    expect(digests.size).toBe(1);
  });

  it('keeps unrated movies as items 1..numItems, with titles (latin-1) and genres', async () => {
    const i = await loadDataset({ format: 'movielens', path: unpacked(tinyMl1m) });
    expect([1, 2, 3, 4].map((item) => i.items.external(item))).toEqual(['1', '2', '7', '40']);
    expect(i.items.dense('7')).toBe(3);
    expect(i.items.dense('8')).toBeUndefined();
    expect(() => i.items.external(0)).toThrow('item 0 is the padding item and has no external id');
    expect(i.catalogue?.title(4)).toBe('Misérables, Les (1995)');
    expect(i.catalogue?.categories(1)).toEqual(['Animation', "Children's", 'Comedy']);
    expect(i.catalogue?.categories(0)).toEqual([]);
  });

  it('reads the layout of ml-100k', async () => {
    const i = await loadDataset({
      format: 'movielens',
      path: unpacked({
        'u.data': '10\t2\t5\t20\r\n10\t1\t3\t10\r\n',
        'u.item': '1|Toy Story (1995)|01-Jan-1995||x|0|1\n2|GoldenEye (1995)|01-Jan-1995||y|1|1\n',
        'u.genre': 'Action|0\nDrama|1\n\n',
      }),
    });
    expect(rows(i)).toEqual(['10: 1@10/3 2@20/5']);
    expect(i.catalogue?.categories(2)).toEqual(['Action', 'Drama']);
    expect(i.catalogue?.categories(1)).toEqual(['Drama']);
  });

  it('reads the CSV layout, with a byte order mark, CRLF, quotes and half stars', async () => {
    const i = await loadDataset({
      format: 'movielens',
      path: unpacked({
        'ratings.csv': '\ufeffuserId,movieId,rating,timestamp\r\n1,11,4.5,964982703\r\n1,3,0.5,964981247',
        'movies.csv':
          'movieId,title,genres\r\n3,"Say ""Hi"", You (1995)",(no genres listed)\r\n11,"President, The (1995)",Comedy|Drama\r\n',
      }),
    });
    expect(rows(i)).toEqual(['1: 3@964981247/0.5 11@964982703/4.5']);
    expect(i.catalogue?.title(1)).toBe('Say "Hi", You (1995)');
    expect(i.catalogue?.categories(1)).toEqual([]);
    expect(i.catalogue?.categories(2)).toEqual(['Comedy', 'Drama']);
  });

  it('takes the rated items as corpus when there is only a ratings file', async () => {
    const path = join(unpacked(tinyMl1m), 'ratings.dat');
    const i = await loadDataset({ format: 'movielens', path });
    expect(i.numItems).toBe(3);
    expect(i.catalogue).toBeUndefined();
    expect(i.steps[0].detail).toContain('no movies file, so the corpus is the 3 rated items');
  });

  it('counts corrupt rows by reason when lenient, with their first lines', async () => {
    const bad = 'x::2::5::1\n10::2::5::978300020\n10::2::5\n10::2\n10::99::5::3\n';
    const path = temporaryFile('a.zip', zipBytes({ ...tinyMl1m, 'ratings.dat': bad }));
    const i = await loadDataset({ format: 'movielens', path }, { lenient: true });
    expect(i.numEvents).toBe(1);
    expect(i.steps[0].counts).toEqual({ rows: 5, events: 1, skipped: 4, items: 4 });
    expect(i.steps[0].problems).toEqual([
      { reason: 'bad-id', count: 1, firstLines: [1], file: 'ratings.dat' },
      { reason: 'wrong-field-count', count: 2, firstLines: [3, 4], file: 'ratings.dat' },
      { reason: 'unknown-item', count: 1, firstLines: [5], file: 'ratings.dat' },
    ]);
  });

  it('keeps duplicate rows and counts them', async () => {
    const path = temporaryFile('u.data', '1\t2\t3\t9\n1\t2\t3\t9\n1\t3\t3\t9\n1\t2\t3\t10\n');
    const i = await loadDataset({ format: 'movielens', path });
    expect(i.steps[1].counts).toEqual({ events: 4, tied: 2, duplicates: 1 });
  });

  it('reports progress up to the size of the file', async () => {
    const seen: number[] = [];
    await loadDataset(
      { format: 'movielens', path: temporaryFile('a.zip', zipBytes(tinyMl1m)) },
      { onProgress: ({ bytes, totalBytes }) => seen.push(bytes / totalBytes) },
    );
    expect(seen.at(-1)).toBe(1);
  });
});

describe('CSV', () => {
  const columns = { user: 'who', item: 'what', time: 'when' } as const;

  it('maps columns by name, in any order, plain or gz, with CRLF, BOM, quotes and multi-line fields', async () => {
    const text = '\ufeffwhen,what,who,note\r\n20,"b,1",u2,"two\r\nlines"\r\n\r\n10,a,u2,\r\n5,a,u10,x';
    for (const path of [temporaryFile('e.csv', text), temporaryFile('e.csv.gz', gzipSync(text))]) {
      const i = await loadDataset({ format: 'csv', path, columns });
      expect(rows(i)).toEqual(['u10: a@5', 'u2: a@10 b,1@20']);
    }
  });

  it('names the line of a bad row after multi-line fields and CRLF', async () => {
    const path = temporaryFile('e.csv', 'when,note,what,who\r\n20,"n\r\n1",b,u2\r\n\r\nsoon,,a,u2\r\n');
    await expect(loadDataset({ format: 'csv', path, columns })).rejects.toMatchObject({ line: 5, code: 'bad-time' });
  });

  it('finds the delimiter, also in tab-separated files where quotes are ordinary', async () => {
    const tab = temporaryFile('e.tsv', 'who\twhat\twhen\nu\t5" disk\t3\n');
    expect(rows(await loadDataset({ format: 'csv', path: tab, columns }))).toEqual(['u: 5" disk@3']);
    const semicolon = temporaryFile('e.txt', 'who;what;when\nu;x,y;3\n');
    expect(rows(await loadDataset({ format: 'csv', path: semicolon, columns }))).toEqual(['u: x,y@3']);
  });

  it('maps columns by position without a header, and takes titles', async () => {
    const path = temporaryFile('e.dat', 'u::9::::7\nu::10::Ten::5\nu::9::Nine::6\n');
    const i = await loadDataset({
      format: 'csv',
      path,
      delimiter: '::',
      columns: { user: 0, item: 1, title: 2, time: 3 },
    });
    expect(rows(i)).toEqual(['u: 10@5 9@6 9@7']);
    expect([i.items.dense('9'), i.items.dense('10')]).toEqual([1, 2]);
    expect([i.catalogue?.title(1), i.catalogue?.title(2)]).toEqual(['Nine', 'Ten']);
  });

  it('reads milliseconds and ISO dates as the same seconds', async () => {
    const read = async (when: string, timeUnit: 'ms' | 'iso') => {
      const path = temporaryFile('e.csv', `who,what,when\nu,x,${when}\n`);
      return (await loadDataset({ format: 'csv', path, columns, timeUnit })).timestamps[0];
    };
    expect(await read('978300760500', 'ms')).toBe(978300760.5);
    expect(await read('2000-12-31T22:12:40.5Z', 'iso')).toBe(978300760.5);
    expect(await read('2001-01-01 00:12:40.5+02:00', 'iso')).toBe(978300760.5);
    expect(await read('2000-12-31', 'iso')).toBe(978220800);
  });

  it('keeps the order of the file when there are no times, and says so', async () => {
    const path = temporaryFile('e.csv', 'who,what\nu,z\nv,a\nu,b\nu,a\n');
    const i = await loadDataset({ format: 'csv', path, columns: { user: 'who', item: 'what' } });
    expect(rows(i)).toEqual(['u: z@0 b@1 a@2', 'v: a@0']);
    expect(i.hasTimestamps).toBe(false);
  });

  it('lenient reading goes on after stray quotes and short rows', async () => {
    const path = temporaryFile('e.csv', 'who,what,when\nu,a,1\nu,b"b,2\nu,c\nu,d,4\n');
    const i = await loadDataset({ format: 'csv', path, columns }, { lenient: true });
    expect(rows(i)).toEqual(['u: a@1 d@4']);
    expect(i.steps[0].problems?.map((p) => [p.reason, p.firstLines])).toEqual([
      ['bad-quote', [3]],
      ['wrong-field-count', [4]],
    ]);
  });

  it('reads what was written, whatever the fields', async () => {
    const characters = ['a', 'é', '"', ',', ' ', '€'];
    const field = fc.string({ unit: fc.constantFrom(...characters), minLength: 1, maxLength: 6 });
    const usable = field.filter((text) => text.trim() !== '');
    const note = fc.string({ unit: fc.constantFrom(...characters, '\n'), maxLength: 6 });
    const row = fc.record({ user: usable, item: usable, time: fc.integer({ min: 0, max: 1000 }), note });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), fc.boolean(), async (list, crlf) => {
        const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const end = crlf ? '\r\n' : '\n';
        const text = list.map((r) => [quote(r.user), quote(r.item), r.time, quote(r.note)].join(',') + end).join('');
        const read = await loadDataset({
          format: 'csv',
          path: temporaryFile('e.csv', `who,what,when,note${end}${text}`),
          columns,
        });
        const direct = interactionsFromArrays({
          name: 'direct',
          // Blanks around an id are not part of it.
          users: list.map((r) => r.user.trim()),
          items: list.map((r) => r.item.trim()),
          timestamps: list.map((r) => r.time),
        });
        expect(rows(read)).toEqual(rows(direct));
      }),
      { numRuns: 40 },
    );
  });
});

describe('Amazon', () => {
  const day = 86400 * 15000;
  const interactions = `user\titem\ttimestamp\n${Array.from({ length: 30 }, (_, n) => `1\t${n + 1}\t${day}`).join('\n')}\n`;
  const items = `item\tasin\ttitle\tcategories\n${Array.from({ length: 31 }, (_, n) => `${n + 1}\tB${n}\tT "${n}\t'Beauty', "Men's"`).join('\n')}\n`;
  const order = (i: Interactions) => [...i.itemIds].join(' ');

  it('shuffles events of one day by default, with a seed that is in steps', async () => {
    const path = unpacked({ 'interactions.tsv': interactions, 'items.tsv': items });
    const load = (rest: object = {}) => loadDataset({ format: 'amazon', path, ...rest });
    const shuffled = await load();
    const kept = await load({ ties: 'file-order' });
    expect(order(kept)).toBe(Array.from({ length: 30 }, (_, n) => n + 1).join(' '));
    expect(order(shuffled)).not.toBe(order(kept));
    expect([...shuffled.itemIds].sort((a, b) => a - b).join(' ')).toBe(order(kept));
    expect(order(await load())).toBe(order(shuffled));
    expect(order(await load({ tieSeed: 1 }))).not.toBe(order(shuffled));
    expect(shuffled.steps[1].detail).toContain('29 events (96.7 %) share a time');
    expect(shuffled.steps[1].detail).toContain('ties are shuffled with seed 0');
    expect(shuffled.numItems).toBe(31);
    expect(shuffled.catalogue?.title(2)).toBe('T "1');
    expect(shuffled.catalogue?.categories(2)).toEqual(['Beauty', "Men's"]);
  });

  it('leaves out the sales rank, which was read after all events', async () => {
    const path = unpacked({
      'interactions.tsv': 'user\titem\ttimestamp\n1\t1\t1396310400\n',
      'items.tsv': "item\tasin\ttitle\tcategories\tbrand\tprice\tsales_rank\n1\tB\tT\t'C'\tD\t2.5\t7\n",
    });
    const { itemTable } = await loadDataset({ format: 'amazon', path });
    expect([...itemTable.columns.keys()]).toEqual(['title', 'categories', 'brand', 'price']);
  });

  it('reads a SNAP ratings file without a header', async () => {
    const path = temporaryFile(
      'ratings_Books.csv',
      'AH2,0001,5.0,1353612262\nAH2,0000,4.0,1353612261\nA9,0001,1.0,3\n',
    );
    const i = await loadDataset(await detectFormat(path));
    expect(rows(i)).toEqual(['A9: 0001@3/1', 'AH2: 0000@1353612261/4 0001@1353612262/5']);
    expect(i.name).toBe('ratings_Books');
  });
});

describe('detectFormat', () => {
  it('refuses files of no known layout', async () => {
    const path = temporaryFile('log.csv', 'a,b\n');
    await expect(detectFormat(path)).rejects.toMatchObject({
      code: 'unknown-layout',
      message: `detectFormat: ${path}: expected the files of MovieLens, Amazon, Yelp or FuxiCTR; got log.csv; for other tables set format: 'csv' (--data.format csv) and say which column is what (columns, --data.columns.user and so on)`,
    });
  });
});
