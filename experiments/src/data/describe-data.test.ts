import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { main } from '../main.ts';
import { Progress } from '../terminal/progress.ts';
import { runMain } from '../testing/run-main.ts';
import { describeData, renderData } from './describe-data.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-data-'));
const progress = new Progress({ quiet: true });

/** Eight users who take five of six items in turn, a minute apart. */
function writeTable(name: string, time: (user: number, event: number) => string): string {
  const rows = Array.from({ length: 40 }, (_, i) => {
    const [user, event] = [Math.floor(i / 5), i % 5];
    return `u${user},i${(user + event) % 6},${time(user, event)}`;
  });
  const file = join(folder, name);
  writeFileSync(file, `who,what,when\n${rows.join('\n')}\n`);
  return file;
}

const columns = { user: 'who', item: 'what', time: 'when' };
const seconds = (user: number, event: number) => String(1_600_000_000 + user * 7 + event * 60);

test('a file of one`s own is described under every split', async () => {
  const summaries = await describeData({
    dataset: writeTable('good.csv', seconds),
    download: false,
    lenient: false,
    columns,
    progress,
  });
  expect(summaries.map((summary) => summary.split)).toEqual([
    ...['leave-last-out', 'train-test', 'global-time', 'by-user', 'random', 'rows-by-time'],
  ]);
  expect(summaries[0].statistics).toMatchObject({ users: 8, items: 6, events: 40 });
  expect(summaries[0].examples).toEqual({ train: 8, validation: 8, test: 8 });
  const shown = renderData(summaries);
  expect(shown).toContain('4-7 │████████████████████████████████████████ 8');
  expect(shown).toContain(summaries[0].digest);
  expect(shown).toContain('Split train-test: 8 train, 8 test examples');
  expect(shown).toContain('there is no validation part');
});

/** `seqrec data`, with what it printed. */
const seqrecData = (...argv: string[]) => runMain('data', ...argv, '--quiet');

test('columns beside data whose layout is known are refused', async () => {
  const file = writeTable('known.csv', seconds);
  for (const asked of [['ml-100k'], [file, '--data.format', 'files']]) {
    const { code, errors } = await seqrecData(...asked, '--user', 'who', '--time', 'when');
    expect(code).toBe(2);
    expect(errors).toContain(
      `seqrec data: --user, --time: expected a table or a query, whose columns have to be named; got ${asked[0]}, whose layout is known`,
    );
  }
});

test('cold items are taken out of the events of sequences, and of the rows of a ranker', async () => {
  const cold = ['--user', 'who', '--item', 'what', '--time', 'when', '--data.coldItems.share', '0.4'];
  const { output } = await seqrecData(writeTable('cold.csv', seconds), ...cold);
  expect(output).toContain('Took the events of 2 cold items out of training (a share of 0.4, seed 1)');
  expect(output).toContain('Split global-time: not possible\n  withColdItems: expected the split leave-last-out or');
  expect(output).toContain(
    '11 training and 2 validation rows of 2 cold items (a share of 0.4, seed 1) are left out; 1 test rows are of them',
  );
  const window = await seqrecData(join(folder, 'cold.csv'), ...cold, '--window', 'control', '--max-length', '2');
  expect(window.output).toMatch(/users with a longer history +0 of 7 /);
});

test('an early cut by time has a validation part that is named, or none', async () => {
  const options = ['--user', 'who', '--item', 'what', '--time', 'when', '--data.split.quantile', '0.4'];
  const split = async (...more: string[]) =>
    JSON.parse((await seqrecData(writeTable('early.csv', seconds), ...options, ...more, '--json')).output)[0].examples;
  expect(Object.keys(await split('--data.split.validation', 'none'))).toEqual(['train', 'test']);
  expect(Object.keys(await split('--data.split.validationQuantile', '0.3'))).toEqual(['train', 'validation', 'test']);
});

