import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itInFull } from '../../../../test/part.ts';
import { codedShop, writeShop } from '../../testing/coded-shop.ts';
import { runMain } from '../../testing/run-main.ts';
import { openRunDir } from '../folder/run-dir.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-hybrid-'));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const shop = codedShop(folder);
const config = {
  ...shop,
  task: { ...shop.task, dense: { vectors: 'both', width: 8, after: 0, temperature: 0.1 } },
  training: { ...shop.training, epochs: 20, evaluateEvery: 10 },
};
const runs = at('runs');
const train = (...more: string[]) => runMain('train', '--config', at('hybrid.yaml'), '--out', runs, '--quiet', ...more);
const newest = (): string => openRunDir(runs, 'latest').id;
const on = (...more: string[]) =>
  runMain('evaluate', run, '--out', runs, '--json', '--quiet', '--baselines', 'none', ...more);
let run = '';

beforeAll(async () => {
  // Nobody has the last item but one user, at the end: no training event.
  writeShop(folder, { numbered: false, last: 'icold' });
  writeFileSync(at('hybrid.yaml'), JSON.stringify(config));
  const { code, errors } = await train();
  expect([code, errors]).toEqual([0, '']);
  run = newest();
});

describe('a run of codes and vectors', () => {
  it('learns, says how items were ranked, and is evaluated again with the same ranks', async () => {
    const results = JSON.parse(readFileSync(join(runs, run, 'results.json'), 'utf8'));
    expect(results.final.metrics['HR@10']).toBeGreaterThan(0.8);
    expect(results.definitions.join(' ')).toContain('that of the item by its vector, made at the end of the history');
    expect(results.samples[0]).toMatchObject({ similarity: 'mixed' });
    const again = await on();
    expect(again.errors).toBe('');
    expect(JSON.parse(again.output).metrics).toEqual(results.final.metrics);
  });

  it('is ranked by codes, by vectors, and by all items, as asked', async () => {
    const [codes, vectors, few] = [
      await on('--task.dense.mix', '1'),
      await on('--task.dense.levels', '0', '--task.dense.mix', '0', '--task.beams', '1'),
      await on('--task.dense.levels', '1', '--task.beams', '5'),
    ];
    expect(JSON.parse(codes.output).definition.join(' ')).toContain(
      "sum of the log-probabilities of an item's 3 codes",
    );
    expect(vectors.errors).toBe('');
    expect(JSON.parse(vectors.output).metrics['HR@10']).toBeGreaterThan(0.8);
    expect(few.errors).toContain('expected at least as many as the largest cut-off, 10; got 5');
    const wrong = await on('--task.dense.levels', '0', '--task.dense.mix', '1');
    expect(wrong.errors).toContain('expected all with mix 1, by which items of one prefix are equal; got 0');
    const other = await on('--task.dense.width', '4');
    expect(other.errors).toContain('--task.dense.width: expected one of');
  });

  it('recommends items with their mixed scores', async () => {
    const { output } = await runMain('recommend', run, '--out', runs, '--history', 'i3,i4,i5', '-k', '3');
    expect(output).toContain('score: log-probabilities of the codes and of the vector, mixed');
    expect(output).toMatch(/1 +-\d+\.\d{4} +\d \d \d+ +i6$/m);
  });

  itInFull('is exported with its vectors, and resumed as if it had not been stopped', async () => {
    const results = JSON.parse(readFileSync(join(runs, run, 'results.json'), 'utf8'));
    const exported = await runMain('export', run, '--out', runs, '--to', at('w.safetensors'));
    expect([exported.code, exported.errors]).toEqual([0, '']);
    const { ids: _, ...task } = config.task;
    const stored = { ...task, idsFile: join(runs, run, 'ids.safetensors') };
    writeFileSync(at('again.yaml'), JSON.stringify({ ...config, task: stored }));
    const weights = await runMain(
      ...['evaluate', '--from', at('w.safetensors'), '--config', at('again.yaml'), '--json', '--quiet'],
    );
    expect(weights.errors).toBe('');
    expect(JSON.parse(weights.output).metrics).toEqual(results.final.metrics);
    const half = await train('--training.epochs', '10');
    expect(half.errors).toBe('');
    const first = newest();
    const more = await runMain('train', '--resume', first, '--out', runs, '--quiet', '--training.epochs', '20');
    expect(more.errors).toBe('');
    const file = (id: string) => readFileSync(join(runs, id, 'checkpoints', 'last.safetensors'));
    expect(file(first).equals(file(run))).toBe(true);
  });

  it('is resumed without the file of its vectors, which its checkpoint has', async () => {
    const items = [...Array.from({ length: 24 }, (_, i) => `i${i}`), 'icold'];
    const rows = items.map((item, i) => [item, ...[1, 2, 3, 5].map((by) => Math.sin(i * by))].join(','));
    writeFileSync(at('vectors.csv'), ['item,a,b,c,d', ...rows].join('\n'));
    const ids = { ...config.task.ids, vectors: [{ kind: 'file', path: at('vectors.csv') }] };
    writeFileSync(at('file.yaml'), JSON.stringify({ ...config, task: { ...config.task, ids } }));
    const of = (...more: string[]) => runMain('train', '--out', runs, '--quiet', ...more);
    const began = await of('--config', at('file.yaml'), '--training.epochs', '1', '--training.evaluateEvery', '1');
    expect(began.errors).toBe('');
    const id = newest();
    rmSync(at('vectors.csv'));
    const more = await of('--resume', id, '--training.epochs', '2');
    expect([more.code, more.errors]).toEqual([0, '']);
  });

  it('finds items without a training event by their content', async () => {
    const cold = await train(
      ...[
        '--task.dense.vectors',
        'content',
        '--task.dense.mix',
        '0',
        '--task.dense.cold',
        'true',
        '--training.epochs',
        '10',
      ],
    );
    expect(cold.errors).toBe('');
    const id = newest();
    const { definitions } = JSON.parse(readFileSync(join(runs, id, 'results.json'), 'utf8'));
    expect(definitions.join(' ')).toContain('and of the 1 items without a training event');
    const { output } = await runMain('recommend', id, '--out', runs, '--history', 'i3,i4,i5', '-k', '25', '--json');
    const items = JSON.parse(output).recommendations.map(({ item }: { item: string }) => item);
    expect(items).toContain('icold');
  });

  it.each([
    [
      ['--task.language.minCount', '2'],
      'task.dense: expected none with language, whose templates learn codes and words alone',
    ],
    [['--task.dense.after', '3'], 'generation: dense.after: expected at most 2, as items have 3 codes; got 3'],
    [['--task.debias', '0.5'], 'expected 0 with dense, whose vectors have no share of the training events'],
    [
      ['--task.ids.tokenizer', '{"kind":"random","levels":2,"codes":8}'],
      "task.dense.vectors: expected ids that are made from vectors of content, for both; got the tokenizer 'random', which reads none",
    ],
    [
      ['--task.ids.vectors', '[{"kind":"lsa"},{"kind":"behaviour","width":4}]'],
      'task.dense.vectors: expected ids that are made from vectors of content, for both; got behaviour',
    ],
  ])('is refused with %s', async (options, message) => {
    const before = readdirSync(runs).length;
    const { code, errors } = await train(...options);
    expect(code).not.toBe(0);
    expect(errors).toContain(message);
    expect(readdirSync(runs).length).toBe(before);
  });
});
