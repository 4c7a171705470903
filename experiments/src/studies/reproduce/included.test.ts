import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { changedRemarks } from './changed.ts';
import { includedRuns, withIncluded } from './included.ts';
import type { PlannedRow } from './plan-rows.ts';
import { renderMarkdown } from './render.ts';
import { defineTable } from './table.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-included-'));
afterAll(() => rmSync(folder, { recursive: true }));

const table = defineTable({
  title: 'Three',
  source: 'none',
  notes: [],
  metrics: ['HR@10'],
  rows: ['A', 'B', 'C'].map((name) => ({ name, recipe: 'ml-1m/hstu', paper: {} })),
  claims: [],
});
const x = { name: 'x/y', table };
const run = (row: string, seed: number) => ({ row, seed, run: `${row}-${seed}`, metrics: { 'HR@10': 0.1 * seed } });

/** Rows that are run now, for nine epochs. */
const rowsOf = (...names: readonly string[]) =>
  table.rows
    .filter(({ name }) => names.includes(name))
    .map((row) => ({ row, config: { training: { epochs: 9 } } as PlannedRow['config'] }));

function saved(name: string, result: object, kind = 'reproduce'): string {
  const file = join(folder, name);
  const about = { kind, command: `seqrec reproduce x/y --rows ${name}`, date: '2026-11-28' };
  writeFileSync(file, JSON.stringify({ ...about, version: { commit: '0123456789', node: 'v24' }, result }));
  return file;
}