test('rows of label 0 and labels of teachers are there, as a ranker has them', async () => {
  const options = ['--user', 'who', '--item', 'what', '--time', 'when', '--data.split', 'random'];
  const file = writeTable('labelled.csv', seconds);
  const { output } = await seqrecData(file, ...options, '--data.sampledNegatives.perPositive', '1');
  expect(output).toContain('Each of 40 events as a row of label 1, with 1 rows of label 0');
  expect(output).toContain('Split random: 64 train, 8 validation, 8 test examples');
  // The statistics are of what happened, and no sequence is made of what did not.
  expect(output).toMatch(/^ +events +40$/m);
  const sequences = await seqrecData(file, ...options.with(-1, 'by-user'), '--data.sampledNegatives.perPositive', '1');
  expect(sequences.output).toContain('Split by-user: not possible\n  byUser: expected rows that are all events');
  const teachers = JSON.stringify([{ path: join(folder, 'no-store') }]);
  expect((await seqrecData(file, ...options, '--data.teacherLabels', teachers)).errors).toContain('no-store');
});

test('a split that cannot be made says why, and the rest is shown', async () => {
  // Three events a user: enough for train-test alone, and there are no times.
  const file = join(folder, 'short.csv');
  writeFileSync(file, `user,item\n${['a,x', 'a,y', 'a,z', 'b,x', 'b,z', 'b,y'].join('\n')}\n`);
  const { code, output } = await seqrecData(file, '--time', 'none');
  expect(code).toBe(0);
  expect(output).toContain('times                                  none, events are in the order of the file');
  expect(output).toContain(
    'Split leave-last-out: not possible\n  leave-last-out: expected users with at least 4 events; got none among the 2 users of short',
  );
  expect(output).toContain('Split train-test: 2 train, 2 test examples');
  expect(output).toContain(
    'Split global-time: not possible\n  globalTime: expected times; got none in short; name the column of the times (--data.columns.time)',
  );
});

test('filters and one split can be chosen', async () => {
  const table = writeTable('chosen.csv', seconds);
  const columns = ['--user', 'who', '--item', 'what', '--time', 'when'];
  const { output } = await seqrecData(table, ...columns, '--data.split', 'train-test', '--data.kCore', '2');
  expect(output.match(/^Split .*:/gm)).toEqual(['Split train-test:']);
  expect(output).toContain('Kept users with 2 and items with 2 events or more');
});

test('rows that were shown: what a ranker learns from, a random split, and a column that tells the label', async () => {
  const rows = Array.from({ length: 400 }, (_, k) => {
    const click = (k * 7919) % 13 < 4 ? 1 : 0;
    const request = Math.floor(k / 4);
    return `u${request % 7},i${k % 11},${1_600_000_000 + 60 * request},p${request},${click},${click === 1 ? 9 : ''}`;
  });
  const file = join(folder, 'shown.csv');
  writeFileSync(file, `user,item,timestamp,page,click,dwell\n${rows.join('\n')}\n`);
  const columns = ['--data.columns.page', 'id', '--data.columns.click', 'number', '--data.columns.dwell', 'number'];
  const shown = [file, ...columns, '--data.request', 'page', '--data.labels', '["click"]'];
  const all = (await seqrecData(...shown)).output;
  expect(all.match(/^Split [^:]*/gm)).toEqual(
    ['leave-last-out', 'train-test', 'global-time', 'by-user', 'random', 'rows-by-time'].map((name) => `Split ${name}`),
  );
  expect(all).toMatch(
    /impressions, one a row shown +400\n +impressions, requests +100\n +impressions, click above 0 +124\n/,
  );
  expect(all).toMatch(
    /impressions without a history before the request +\d+\n +impressions, events of the history, mean +\d/,
  );
  const split = ['--data.split.kind', 'random', '--data.split.test', '0.2', '--data.split.seed', '5'];
  const { code, output } = await seqrecData(...shown, ...split, '--data.split.maxHistory', '3');
  expect(code).toBe(0);
  expect(output).toContain('Split random: 280 train, 40 validation, 80 test examples');
  expect(output).toContain("a history is the latest 3 of its user's events with click above 0");
  expect(output).toContain('warning: the column dwell of events alone predicts click with an AUC of 1.0000');
  const { examples, steps } = JSON.parse((await seqrecData(...shown, ...split, '--json')).output)[0];
  expect(examples).toEqual({ train: 280, validation: 40, test: 80 });
  expect(steps.at(-1)).toBe(
    'random: of 100 requests 70 (280 rows) train, 10 (40 rows) validate and 20 (80 rows) test (seed 5), the rows of a request ' +
      "stay together; a history is its user's events with click above 0 strictly before the request, those of the training part alone.",
  );
  const declared = (await seqrecData(...shown, ...split, '--data.after', '["dwell"]')).output;
  expect(declared).toMatch(/^events +dwell +number +after/m);
  expect(declared).toContain('ok: 0 columns alone predict click');
  const refused = await runMain('train', 'csv/hstu', '--data.path', file, '--data.split', 'random', '--quiet');
  expect(refused.errors).toContain(
    'data.split: expected a split into sequences of users, which the models train on; got random, whose examples are rows for a ranker; use leave-last-out',
  );
});

