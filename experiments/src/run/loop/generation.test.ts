import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itInFull } from '../../../../test/part.ts';
import { codedShop, shopData, writeShop } from '../../testing/coded-shop.ts';
import { runMain } from '../../testing/run-main.ts';
import { openRunDir } from '../folder/run-dir.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-generation-'));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const config = codedShop(folder);
const runs = at('runs');
const train = (...more: string[]) => runMain('train', '--config', at('coded.yaml'), '--out', runs, '--quiet', ...more);
const newest = (): string => openRunDir(runs, 'latest').id;
let run = '';

beforeAll(async () => {
  writeShop(folder);
  writeShop(folder, { name: 'other', items: 30 });
  writeFileSync(at('coded.yaml'), JSON.stringify(config));
  const { code, errors } = await train();
  expect([code, errors]).toEqual([0, '']);
  run = newest();
});

describe('a run of generation', () => {
  it('keeps its ids, learns, and says how items were ranked', async () => {
    expect(existsSync(join(runs, run, 'ids.safetensors'))).toBe(true);
    const results = JSON.parse(readFileSync(join(runs, run, 'results.json'), 'utf8'));
    expect(results.final.metrics['HR@10']).toBeGreaterThan(0.8);
    expect(results.definitions.join(' ')).toContain('of the items that 10 beams find');
    expect(results.samples[0]).toMatchObject({ similarity: 'log-probability' });
    expect(readFileSync(join(runs, run, 'report.html'), 'utf8')).toContain('beams find');
  });

  it('is evaluated again with the same ranks, and exactly', async () => {
    const results = JSON.parse(readFileSync(join(runs, run, 'results.json'), 'utf8'));
    const again = await runMain('evaluate', run, '--out', runs, '--json', '--quiet');
    expect(again.errors).toBe('');
    expect(JSON.parse(again.output).metrics).toEqual(results.final.metrics);
    const exact = await runMain('evaluate', run, '--out', runs, '--json', '--quiet', '--task.beams', 'all');
    expect(JSON.parse(exact.output).definition.join(' ')).toContain('of every item');
    const few = await runMain('evaluate', run, '--out', runs, '--quiet', '--task.beams', '5');
    expect(few).toMatchObject({ code: 1 });
    expect(few.errors).toContain('expected at least as many as the largest cut-off, 10; got 5');
  });

  it('has lists as long as there are items, of which there are more than codes', async () => {
    const lists = ['--evaluation.lists', '30', '--task.beams', 'all', '--baselines', 'none'];
    const { output, errors } = await runMain('evaluate', run, '--out', runs, '--json', '--quiet', ...lists);
    expect(errors).toBe('');
    expect(JSON.parse(output).metrics).toMatchObject({ 'coverage@24': 1, 'P90Coverage@24': 22 / 24 });
  });

  it('is evaluated on a sample, the same for whoever asks', async () => {
    const on = (...more: string[]) =>
      runMain('evaluate', run, '--out', runs, '--json', '--quiet', '--baselines', 'none', ...more);
    const [first, again] = [
      await on('--sample', '12', '--task.beams', 'all'),
      await on('--sample', '12', '--task.beams', '24'),
    ];
    expect(JSON.parse(first.output).definition.join(' ')).toContain('set test, 12 examples');
    expect(JSON.parse(again.output).metrics).toEqual(JSON.parse(first.output).metrics);
    const { code, errors } = await on('--sample', '41');
    expect(code).toBe(2);
    expect(errors).toContain('--sample: expected at most the 40 examples of the test set; got 41');
  });

  it('stands beside a run of retrieval, and is exported', async () => {
    const { task: _, ...rest } = config;
    writeFileSync(at('plain.yaml'), JSON.stringify(rest));
    const plain = await runMain('train', '--config', at('plain.yaml'), '--out', at('plain'), '--quiet');
    expect(plain.errors).toBe('');
    const [other] = readdirSync(at('plain'));
    const compared = await runMain('compare', join(runs, run), join(at('plain'), other));
    expect([compared.code, compared.errors]).toEqual([0, '']);
    expect(compared.output).toContain('HR@10');
    const report = await runMain('report', join(runs, run));
    expect(report.code).toBe(0);
    const exported = await runMain('export', run, '--out', runs, '--to', at('w.safetensors'));
    expect([exported.code, exported.errors]).toEqual([0, '']);
    writeFileSync(
      at('again.yaml'),
      JSON.stringify({
        ...config,
        task: { kind: 'generation', idsFile: join(runs, run, 'ids.safetensors'), beams: 10 },
      }),
    );
    const from = ['evaluate', '--from', at('w.safetensors'), '--config', at('again.yaml'), '--json', '--quiet'];
    const weights = await runMain(...from);
    const results = JSON.parse(readFileSync(join(runs, run, 'results.json'), 'utf8'));
    expect(JSON.parse(weights.output).metrics).toEqual(results.final.metrics);
    const ofRun = await runMain('evaluate', run, '--from', at('w.safetensors'), '--out', runs, '--json', '--quiet');
    expect(ofRun.errors).toBe('');
    expect(JSON.parse(ofRun.output).metrics).toEqual(results.final.metrics);
    const fitted = await runMain('evaluate', '--from', at('w.safetensors'), '--config', at('coded.yaml'), '--quiet');
    expect(fitted.errors).toContain('task.idsFile: expected the file of ids that the weights were trained with');
  });

  it('takes popularity off the scores, by beams as wide as the catalogue as exactly', async () => {
    const on = (...more: string[]) =>
      runMain('evaluate', run, '--out', runs, '--json', '--quiet', '--baselines', 'none', '--task.debias', ...more);
    const [all, wide, none] = [
      await on('50', '--task.beams', 'all'),
      await on('50', '--task.beams', '24'),
      await on('0', '--task.beams', 'all'),
    ];
    expect(all.errors).toBe('');
    expect(JSON.parse(wide.output).metrics).toEqual(JSON.parse(all.output).metrics);
    expect(JSON.parse(none.output).metrics).not.toEqual(JSON.parse(all.output).metrics);
    expect(JSON.parse(all.output).definition.join(' ')).toContain('Less 50 times the logarithm');
  });

  it('recommends items with their codes', async () => {
    const { output } = await runMain('recommend', run, '--out', runs, '--history', 'i3,i4,i5', '-k', '3');
    expect(output).toContain('score: log-probability of the codes');
    expect(output).toMatch(/1 +-\d\.\d{4} +\d \d \d+ +i6$/m);
    const { output: json } = await runMain(
      'recommend',
      run,
      '--out',
      runs,
      '--history',
      'i3,i4,i5',
      '-k',
      '3',
      '--json',
    );
    const { recommendations, similarity } = JSON.parse(json);
    expect(recommendations[0]).toMatchObject({ item: 'i6', codes: expect.stringMatching(/^\d \d \d+$/) });
    expect(similarity).toBe('log-probability');
  });

  it('says of scores with popularity taken off that they are none of probabilities', async () => {
    expect((await train('--training.epochs', '15', '--task.debias', '0.5')).errors).toBe('');
    const asked = ['recommend', newest(), '--out', runs, '--history', 'i3,i4,i5', '-k', '3'];
    const { output } = await runMain(...asked);
    expect(output).toContain('score: log-probability of the codes, less a part of that of the popularity of the item');
    const { output: json } = await runMain(...asked, '--json');
    expect(JSON.parse(json).similarity).toBe('debiased');
    rmSync(join(runs, newest()), { recursive: true });
  });

  itInFull('is resumed as if it had not been stopped', async () => {
    const half = await train('--training.epochs', '15');
    expect(half.errors).toBe('');
    const first = newest();
    const more = await runMain('train', '--resume', first, '--out', runs, '--quiet', '--training.epochs', '30');
    expect(more.errors).toBe('');
    const weights = (id: string) => readFileSync(join(runs, id, 'checkpoints', 'last.safetensors'));
    expect(weights(first).equals(weights(run))).toBe(true);
  });

  it('is not gone on with, nor evaluated, over other ids than it was trained with', async () => {
    const other = await train('--training.epochs', '15', '--task.ids.tokenizer.codes', '5');
    expect(other.errors).toBe('');
    const id = newest();
    copyFileSync(join(runs, run, 'ids.safetensors'), join(runs, id, 'ids.safetensors'));
    for (const again of [
      await runMain('evaluate', id, '--out', runs, '--quiet'),
      await runMain('train', '--resume', id, '--out', runs, '--quiet', '--training.epochs', '30'),
    ]) {
      expect(again.code).toBe(1);
      expect(again.errors).toContain('semantic ids: expected the digest');
    }
    rmSync(join(runs, id), { recursive: true });
  });

  it('takes ids of a file, and refuses those of other data', async () => {
    const ids = join(runs, run, 'ids.safetensors');
    const { ids: _, ...task } = config.task;
    writeFileSync(at('stored.yaml'), JSON.stringify({ ...config, task: { ...task, idsFile: ids } }));
    const stored = ['--config', at('stored.yaml'), '--out', runs, '--quiet', '--training.epochs', '15'];
    const taken = await runMain('train', ...stored);
    expect(taken.errors).toBe('');
    writeFileSync(
      at('other.yaml'),
      JSON.stringify({
        ...config,
        data: shopData(folder, 'other'),
        task: { kind: 'generation', idsFile: ids, beams: 10 },
      }),
    );
    const { code, errors } = await runMain('train', '--config', at('other.yaml'), '--out', runs, '--quiet');
    expect(code).toBe(1);
    expect(errors).toContain('expected codes of the 30 items of');
  });

  it.each([
    [['vectors', '--to', at('v.csv')], 'expected a run whose model has vectors of histories and items'],
    [['serve', '--port', '0'], 'expected a run whose model has vectors of histories and items'],
    [['evaluate', '--sample', '3', '--cached'], '--sample: expected it without --cached, which asks about all users'],
    [['evaluate', '--cached'], '--cached: expected it with a run of retrieval; got one of generation'],
    [['evaluate', '--future', '3'], '--future: expected it with a run of retrieval; got one of generation'],
  ])('is refused by %s', async ([command, ...options], message) => {
    const { code, errors } = await runMain(command, run, '--out', runs, ...options);
    expect(code).not.toBe(0);
    expect(errors).toContain(message);
  });

  it.each([
    [['--objective.kind', 'sampled-softmax'], 'generation: objective.kind: expected full-softmax'],
    [['--task.idsFile', 'x.safetensors'], 'expected one of ids and idsFile'],
    [['--task.beams', '0'], 'task.beams'],
    [['--task.beams', '5'], 'expected at least as many as the largest cut-off or list, 10; got 5'],
    [['--evaluation.lists', '12'], 'expected at least as many as the largest cut-off or list, 12; got 10'],
    [['--evaluation.segments', 'colour'], 'evaluation.segments: colour: expected a column of'],
    [['--task.mask', 'during'], 'task.mask'],
    [['--itemVectors.path', 'v.csv'], 'itemVectors: expected none with the task generation'],
    [['--data.heldOut.share', '0.2'], 'data.heldOut: expected none with the task generation'],
  ])('is refused with %s', async (options, message) => {
    const before = readdirSync(runs).length;
    const { code, errors } = await train(...options);
    expect(code).not.toBe(0);
    expect(errors).toContain(message);
    expect(readdirSync(runs).length).toBe(before);
  });
});
