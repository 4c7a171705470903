import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunResults, ScoredModel } from '../../run/folder/results.ts';
import { openRun } from '../../run/open/open-run.ts';
import { Progress } from '../../terminal/progress.ts';
import { codedShop, writeShop } from '../../testing/coded-shop.ts';
import { runMain } from '../../testing/run-main.ts';
import { derivedSeed } from './derived.ts';
import { runSeed } from './seeds.ts';
import { defineTable } from './table.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-derived-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const out = join(folder, 'runs');
const progress = new Progress({ quiet: true });
let run = '';
let results: Pick<RunResults, 'baselines' | 'segments'> & { readonly final: ScoredModel };

beforeAll(async () => {
  writeShop(folder, { users: 60 });
  const { evaluation, training, ...config } = codedShop(folder);
  const asked = { ...evaluation, segments: [{ trainingRows: 'items', bounds: [1] }], lists: 10 };
  const few = { ...config, training: { ...training, epochs: 2, evaluateEvery: 1 }, evaluation: asked };
  writeFileSync(join(folder, 'coded.yaml'), JSON.stringify(few));
  const { code, errors } = await runMain('train', '--config', join(folder, 'coded.yaml'), '--out', out, '--quiet');
  expect([code, errors]).toEqual([0, '']);
  [run] = readdirSync(out);
  results = JSON.parse(readFileSync(join(out, run, 'results.json'), 'utf8'));
});

async function derive(
  from: { row: string; baseline?: 'popularity' },
  change: (task: object) => object = (task) => task,
  rules: object = {},
) {
  const { config, data } = await openRun({ out, run, checkpoint: 'last', progress, takesGeneration: true });
  const evaluation = { ...config.evaluation, ...rules };
  const asked = { ...config, task: change(config.task) as typeof config.task, evaluation };
  const runs = [{ row: 'codes', seed: 3, run, metrics: {} }];
  return derivedSeed(
    { name: 'derived', recipe: 'x', paper: {}, from },
    { out, runs, seed: 3, config: asked, data, progress, stop: { dispose: () => {} } as never },
  );
}

describe('a run with parts and lists', () => {
  it('has the figures of both, the baseline too', async () => {
    const { metrics } = results.final;
    for (const name of ['coverage@10', 'P90Coverage@10', 'Gini@10', 'popularity@10'])
      expect(metrics[name]).toBeGreaterThan(0);
    expect(results.segments).toMatchObject([
      { column: 'training events of items', parts: [{ segment: '1 and more', rows: 60 }] },
    ]);
    const baseline = results.baselines.find(({ split }) => split === 'test');
    expect(baseline?.segments).toHaveLength(1);
    expect(baseline?.metrics['coverage@10']).toBeGreaterThan(0);
    expect(readFileSync(join(out, run, 'report.html'), 'utf8')).toContain('training events of items');
    const evaluated = await runMain('evaluate', run, '--out', out, '--quiet');
    expect(evaluated.output).toMatch(/training events of items +queries +HR@1 +NDCG@1/);
    expect(evaluated.output).toContain('Gini@10');
    for (const said of [evaluated.output, readFileSync(join(out, run, 'report.html'), 'utf8')])
      expect(said).toContain('Gini coefficient of how often each item stands in the lists');
  });

  it('are refused where an evaluation does not read them', async () => {
    const { code, errors } = await runMain(
      'evaluate',
      run,
      '--out',
      out,
      '--quiet',
      '--windows',
      '--evaluation.lists',
      '5',
    );
    expect(code).toBe(2);
    expect(errors).toContain('--evaluation.lists: expected it without --windows, which does not read it; got both');
  });

  it('refuses lists that beams do not fill', async () => {
    const { code, errors } = await runMain('evaluate', run, '--out', out, '--quiet', '--evaluation.lists', '12');
    expect(code).toBe(2);
    expect(errors).toContain('evaluation.lists: expected at most task.beams, 10; got 12');
  });
});

