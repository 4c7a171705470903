import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itInFull } from '../../../../test/part.ts';
import { codedShop, writeShop } from '../../testing/coded-shop.ts';
import { runMain } from '../../testing/run-main.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-language-'));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const shop = codedShop(folder);
const config = {
  ...shop,
  data: { ...shop.data, items: { ...shop.data.items, columns: { title: 'text', kind: 'id' }, title: 'title' } },
  task: {
    ...shop.task,
    language: {
      tasks: { retrieve: 1, masked: 0.25, preferred: 0.25, toTitle: 0.25, fromTitle: 0.25, toAttributes: 0.25 },
    },
  },
};
const runs = at('runs');
const train = (...more: string[]) => runMain('train', '--config', at('shop.yaml'), '--out', runs, '--quiet', ...more);
/** The run that a command makes, which must work. Two of one second are told apart by nothing in their names. */
async function made(command: () => ReturnType<typeof runMain>): Promise<string> {
  const before = existsSync(runs) ? readdirSync(runs) : [];
  const { code, errors } = await command();
  expect([code, errors]).toEqual([0, '']);
  return readdirSync(runs).find((each) => !before.includes(each))!;
}
const metricsOf = (id: string) =>
  JSON.parse(readFileSync(join(runs, id, 'results.json'), 'utf8')).final.metrics as Record<string, number>;
let run = '';

beforeAll(async () => {
  writeShop(folder);
  writeFileSync(at('shop.yaml'), JSON.stringify(config));
  run = await made(() => train());
});

describe('a run of words and codes', () => {
  it('learns, is evaluated again with the same ranks, and recommends', async () => {
    expect(metricsOf(run)['HR@10']).toBeGreaterThan(0.8);
    const again = await runMain('evaluate', run, '--out', runs, '--json', '--quiet');
    expect(again.errors).toBe('');
    expect(JSON.parse(again.output).metrics).toEqual(metricsOf(run));
    const { output } = await runMain('recommend', run, '--out', runs, '--history', 'i3,i4,i5', '-k', '3');
    expect(output).toContain('score: log-probability of the codes');
    expect(output).toMatch(/1 +-\d\.\d{4} +\d \d \d+ +i\d+ +green lip balm/m);
  });

  it('writes titles of items and finds items by words', async () => {
    const ask = (...more: string[]) => runMain('titles', run, '--out', runs, '--threads', '1', ...more);
    const figures = JSON.parse((await ask('--json')).output);
    expect(figures).toMatchObject({ items: 24, exact: 0 });
    // The number of each title is a rare word: two words of three, the colour and the kind of two words of four.
    expect(figures.limit).toBeCloseTo(6 / 7, 9);
    expect(figures.F1).toBeGreaterThan(0.5);
    expect(figures.F1).toBeLessThanOrEqual(figures.limit);
    expect(figures['HR@10']).toBeGreaterThan(0.8);
    expect((await ask()).output).toContain('limit of F1  0.8571  were all words right and rare ones left out');
    const found = await ask('--find', 'Green lip balm 2!', '-k', '3', '--json');
    const { read, items } = JSON.parse(found.output);
    expect(read).toBe('green lip balm …');
    expect(items).toHaveLength(3);
    expect(items[0].title).toMatch(/green lip balm/);
    expect(JSON.parse((await ask('--of', 'i2,blue nail polish 13', '-k', '2', '--json')).output)).toMatchObject([
      { item: 'i2', title: 'green hair oil 2', written: [{ text: expect.stringMatching(/hair oil/) }, {}] },
      { item: 'i13', written: [{}, {}] },
    ]);
    expect((await ask('--of', 'i2')).output).toMatch(/i2 +green hair oil 2 +1 +-\d\.\d{4} /);
    for (const [options, message] of [
      [['--of', 'i2', '--find', 'lip'], 'expected --of or --find, or neither; got both'],
      [['--of', 'i2', '--sample', '9'], '--sample: expected it without --of or --find'],
      [['--find', 'lip', '--seed', '2'], '--seed: expected it without --of or --find'],
      [['-k', '3'], '--k: expected it with --of or --find'],
      [['--of', 'i99'], '--of: expected ids or titles of items of shop'],
      [['--find', 'a', '--length-penalty', '1'], '--length-penalty: expected it without --find'],
      [['--find', '!?'], '--find: expected words of a title; got "!?"'],
    ] as const)
      expect((await ask(...options)).errors).toContain(message);
  });

  it('is resumed as if it had not been stopped', async () => {
    const first = await made(() => train('--training.epochs', '15'));
    const more = await runMain('train', '--resume', first, '--out', runs, '--quiet', '--training.epochs', '30');
    expect(more.errors).toBe('');
    const weights = (id: string) => readFileSync(join(runs, id, 'checkpoints', 'last.safetensors'));
    expect(weights(first).equals(weights(run))).toBe(true);
  });

  itInFull('is learned first without retrieval, then retrieves from few histories, from these weights', async () => {
    const first = await made(() => train('--task.language.tasks.retrieve', '0'));
    writeFileSync(at('second.yaml'), JSON.stringify({ ...config, task: { ...config.task, ids: undefined } }));
    const on = (...more: string[]) =>
      made(() =>
        runMain(
          ...['train', '--config', at('second.yaml'), '--out', runs, '--quiet'],
          ...['--task.idsFile', join(runs, first, 'ids.safetensors')],
          ...['--task.language.tasks', '{"retrieve":1}', '--task.language.histories', '6'],
          ...['--training.epochs', '5', '--training.evaluateEvery', '5'],
          ...more,
        ),
      );
    const [tuned, fresh] = [await on('--from', join(runs, first, 'checkpoints', 'last.safetensors')), await on()];
    expect(metricsOf(tuned)['NDCG@10']).toBeGreaterThan(metricsOf(fresh)['NDCG@10']);
    const untold = await runMain('titles', tuned, '--out', runs);
    expect(untold.errors).toContain('expected a run with task.language.tasks.toTitle above 0; got one that has not');
    // Six users in batches of eight: a step an epoch.
    const steps = readFileSync(join(runs, tuned, 'metrics.jsonl'), 'utf8').match(/"type":"step"/g);
    expect(steps).toHaveLength(5);
  });

  it.each([
    [['--task.language.histories', '41'], 'language.histories: expected at most the 40 users of training; got 41'],
    [['--task.language.tasks', '{"retrieve":0}'], 'expected a weight above 0 for one of the tasks'],
    [['--task.language.tasks.title', '1'], 'task.language.tasks'],
  ])('is refused with %s', async (options, message) => {
    const before = readdirSync(runs).length;
    const { code, errors } = await train(...options);
    expect(code).not.toBe(0);
    expect(errors).toContain(message);
    expect(readdirSync(runs).length).toBe(before);
  });
});