test('a label from a column: what it is made of, and both splits of rows with what is in each part', async () => {
  // Stars 1 to 5, and none for every eleventh: 1 and 2 are negative, 4 and 5 positive.
  const rows = Array.from({ length: 440 }, (_, k) => {
    const stars = k % 11 === 0 ? '' : 1 + ((k * 7) % 5);
    return `u${k % 7},i${k % 13},${1_600_000_000 + 60 * k},${stars}`;
  });
  const file = join(folder, 'stars.csv');
  writeFileSync(file, `user,item,timestamp,stars\n${rows.join('\n')}\n`);
  const label = ['--data.label.column', 'stars', '--data.label.positiveAbove', '3', '--data.label.negativeBelow', '3'];
  const { code, output, errors } = await seqrecData(file, '--data.columns.stars', 'number', ...label);
  expect([code, errors]).toEqual([0, '']);
  expect(output).toMatch(/^events +stars +number +label source/m);
  expect(output).toMatch(/^events +label +number +label +0 to 1/m);
  expect(output).toContain(
    'Made the label label of stars: 1 above 3 (160 rows), 0 below 3 (160 rows); left out 80 rows between and 40 without a value: 120 events',
  );
  const [random, byTime] = ['random', 'rows-by-time'].map((name) => output.split(`Split ${name}: `)[1]);
  expect(random).toMatch(
    /^256 train, 32 validation, 32 test examples\n {2}part +rows +label above 0 +share +users +items/,
  );
  expect(byTime).toMatch(
    /^256 train, 32 validation, 32 test examples\n {2}part +rows +label above 0 +share +users +items/,
  );
  expect(byTime).toMatch(/\n {2}train +256 +128 +50\.00 % +7 +13\n/);
  expect(byTime).toContain('rows-by-time: 256 rows before 2020-09-13T18:');
  const [{ parts }] = JSON.parse(
    (
      await seqrecData(
        ...[file, '--data.columns.stars', 'number', ...label, '--data.label.name', 'liked'],
        ...['--data.split.kind', 'rows-by-time', '--data.split.validation', '0', '--data.split.test', '0.5', '--json'],
      )
    ).output,
  );
  expect(parts).toEqual([
    { name: 'train', rows: 160, label: 'liked', positives: 80, users: 7, items: 13 },
    { name: 'test', rows: 160, label: 'liked', positives: 80, users: 7, items: 13 },
  ]);
  const wrong = await seqrecData(file, ...label.with(5, '4'));
  expect([wrong.code, wrong.errors]).toEqual([
    2,
    expect.stringContaining('--data.label.negativeBelow: expected a number of at most positiveAbove; got 4'),
  ]);
  const half = await seqrecData(file, ...label.slice(0, 2));
  expect(half.errors).toContain('--data.label.positiveAbove: expected a number; got nothing');
  const none = await seqrecData(file, '--data.columns.stars', 'number', ...label.with(1, 'star'));
  expect(none.errors).toContain('expected a column of the events of stars; got "star"; did you mean stars?');
});

test('a folder in the layout of FuxiCTR is known by its files, and its parts are the split', async () => {
  const path = join(folder, 'fuxi');
  mkdirSync(path);
  for (const [name, rows] of Object.entries({ train: 40, valid: 10, test: 5 })) {
    const lines = Array.from({ length: rows }, (_, k) => `${k % 2},${k % 3},c${k % 5},${k / 4}`);
    writeFileSync(join(path, `${name}.csv`), `clk,who,C1,price\n${lines.join('\n')}\n`);
  }
  const { code, output } = await seqrecData(path, '--data.labels', '["clk"]', '--data.columns.price', 'number');
  expect(code).toBe(0);
  expect(output.match(/^Split .*/gm)).toEqual([
    'Split given: 40 train, 10 validation, 5 test examples',
    'Split random: 43 train, 6 validation, 6 test examples',
  ]);
  expect(output).toMatch(/^events +clk +number +label/m);
  expect(output).toMatch(/^events +C1 +id +5/m);
  expect(output).toMatch(/^events +price +number/m);
  expect(output).toMatch(/^events +part +id +part +3/m);
  expect(output).toContain('given: the parts of the data, 40 rows train, 10 validate and 5 test');
  const named = await seqrecData(path, '--data.format', 'fuxictr', '--data.labels', '["clk"]', '--user', 'who');
  expect(named.output).toMatch(/^ +users +3$/m);
  const wrong = await seqrecData(path, '--data.labels', '["click"]');
  expect([wrong.code, wrong.errors]).toEqual([1, expect.stringContaining('expected a field of the header for labels')]);
});