describe('rows of earlier results', () => {
  it('stand in the table unless they are run now, with where they are from and what was changed', () => {
    const runs = [run('A', 1), run('B', 1), run('B', 2), run('gone', 1)];
    const file = saved('first', { name: 'x/y', runs, remarks: ['4 of 9 epochs: not the published experiment.'] });
    expect(includedRuns([file], x, { rows: rowsOf('A'), seeds: [1], remarks: [] })).toEqual({
      runs: runs.slice(1, 3),
      remarks: [
        'Not run again: B (seeds 1, 2), of 2026-11-28 at commit 01234567, `seqrec reproduce x/y --rows first`. 4 of 9 epochs: not the published experiment.',
      ],
    });
    const other = saved('second', { name: 'x/y', runs: [run('C', 1)], remarks: [] });
    expect(
      includedRuns([file, other], x, { rows: rowsOf('A'), seeds: [1], remarks: [] }).runs.map(({ row }) => row),
    ).toEqual(['B', 'B', 'C']);
  });

  it('may be further seeds of a row, of results of one or of several, where all were trained alike', () => {
    const [one, two] = [
      saved('s1', { name: 'x/y', runs: [run('A', 1), run('B', 1)], remarks: [] }),
      // The same run again, by way of a result that had included it.
      saved('s2', {
        name: 'x/y',
        runs: [run('A', 2), run('B', 1)],
        remarks: ['Not run again: B (seed 1), of 2026-11-27 at commit 0123, `seqrec`.'],
      }),
    ];
    const now = { rows: rowsOf('A'), seeds: [3], remarks: [] };
    const { runs, remarks } = includedRuns([two, one], x, now);
    expect(withIncluded([run('A', 3)], runs, table)).toEqual({
      runs: [run('A', 1), run('A', 2), run('A', 3), run('B', 1)],
      seeds: [3, 2, 1],
    });
    expect(remarks.map((remark) => remark.split(', of')[0])).toEqual([
      'Not run again: A (seed 2), B (seed 1)',
      'Not run again: A (seed 1)',
    ]);
    const page = renderMarkdown({
      name: 'x/y',
      table,
      remarks,
      command: 'seqrec',
      ...withIncluded([run('A', 3)], runs, table),
    });
    expect(page).toContain("Ours: mean of seeds 1, 2, 3 and its 95 % interval (Student's t). B: seed 1 alone.");
    const fewer = ['4 of 9 epochs: not the published experiment.'];
    expect(() => includedRuns([one], x, { ...now, remarks: fewer })).toThrow(
      `--include: ${one}: expected all seeds of A trained alike, ml-1m/hstu, 9 epochs in this run; got ml-1m/hstu`,
    );
    const other = saved('s3', { name: 'x/y', runs: [run('B', 2)], remarks: fewer });
    expect(() => includedRuns([one, other], x, now)).toThrow(
      `--include: ${other}: expected all seeds of B trained alike, ml-1m/hstu in ${one}; got ml-1m/hstu, 4 epochs`,
    );
    // Rows that are not run now had their own epochs, and a generated stream tells of its split.
    const more = ['4 of 9, 4 of 12 epochs: not the published experiment.', 'streaming: the first records train.'];
    const beside = saved('s4', { name: 'x/y', runs: [run('A', 1)], remarks: more });
    expect(includedRuns([beside], x, { ...now, remarks: fewer }).runs).toEqual([run('A', 1)]);
    const edited = { rows: [{ name: 'A', recipe: 'ml-1m/hstu', changes: [{ key: 'model.numBlocks', text: '9' }] }] };
    const before = saved('s5', { name: 'x/y', table: edited, runs: [run('A', 1)], remarks: [] });
    expect(() => includedRuns([before], x, now)).toThrow(
      'expected all seeds of A trained alike, ml-1m/hstu, 9 epochs in this run; got ml-1m/hstu, model.numBlocks 9',
    );
  });

  it('of results that included others are known by what is said of them there, or by themselves', () => {
    const by = (remarks: readonly string[], ...names: readonly string[]) => ({
      rows: rowsOf(...names),
      seeds: [2],
      remarks,
    });
    const fewer = '4 of 9 epochs: not the published experiment.';
    const changed = changedRemarks([
      { key: 'objective.temperature', text: '0.1' },
      { key: 'model.numBlocks', text: '2' },
    ])[0];
    const from = (rest: string) => `Not run again: B, of 2026-11-27 at commit 0123, \`seqrec\`.${rest}`;
    const both = [run('A', 1), run('B', 1)];
    const file = (name: string, remarks: readonly string[]) => saved(name, { name: 'x/y', table, runs: both, remarks });
    // A for four epochs, B of another result as published; and the other way round, which had that from a third.
    const few = file('few', [fewer, from('')]);
    const whole = file('whole', [from(` Not run again: C, of 2026-11-26 at commit 4567, \`seqrec\`. ${fewer}`)]);
    const inner = file('inner', [from(` ${fewer} ${changed}`)]);
    const runsOf = (path: string, now: ReturnType<typeof by>) =>
      includedRuns([path], x, now).runs.map(({ row }) => row);
    expect(runsOf(few, by([], 'B'))).toEqual(['A', 'B']);
    expect(() => runsOf(few, by([fewer], 'B'))).toThrow('expected all seeds of B trained alike');
    expect(runsOf(few, by([fewer], 'A'))).toEqual(['A', 'B']);
    expect(runsOf(whole, by([], 'B'))).toEqual(['A', 'B']);
    const again = changedRemarks([
      { key: 'model.numBlocks', text: '2' },
      { key: 'objective.temperature', text: '0.1' },
    ])[0];
    expect(runsOf(inner, by([again, fewer], 'B'))).toEqual(['A', 'B']);
    expect(() => runsOf(inner, by([fewer], 'B'))).toThrow(
      'got ml-1m/hstu, model.numBlocks 2, objective.temperature 0.1, 4 epochs',
    );
    expect(runsOf(inner, by([], 'A'))).toEqual(['A', 'B']);
    // Runs of now say it themselves, their epochs too.
    const trained = { recipe: 'ml-1m/hstu', changes: [], said: [], epochs: 9 };
    const told = saved('told', { name: 'x/y', table, runs: [{ ...run('A', 1), trained }], remarks: [fewer] });
    expect(runsOf(told, by([], 'A'))).toEqual(['A']);
    const longer = saved('longer', {
      name: 'x/y',
      table,
      runs: [{ ...run('A', 1), trained: { ...trained, epochs: 99 } }],
    });
    expect(() => runsOf(longer, by([], 'A'))).toThrow('ml-1m/hstu, 9 epochs in this run; got ml-1m/hstu, 99 epochs');
  });

  it('are not alike after other runs before them, under splits of their own, or of another row', () => {
    const teacher = { name: 'teacher', recipe: 'ml-1m/hstu', gives: 'labels' };
    const changes = [{ key: 'training.epochs', text: '3' }];
    const [first] = table.rows;
    const others: [object, string][] = [
      [{ rows: [first], before: [teacher] }, 'ml-1m/hstu, after ml-1m/hstu'],
      [{ rows: [first], before: [{ ...teacher, changes }] }, 'ml-1m/hstu, after ml-1m/hstu training.epochs 3'],
      [{ rows: [first], splitBySeed: true }, 'ml-1m/hstu, a split a seed'],
      [{ rows: [{ ...first, from: { row: 'B', baseline: 'ease' } }] }, 'ml-1m/hstu, of B, ease'],
    ];
    for (const [i, [before, words]] of others.entries()) {
      const file = saved(`before-${i}`, { name: 'x/y', table: before, runs: [run('A', 1)], remarks: [] });
      expect(() => includedRuns([file], x, { rows: rowsOf('A'), seeds: [2], remarks: [] })).toThrow(`; got ${words}`);
    }
  });

  it('of other data stay so where they were included into a result of other data', () => {
    const runs = [{ ...run('B', 1), changed: [] }];
    const remarks = changedRemarks([{ key: 'data.ties', text: 'shuffle:2' }]);
    const file = saved('crossed', {
      name: 'x/y',
      table,
      runs,
      remarks: ['Not run again: B, of 2026-11-27 at commit 0123, `seqrec`.', ...remarks],
    });
    expect(() => includedRuns([file], x, { rows: rowsOf('B'), seeds: [2], remarks })).toThrow(
      'expected all seeds of B trained alike',
    );
  });

  it('of other data or another question say so, and are neither called reproduced nor compared', () => {
    const judged = {
      ...table,
      tolerance: { 'HR@10': 0.05 },
      claims: [{ better: 'A', worse: 'B', metrics: ['HR@10'] }],
    };
    const rows = judged.rows.map((row) => ({ ...row, paper: { 'HR@10': 0.1 } }));
    const remarks = changedRemarks([
      { key: 'training.epochs', text: '3' },
      { key: 'data.ties', text: 'shuffle:1' },
    ]);
    const file = saved('ties', { name: 'x/y', runs: [run('B', 1), run('B', 3)], remarks });
    const pageOf = (here: readonly string[]) => {
      const found = includedRuns([file], x, { rows: rowsOf('A'), seeds: [1], remarks: here });
      const about = { name: 'x/y', table: { ...judged, rows }, remarks: found.remarks, command: 'seqrec' };
      return renderMarkdown({ ...about, ...withIncluded([run('A', 1)], found.runs, judged) });
    };
    const apart = pageOf([]);
    expect(apart).toContain('B: other data or another question than of the rows that are run now');
    expect(apart).toContain('Ours: mean of seeds 1, 3');
    expect(apart).toMatch(/\| A +\| HR@10 +\| .1000 \| .1000 +\| reproduced, within .0500 +\|/);
    expect(apart).toMatch(/\| B +\| HR@10 +\| .1000 \| .2000 ± 1.2706 \| paper inside the interval +\|/);
    expect(apart).toMatch(/\| A > B \| HR@10 +\| 1.00 +\| +\| other data or another question \|/);
    const alike = pageOf(changedRemarks([{ key: 'data.ties', text: 'shuffle:1' }]));
    expect(alike).not.toContain('another question');
  });

  it('are refused of another table, of no table, and where two results have them', () => {
    const wrong = saved('wrong', { name: 'x/z', runs: [] });
    expect(() => includedRuns([wrong], x, { rows: rowsOf(), seeds: [1], remarks: [] })).toThrow(
      `--include: ${wrong}: expected a result of \`seqrec reproduce x/y --save\`; got seqrec reproduce x/y --rows wrong`,
    );
    const bench = saved('bench', {}, 'bench step');
    expect(() => includedRuns([bench], x, { rows: rowsOf(), seeds: [1], remarks: [] })).toThrow(
      'expected a result of `seqrec reproduce x/y --save`',
    );
    const own = saved('own', { name: 'x/y', runs: [run('A', 1)], remarks: [] });
    expect(() => includedRuns([own], x, { rows: rowsOf('A', 'B', 'C'), seeds: [1], remarks: [] })).toThrow(
      `--include: ${own}: expected rows or seeds of x/y that are not here yet; got none; name those to run in --rows and --seeds`,
    );
    const [one, two] = [1, 2].map((value) =>
      saved(`of ${value}`, { name: 'x/y', runs: [{ ...run('A', 1), metrics: { 'HR@10': value } }], remarks: [] }),
    );
    expect(() => includedRuns([one, two], x, { rows: rowsOf(), seeds: [1], remarks: [] })).toThrow(
      `--include: expected a row and seed in one result, or with the same figures; got A, seed 1 in ${one} and otherwise in ${two}`,
    );
  });
});
