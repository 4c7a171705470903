import { mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { readSemanticIds, semanticIdsSchema } from '@seqrec/models';
import { beforeAll, describe, expect, it } from 'vitest';
import { dataConfigSchema } from '../config/data-schema.ts';
import { prepareData } from '../data/dataset.ts';
import { warnOfEvents } from '../data/ids/events-read.ts';
import { fitIdsTo } from '../data/ids/fit-to-data.ts';
import { Progress } from '../terminal/progress.ts';
import { runMain } from '../testing/run-main.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-ids-'));
const at = (name: string): string => join(folder, name);
const kinds = ['lip balm', 'nail polish', 'hair oil'];
const titles = Array.from(
  { length: 24 },
  (_, i) => `${['red', 'blue', 'green'][(i >> 2) % 3]} ${kinds[i % 3]} ${i % 4}`,
);

function write(name: string, items: readonly string[]): string {
  const events = Array.from({ length: 60 }, (_, e) => `u${e % 10},i${(7 * e + (e % 5)) % items.length},${e}`);
  // Every item has an event: those of the data are all in the list of items.
  const all = items.map((_, i) => `w${i % 5},i${i},${100 + i}`);
  writeFileSync(at(`${name}.csv`), ['user,item,timestamp', ...events, ...all].join('\n'));
  writeFileSync(at(`${name}-items.csv`), ['id,title', ...items.map((title, i) => `i${i},${title}`)].join('\n'));
  return at(`${name}.csv`);
}
const data = (name: string) => [
  ...['--data.items.path', at(`${name}-items.csv`), '--data.items.id', 'id'],
  ...['--data.items.columns.title', 'text'],
];
const small = ['--ids.tokenizer.levels', '2', '--ids.tokenizer.codes', '4'];
const shop = write('shop', titles);
const more = write('more', [...titles, 'red lip balm 0', 'blue hair oil 2']);

beforeAll(async () => {
  const { code, errors } = await runMain(
    'ids',
    'fit',
    shop,
    ...data('shop'),
    ...small,
    '--to',
    at('a.safetensors'),
    '--quiet',
  );
  expect([code, errors]).toEqual([0, '']);
});