test('a file .dat is read: a table by its columns, a published one by its name', async () => {
  const table = join(folder, 'log.dat');
  writeFileSync(table, `user;item;timestamp\n${[1, 2, 3, 4].map((n) => `a;x${n};${n}`).join('\n')}\n`);
  expect((await seqrecData(table)).output).toContain('Read 4 events of 1 users from log.dat');
  const published = join(folder, 'ratings.dat');
  writeFileSync(published, [1, 2, 3, 4].map((n) => `7::${n}::5::${n}`).join('\n'));
  expect((await seqrecData(published)).output).toContain('double-colon layout of MovieLens (ratings.dat)');
  // Somebody's own, without a header.
  const { output } = await seqrecData(
    ...[published, '--data.format', 'csv', '--data.header', 'false', '--user', '0', '--item', '1', '--time', '3'],
  );
  expect(output).toContain('Read 4 events of 1 users from ratings.dat; the corpus is the 4 items that occur');
});

test('encoding, quote and ties are options, and stand in the processing', async () => {
  const file = join(folder, 'old.csv');
  const rows = [1, 2, 3, 4].flatMap((n) => [`zo\u00eb,5" disk ${n},7`, `bob,x${n},${n}`]);
  writeFileSync(file, Buffer.from(`user,item,timestamp\n${rows.join('\n')}\n`, 'latin1'));
  const strict = await seqrecData(file);
  expect(strict.code).toBe(1);
  expect(strict.errors).toContain('old.csv:2: expected quotes around whole fields');
  expect(strict.errors).toContain('set quote: false (--data.quote none) if quotes are ordinary characters');
  const utf8 = await seqrecData(file, '--data.quote', 'none');
  expect(utf8.errors).toContain("set encoding: 'latin1' (--data.encoding latin1) if the file is older than UTF-8");
  const read = await seqrecData(file, '--data.quote=none', '--data.encoding=latin1', '--data.ties=shuffle:7');
  expect(read.output).toContain('from old.csv, in latin1, quotes as ordinary characters; the corpus');
  expect(read.output).toContain('ties are shuffled with seed 7');
  const digest = (output: string) => /digest +(\w+)/.exec(output)?.[1];
  const again = await seqrecData(file, '--data.quote=none', '--data.encoding=latin1', '--data.ties=shuffle:8');
  expect(digest(again.output)).not.toBe(digest(read.output));
});