describe('derivedSeed', () => {
  it('asks the model again: as it was asked it has the same figures, without popularity others', async () => {
    const same = await derive({ row: 'codes' });
    expect(same?.run).toBe(run);
    expect(same?.metrics).toMatchObject(results.final.metrics);
    expect(same?.metrics['HR@10, training events of items 1 and more']).toBe(results.final.metrics['HR@10']);
    const other = await derive({ row: 'codes' }, (task) => ({ ...task, debias: 3 }));
    expect(other?.metrics.MRR).not.toBe(same?.metrics.MRR);
    // Kept with the run, each under the way it was asked.
    expect(readdirSync(join(out, run)).filter((name) => name.startsWith('asked-'))).toHaveLength(2);
    expect(await derive({ row: 'codes' })).toEqual(same);
  });

  it('reads a baseline of the run with its parts', async () => {
    const derived = await derive({ row: 'codes', baseline: 'popularity' });
    expect(Object.keys(derived!.metrics)).toContain('HR@10, training events of items 1 and more');
    const baseline = (rules: object) => derive({ row: 'codes', baseline: 'popularity' }, undefined, rules);
    const asked = () => readdirSync(join(out, run)).filter((name) => name.startsWith('asked-')).length;
    const before = asked();
    expect((await baseline({ baselines: [] }))?.metrics).toEqual(derived?.metrics);
    expect(asked()).toBe(before);
    const parts = await baseline({ segments: [{ trainingRows: 'users', bounds: [1], label: 'any' }] });
    expect(Object.keys(parts!.metrics)).toContain('HR@10, training events of users 1 and more');
    expect(asked()).toBe(before + 1);
    // Under rules of its own, other settings and other cut-offs it is made anew.
    expect((await baseline({ excludeSeen: true }))?.metrics.MRR).not.toBe(derived?.metrics.MRR);
    expect((await baseline({ baselineHistory: 'all' }))?.metrics.MRR).toBe(derived?.metrics.MRR);
    expect((await baseline({ ks: [3] }))?.metrics['HR@3']).toBeGreaterThan(0);
    expect(asked()).toBe(before + 4);
    await expect(derive({ row: 'nobody' })).rejects.toThrow('expected a run of nobody with seed 3 before it; got none');
  });
});

it('a run that is there says nothing of a baseline under other settings', async () => {
  const { config, data } = await openRun({ out, run, checkpoint: 'last', progress, takesGeneration: true });
  const beside = async (rules: object) => {
    const asked = { ...config, evaluation: { ...config.evaluation, ...rules } };
    const request = { row: 'codes', recipe: 'coded', config: asked, data, out, progress, stop: { dispose: () => {} } };
    return (await runSeed(request as never))?.beside?.map(({ baseline }) => baseline);
  };
  expect(await beside({ ease: { lambda: 1, maxMemory: 1 } })).toEqual(['popularity']);
  expect(await beside({ baselineHistory: 'all' })).toEqual([]);
});

describe('defineTable', () => {
  const rows =
    (change: string, from = 'codes') =>
    () =>
      defineTable({
        ...{ title: 't', source: 's', notes: [], metrics: ['HR@10'], claims: [] },
        rows: [
          { name: 'codes', recipe: 'a', paper: {} },
          { name: 'again', recipe: 'a', paper: {}, from: { row: from }, changes: [{ key: change, text: '1' }] },
        ],
      });

  it('takes changes of a derived row that a trained model is measured by, and no others', () => {
    expect(rows('task.debias')).not.toThrow();
    expect(rows('training.epochs')).toThrow(
      'table: rows: again: changes: expected those of codes, and keys that a trained model is measured by; got training.epochs',
    );
    expect(rows('task.debias', 'other')).toThrow(
      'table: rows: again: from: expected a row above it of the same recipe; got other',
    );
  });
});