describe('seqrec ids', () => {
  it('fits, and shows what was fitted', async () => {
    const { code, output } = await runMain('ids', 'show', at('a.safetensors'), '--to', at('codes.tsv'));
    expect(code).toBe(0);
    expect(output).toMatch(/items +24 of shop/);
    expect(output).toMatch(/vectors +lsa of title/);
    expect(output).toMatch(/tokenizer +residual-k-means, levels 2, codes 4/);
    expect(output).toMatch(/version +1, digest [0-9a-f]{12}/);
    const rows = readFileSync(at('codes.tsv'), 'utf8').trimEnd().split('\n');
    expect(rows[0]).toBe('item\tcode1\tcode2\tcode3');
    expect(new Set(rows.slice(1).map((row) => row.slice(row.indexOf('\t')))).size).toBe(24);
  });

  it('shows the codes of an item and who shares them', async () => {
    const { output } = await runMain('ids', 'show', at('a.safetensors'), '--item', 'i5');
    expect(output).toMatch(/^i5: \d+ \d+ \d+\nfirst 2 alike: .*\nfirst 1 alike: /);
    const { code, errors } = await runMain('ids', 'show', at('a.safetensors'), '--item', 'x');
    expect([code, errors]).toEqual([1, expect.stringContaining('expected an item of the ids; got "x"; they have 24')]);
  });

  it.each(['catalogue', 'training'] as const)(
    'fits to a %s without events of cold items, as a run does',
    async (to) => {
      const cold = ['--data.coldItems.share', '0.3', '--ids.fitTo', to, '--ids.vectors', '[{"kind":"behaviour"}]'];
      const { errors } = await runMain(
        'ids',
        'fit',
        shop,
        ...small,
        ...cold,
        '--to',
        at('cold.safetensors'),
        '--quiet',
      );
      expect(errors).toBe('');
      const columns = { user: 'user', item: 'item', time: 'timestamp' };
      const coldItems = { share: 0.3 };
      const config = dataConfigSchema().parse({
        format: 'csv',
        path: shop,
        columns,
        split: 'leave-last-out',
        coldItems,
      });
      const progress = new Progress({ quiet: true });
      const { split } = await prepareData(config, folder, progress);
      const tokenizer = { kind: 'residual-k-means', levels: 2, codes: 4 };
      await useBackend('auto');
      const ids = semanticIdsSchema().parse({ vectors: [{ kind: 'behaviour' }], fitTo: to, tokenizer });
      const { codes, items } = await fitIdsTo(split, ids, progress);
      expect(await readSemanticIds(at('cold.safetensors'))).toMatchObject({ codes, items });
    },
  );

  it('of behaviour are told where they are read under another split, and where a file does not say of which events', async () => {
    const file = at('behaviour.safetensors');
    const fit = ['ids', 'fit', shop, ...small, '--ids.vectors', '[{"kind":"behaviour"}]', '--to', file, '--quiet'];
    expect((await runMain(...fit)).errors).toBe('');
    const ids = await readSemanticIds(file);
    const trainOf = async (split: string) => {
      const columns = { user: 'user', item: 'item', time: 'timestamp' };
      const config = dataConfigSchema().parse({ format: 'csv', path: shop, columns, split });
      return (await prepareData(config, folder, new Progress({ quiet: true }))).split.train;
    };
    const [own, other] = [await trainOf('leave-last-out'), await trainOf('global-time')];
    expect(warnOfEvents(ids, own, file)).toEqual([]);
    expect(warnOfEvents(ids, other, file)).toEqual([
      expect.stringContaining('of behaviour, and not of the training events here, but of those of another split'),
    ]);
    expect(warnOfEvents({ ...ids, events: undefined }, own, file)).toEqual([
      expect.stringContaining('the file does not say of which events'),
    ]);
    expect(warnOfEvents(await readSemanticIds(at('a.safetensors')), other, file)).toEqual([]);
    const notes: string[] = [];
    const target = { isTTY: false, write: (text: string) => notes.push(text) > 0 };
    const columns = { user: 'user', item: 'item', time: 'timestamp' };
    const semanticIds = { path: file, name: 'codes', terms: 'prefixes' };
    const config = { format: 'csv', path: shop, columns, semanticIds };
    const read = async (split: string) =>
      prepareData(dataConfigSchema().parse({ ...config, split }), folder, new Progress({ target }));
    await read('leave-last-out');
    expect(notes.join('')).not.toContain('warning');
    await read('global-time');
    expect(notes.join('')).toContain(`warning: ${file}: its ids are made of behaviour`);
  });

  it('appends new items to a file of its own, old codes as they were', async () => {
    const args = ['--dataset', more, ...data('more'), '--to', at('b.safetensors'), '--quiet'];
    const { code, output } = await runMain('ids', 'append', at('a.safetensors'), ...args);
    expect([code, output]).toEqual([0, `${at('b.safetensors')}: version 2, 26 items, 2 of them new`]);
    await runMain('ids', 'show', at('b.safetensors'), '--to', at('more.tsv'));
    const [before, after] = ['codes.tsv', 'more.tsv'].map((name) =>
      readFileSync(at(name), 'utf8').trimEnd().split('\n'),
    );
    expect(after.slice(0, 25)).toEqual(before);
    expect(after).toHaveLength(27);
    const again = await runMain(
      'ids',
      'append',
      at('b.safetensors'),
      ...args.slice(0, -3),
      '--to',
      at('c.safetensors'),
    );
    expect([again.code, again.errors]).toEqual([
      1,
      expect.stringContaining('expected items of more that it does not have'),
    ]);
  });

  it('appends items of a month in which users have few events, and reads no split', async () => {
    const month = Array.from({ length: 24 }, (_, i) => `u${i >> 1},i${i + 2},${i}`);
    writeFileSync(at('month.csv'), ['user,item,timestamp', ...month].join('\n'));
    const args = ['--dataset', at('month.csv'), ...data('more'), '--quiet', '--to', at('month.safetensors')];
    const { errors, output } = await runMain('ids', 'append', at('a.safetensors'), ...args);
    expect([errors, output]).toEqual(['', `${at('month.safetensors')}: version 2, 26 items, 2 of them new`]);
    const split = await runMain('ids', 'append', at('a.safetensors'), ...args, '--data.split', 'train-test');
    expect(split).toMatchObject({ code: 2, errors: expect.stringContaining('unknown option --data.split') });
  });

  it('fits behaviour to the rows that were taken, and to no other', async () => {
    // Every item once first, so that they have the same places whatever is shown later.
    const first = titles.map((_, i) => `z${i >> 2},i${i},${i}`);
    const later = readFileSync(shop, 'utf8').trimEnd().split('\n').slice(1);
    const lines = [...first, ...later.map((line) => line.replace(/\d+$/, (time) => String(Number(time) + 24)))];
    const rows = lines.flatMap((line, e) => {
      const [user, , time] = line.split(',');
      const shown = Array.from({ length: 3 }, (_, s) => `${user},i${(5 * e + 11 * s) % 24},${time},0`);
      return e < 24 ? [`${line},1`, ...shown] : [...shown.slice(0, e % 3), `${line},1`, ...shown.slice(e % 3)];
    });
    const header = 'user,item,timestamp,click';
    writeFileSync(at('clicks.csv'), [header, ...lines.map((line) => `${line},1`)].join('\n'));
    writeFileSync(at('all.csv'), ['user,item,timestamp', ...lines].join('\n'));
    writeFileSync(at('log.csv'), [header, ...rows].join('\n'));
    const fit = (name: string, to: string, ...more: string[]) =>
      runMain(
        ...(['ids', 'fit', at(name), ...small, '--ids.vectors', '[{"kind":"behaviour","width":4}]'] as const),
        ...['--ids.fitTo', 'training', '--quiet', '--to', at(to), ...more],
      );
    const quarters = '{"kind":"rows-by-time","test":0.25,"validation":0.25}';
    const ofRows = ['--data.columns.click', 'number', '--data.labels', 'click', '--data.split', quarters];
    const taken = await fit('clicks.csv', 'clicks.safetensors', ...ofRows);
    expect(taken.errors).toBe('');
    expect((await fit('log.csv', 'log.safetensors', ...ofRows)).errors).toBe('');
    const drawn = ['--data.sampledNegatives.perPositive', '3', '--data.split', quarters];
    expect((await fit('all.csv', 'drawn.safetensors', ...drawn)).errors).toBe('');
    const of = async (name: string): Promise<object> => {
      const { items, codes } = await readSemanticIds(at(name));
      return Object.fromEntries(items.map((id, i) => [id, [...codes.values.subarray(3 * i, 3 * i + 3)]]));
    };
    const expected = await of('clicks.safetensors');
    expect(await of('log.safetensors')).toEqual(expected);
    expect(await of('drawn.safetensors')).toEqual(expected);
    const refused = await fit('shop.csv', 'none.safetensors', '--data.sampledNegatives.perPositive', '3');
    expect(refused).toMatchObject({ code: 1, errors: expect.stringContaining('expected rows that are all events') });
  });

  it('takes codes of a file, and refuses those of other items', async () => {
    const file = ['--ids.tokenizer.kind', 'file', '--ids.tokenizer.path', at('codes.tsv')];
    const { code, output } = await runMain(
      'ids',
      'fit',
      shop,
      ...data('shop'),
      ...file,
      '--to',
      at('d.safetensors'),
      '--quiet',
    );
    expect(code).toBe(0);
    expect(output).toMatch(/vectors +not read/);
    const other = await runMain('ids', 'fit', more, ...data('more'), ...file, '--to', at('e.safetensors'), '--quiet');
    expect([other.code, other.errors]).toEqual([
      1,
      expect.stringContaining('expected a vector for each of the 26 items'),
    ]);
  });

  it('counts the items that were appended, and not those without a training event', async () => {
    const cold = ['--data.coldItems.share', '0.3', '--ids.fitTo', 'training', '--to', at('t.safetensors'), '--quiet'];
    await runMain('ids', 'fit', shop, ...data('shop'), ...small, ...cold);
    expect((await runMain('ids', 'show', at('t.safetensors'))).output).toMatch(/of the 1\d items of the fit/);
    const args = ['--dataset', more, ...data('more'), '--to', at('t2.safetensors'), '--quiet'];
    const { output } = await runMain('ids', 'append', at('t.safetensors'), ...args);
    expect(output).toBe(`${at('t2.safetensors')}: version 2, 26 items, 2 of them new`);
  });

  it('takes vectors of a matrix by the ids of its rows, and does not guess them', async () => {
    const header = Buffer.from(`{'descr': '<f4', 'fortran_order': False, 'shape': (24, 1), }\n`, 'latin1');
    const length = Buffer.alloc(2);
    length.writeUInt16LE(header.length);
    const rows = new Uint8Array(Float32Array.from({ length: 24 }, (_, i) => 1 + i).buffer);
    writeFileSync(at('v.npy'), Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), length, header, rows]));
    const vectors = (more: object) => ['--ids.vectors', JSON.stringify([{ kind: 'file', path: at('v.npy'), ...more }])];
    const fit = (more: object) =>
      runMain('ids', 'fit', shop, ...data('shop'), ...small, ...vectors(more), '--to', at('f.safetensors'), '--quiet');
    const guessed = await fit({});
    expect(guessed.code).toBe(1);
    expect(guessed.errors).toContain('24 rows, none for the item i0, as they are taken to be the items 1, 2, 3, ...');
    writeFileSync(at('rows.txt'), `${titles.map((_, i) => `i${i}`).join('\n')}\n`);
    expect((await fit({ items: at('rows.txt') })).code).toBe(0);
    writeFileSync(at('twice.txt'), `i5\n${titles.map((_, i) => `i${i}`).join('\n')}\n`.replace('\ni23', ''));
    const twice = await fit({ items: at('twice.txt') });
    expect([twice.code, twice.errors]).toEqual([
      1,
      expect.stringContaining('twice.txt:7: expected distinct items; got "i5" twice; keep one row of each'),
    ]);
  });

  it('fits an autoencoder that knows of behaviour, says how, and appends items that have none', async () => {
    const tokenizer = (settings: object) =>
      Object.entries(settings).flatMap(([key, value]) => [`--ids.tokenizer.${key}`, String(value)]);
    const settings = {
      ...{ kind: 'rq-vae', levels: 2, codes: 4, hiddenSizes: '8', width: 3, epochs: 2, gradient: 'rotation' },
      ...{ reduction: 'mean', 'assignment.kind': 'sinkhorn', 'assignment.levels': 'all' },
      ...{ 'diversity.weight': 0.01, 'diversity.clusters': 2, 'collaborative.weight': 0.1 },
    };
    const fit = (more: object, to: string) =>
      runMain('ids', 'fit', shop, ...data('shop'), ...tokenizer({ ...settings, ...more }), '--to', at(to), '--quiet');
    const { code, output, errors } = await fit({}, 'l.safetensors');
    expect([code, errors]).toEqual([0, '']);
    expect(output).toMatch(
      /gradient rotation, .*assignment sinkhorn, assignment.epsilon 0.003, .*diversity.clusters 2, collaborative.weight 0.1, collaborative.vectors behaviour, /,
    );
    expect(output).toMatch(/missed by the decoder +[.\d]+ of the energy of the vectors/);
    const args = ['--dataset', more, ...data('more'), '--to', at('m.safetensors'), '--quiet'];
    expect(await runMain('ids', 'append', at('l.safetensors'), ...args)).toMatchObject({ code: 0, errors: '' });
    const wide = await fit({ 'collaborative.vectors.kind': 'file', 'collaborative.vectors.path': at('w.csv') }, 'n');
    expect(wide.code).toBeGreaterThan(0);
    writeFileSync(at('w.csv'), ['item,x', ...titles.map((_, i) => `i${i},${1 + i}`)].join('\n'));
    expect(
      (await fit({ 'collaborative.vectors.kind': 'file', 'collaborative.vectors.path': at('w.csv') }, 'n.safetensors'))
        .errors,
    ).toContain('expected vectors of 24 items, 3 wide as what is quantised; got 24, 1 wide');
  });

  it('appends items whose vectors are in another file, and nothing else may differ from the fit', async () => {
    const csv = (name: string, count: number): string => {
      const rows = Array.from({ length: count }, (_, i) => `i${i},${Math.cos(i)},${Math.sin(i)}`);
      writeFileSync(at(name), ['item,x,y', ...rows].join('\n'));
      return JSON.stringify([{ kind: 'file', path: at(name) }]);
    };
    const fitted = ['--ids.vectors', csv('v24.csv', 24), '--to', at('g.safetensors'), '--quiet'];
    expect((await runMain('ids', 'fit', shop, ...data('shop'), ...small, ...fitted)).code).toBe(0);
    const append = (...more26: string[]) =>
      runMain(
        'ids',
        'append',
        at('g.safetensors'),
        '--dataset',
        more,
        ...data('more'),
        ...more26,
        '--to',
        at('h.safetensors'),
      );
    expect((await append()).errors).toContain('expected a vector for each of the 26 items');
    expect(await append('--ids.vectors', csv('v26.csv', 26))).toMatchObject({ code: 0, errors: '' });
    const { output } = await runMain('ids', 'show', at('h.safetensors'));
    expect(output).toMatch(/items +26 of shop/);
    expect(output).toMatch(/figures below +of the 24 items of the fit/);
    const other = await append('--ids.tokenizer.codes', '5');
    expect(other).toMatchObject({ code: 2, errors: expect.stringContaining('expected the settings of the fit') });
  });

  it('writes a table of codes that is read again, whatever the ids, and JSON alone where that is asked for', async () => {
    const ids = ['"quoted"', 'tab\there', '6" pipe', 'a,b', ' lead', ...Array.from({ length: 40 }, (_, i) => `i${i}`)];
    const field = (id: string) => `"${id.replaceAll('"', '""')}"`;
    for (const [name, named] of [
      ['odd', ids],
      ['late', ids.slice(1).reverse()],
    ] as const) {
      const rows = named.flatMap((id, i) => [0, 1].map((e) => `u${(i + e) % 9},${field(id)},${2 * i + e}`));
      writeFileSync(at(`${name}.csv`), ['user,item,timestamp', ...rows].join('\n'));
      const fit = (to: string, kind: string, ...more: string[]) =>
        runMain('ids', 'fit', at(`${name}.csv`), '--to', at(to), '--quiet', '--ids.tokenizer.kind', kind, ...more);
      expect((await fit('q.safetensors', 'atomic')).errors).toBe('');
      const shown = await runMain('ids', 'show', at('q.safetensors'), '--json', '--to', at('q.tsv'));
      expect(JSON.parse(shown.output)).toMatchObject({ items: named.length });
      expect((await fit('r.safetensors', 'file', '--ids.tokenizer.path', at('q.tsv'))).errors).toBe('');
      await runMain('ids', 'show', at('r.safetensors'), '--to', at('r.tsv'));
      // Codes of a file have a counter behind them.
      const again = readFileSync(at('r.tsv'), 'utf8').replaceAll(/\t\w+$/gm, '');
      expect(again).toBe(readFileSync(at('q.tsv'), 'utf8'));
    }
  });

  it('writes over no file that it reads, whatever its path, nor over one of another kind', async () => {
    symlinkSync(at('a.safetensors'), at('link.safetensors'));
    const before = readFileSync(at('a.safetensors'));
    for (const to of [join(folder, '..', basename(folder), 'a.safetensors'), at('link.safetensors')]) {
      const appended = await runMain(
        'ids',
        'append',
        at('a.safetensors'),
        '--dataset',
        more,
        ...data('more'),
        '--to',
        to,
      );
      expect(appended.errors).toContain('seqrec ids append: expected --to, another file than the one that is read');
      const shown = await runMain('ids', 'show', at('a.safetensors'), '--to', to);
      expect(shown.errors).toContain('seqrec ids show: expected --to, another file than the one that is read');
    }
    const other = await runMain('ids', 'show', at('a.safetensors'), '--to', shop);
    expect(other.errors).toContain('it is there, and only files that end in .tsv are replaced');
    expect(readFileSync(at('a.safetensors'))).toEqual(before);
  });

  it('takes ids that look like numbers as they are', async () => {
    const rows = Array.from({ length: 60 }, (_, e) => `u${e % 10},${['42', '0042', '1e3', '-7'][(e * 7) % 4]},${e}`);
    writeFileSync(at('numbers.csv'), ['user,item,timestamp', ...rows].join('\n'));
    const random = ['--ids.tokenizer.kind', 'random', '--ids.tokenizer.levels', '1', '--ids.tokenizer.codes', '4'];
    const { errors } = await runMain('ids', 'fit', at('numbers.csv'), ...random, '--to', at('i.safetensors'));
    expect(errors).not.toContain('error');
    for (const item of ['42', '0042', '1e3', '-7']) {
      const { output } = await runMain('ids', 'show', at('i.safetensors'), '--item', item);
      expect(output.split(': ')[0]).toBe(item);
    }
  });

  it.each([
    [['ids', 'melt', shop], 'seqrec ids: expected fit, show or append; got "melt"'],
    [['ids', 'fit', shop, '--model.embeddingDim', '4'], 'seqrec ids: unknown option --model.embeddingDim'],
    [
      ['ids', 'append', at('a.safetensors'), '--to', at('x')],
      'expected --dataset, the data with the new items; got none',
    ],
    [
      ['ids', 'append', at('a.safetensors'), '--dataset', more, '--to', at('a.safetensors')],
      'expected --to, another file than the one that is read',
    ],
    [['ids', 'fit', shop, '--ids.tokenizer.levels', '0'], '--ids.tokenizer.levels'],
    [
      ['ids', 'fit', shop, '--ids.tokenizer.kind', 'rq-vae', '--ids.tokenizer.gradient', 'gumbel'],
      '--ids.tokenizer.gradient',
    ],
    [['ids', 'fit', shop, '--item', 'i1'], '--item: expected it of ids show; got it of ids fit'],
    [
      ['ids', 'show', at('a.safetensors'), '--dataset', more],
      '--dataset: expected it of ids append; got it of ids show',
    ],
    [['ids', 'show', at('a.safetensors'), '--item', 'i1', '--json'], 'expected --item or --json; got both'],
    [['ids', 'fit', shop, '--to', folder], 'it is a folder, name a file in it'],
  ])('says what is wrong with %j', async (argv, message) => {
    const { code, errors } = await runMain(...argv);
    expect([code > 0, errors]).toEqual([true, expect.stringContaining(message)]);
  });
});