test.each([
  [['--data.ties', 'random'], '--data.ties: expected file-order, shuffle:SEED or by-item:SEED; got the text "random"'],
  [['--data.quote', 'xx'], '--data.quote: expected one character, or none; got the text "xx"'],
  [['--data.encoding', 'koi8'], '--data.encoding: expected one of "utf8", "latin1"; got the text "koi8"'],
  [['--time', 'none', '--data.ties', 'by-item:1'], 'data.ties: expected file-order without a time column; got by-item'],
  [['--time', 'none', '--data.ties', 'shuffle:1'], 'data.ties: expected file-order without a time column; got shuffle'],
  [['--data.rowNumberAsTime', 'true'], 'seqrec data: unknown option --data.rowNumberAsTime'],
  [['--data.heldOut.share', '0.1'], 'seqrec data: unknown option --data.heldOut.share; it takes the keys of data'],
  [['--data.userVectors.path', 'x'], 'seqrec data: unknown option --data.userVectors.path'],
  [
    ['--data.split.kind', 'global-time', '--data.split.quantile', '0.4'],
    '--data.split.validationQuantile: expected it or validation none where quantile is at most 0.5; got nothing',
  ],
  [
    ['--data.split.quantile', '0.8', '--data.split.validationQuantile', '0.9'],
    '--data.split.validationQuantile: expected a share above 0 and below quantile; got 0.9',
  ],
  [
    ['--data.split.quantile', '0.8', '--data.split.seed', '3'],
    "--data.split.seed: expected it with target 'random' alone; got 3",
  ],
  [
    ['--data.split.kind', 'last-rows', '--data.split.by', 'time', '--data.split.seed', '3'],
    "--data.split.seed: expected it with by 'user' alone; got 3",
  ],
  [
    ['--data.split.validation', 'none', '--data.split.validationQuantile', '0.8'],
    '--data.split.validationQuantile: expected it with a validation part alone, and validation is none; got 0.8',
  ],
  [
    ['--data.columns.price.kind', 'number', '--data.columns.price.distinct', 'true'],
    '--data.columns.price.distinct: expected it of the kind ids alone, not of number; got true',
  ],
  [
    ['--data.columns.tag.kind', 'id', '--data.columns.tag.separator', ','],
    '--data.columns.tag.separator: expected it of the kind ids or number alone, not of id; got the text ","',
  ],
  [['--data.labels', '["when", "when"]'], '--data.labels: expected each label once; got ["when","when"]'],
  [['--data.header', 'false'], 'data.columns.user: expected a position, as header is false; got "who"'],
  [['--model.kind', 'hstu'], 'seqrec data: unknown option --model.kind'],
])('%j is refused', async (argv, message) => {
  const columns = ['--user', 'who', '--item', 'what', ...(argv.includes('--time') ? [] : ['--time', 'when'])];
  const { code, errors } = await seqrecData(writeTable('refused.csv', seconds), ...columns, ...argv);
  expect(errors).toContain(message);
  expect(code).toBe(2);
});

test('lenient reading of a published layout counts rows, and does not check the published size', async () => {
  const name = join(folder, 'ml-100k');
  mkdirSync(name);
  writeFileSync(join(name, 'u.data'), `${[1, 2, 3, 4].map((n) => `7\t${n}\t5\t${n}`).join('\n')}\n7\t9\tmany\t9\n`);
  const strict = await seqrecData('ml-100k', '--data', folder);
  expect(strict.errors).toContain('u.data:5: expected a rating such as 4 or 3.5; got "many"');
  expect(strict.errors).toContain('lenient: true (--data.lenient true) skips and counts such rows');
  const lenient = await seqrecData('ml-100k', '--data', folder, '--lenient');
  expect(lenient.output).toContain('1 corrupt rows were skipped');
});

test('dates without a time unit are an error that says which option reads them', async () => {
  const dataset = writeTable('dates.csv', (user, event) => `2024-01-0${1 + (user % 9)}T00:0${event}:00Z`);
  const request = { dataset, download: false, lenient: false, columns, progress };
  await expect(describeData(request)).rejects.toThrow('dates.csv:2: expected seconds since 1970');
  await expect(describeData(request)).rejects.toThrow("set timeUnit: 'iso'");
  expect((await describeData({ ...request, timeUnit: 'iso' }))[0].statistics.from).toBe('2024-01-01');
});

test('cut-offs above the size of the catalogue are refused before training, and nothing is left behind', async () => {
  const out = join(folder, 'runs');
  const errors: string[] = [];
  const spy = vi.spyOn(console, 'error').mockImplementation((text) => void errors.push(text));
  const given = [
    '--data.path',
    writeTable('small.csv', seconds),
    '--data.columns.user',
    'who',
    '--data.columns.item',
    'what',
    '--data.columns.time',
    'when',
  ];
  const code = await main([
    'train',
    'csv/sasrec',
    ...given,
    '--data.kCore',
    '1',
    '--out',
    out,
    '--quiet',
    '--backend',
    'cpu',
  ]);
  spy.mockRestore();
  expect(errors[0]).toContain(
    'evaluation.ks: expected cut-offs of at most 6, the number of items to choose from; got 50',
  );
  expect(code).toBe(2);
  expect(existsSync(out)).toBe(false);
});

// Needs the published file, which is not part of the repository.
test.skipIf(!process.env.SEQREC_DATA)('ML-100K has its published size', async () => {
  const [summary] = await describeData({ dataset: 'ml-100k', download: false, lenient: false, columns: {}, progress });
  expect(summary.statistics).toMatchObject({ users: 943, items: 1682, events: 100_000 });
});
