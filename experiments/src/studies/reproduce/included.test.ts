import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { includedRuns } from './included.ts';
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
    expect(includedRuns([file], x, ['A'])).toEqual({
      runs: runs.slice(1, 3),
      remarks: [
        'Not run again: B, of 2026-11-28 at commit 01234567, `seqrec reproduce x/y --rows first`. 4 of 9 epochs: not the published experiment.',
      ],
    });
    const other = saved('second', { name: 'x/y', runs: [run('C', 1)], remarks: [] });
    expect(includedRuns([file, other], x, ['A']).runs.map(({ row }) => row)).toEqual(['B', 'B', 'C']);
  });

  it('are refused of another table, of no table, and where two results have them', () => {
    const wrong = saved('wrong', { name: 'x/z', runs: [] });
    expect(() => includedRuns([wrong], x, [])).toThrow(
      `--include: ${wrong}: expected a result of \`seqrec reproduce x/y --save\`; got seqrec reproduce x/y --rows wrong`,
    );
    const bench = saved('bench', {}, 'bench step');
    expect(() => includedRuns([bench], x, [])).toThrow('expected a result of `seqrec reproduce x/y --save`');
    const own = saved('own', { name: 'x/y', runs: [run('A', 1)], remarks: [] });
    expect(() => includedRuns([own], x, ['A', 'B', 'C'])).toThrow(
      `--include: ${own}: expected rows of x/y that are not run now; got none; name those to run in --rows`,
    );
    const [one, two] = ['one', 'two'].map((name) => saved(name, { name: 'x/y', runs: [run('A', 1)], remarks: [] }));
    expect(() => includedRuns([one, two], x, [])).toThrow(
      `--include: expected a row in one result; got A in ${one} and in ${two}`,
    );
  });
});
