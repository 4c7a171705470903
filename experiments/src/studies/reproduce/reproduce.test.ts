import { describe, expect, it } from 'vitest';
import { loadRecipe } from '../../config/load-recipe.ts';
import { loadReplay, loadTable, replayNames, tableNames } from './load-table.ts';
import { fewerEpochs } from './plan-rows.ts';
import { renderLatex, renderMarkdown } from './render.ts';
import { results } from './sections.ts';
import { defineTable } from './table.ts';
import { claimVerdicts, estimate, rowVerdict } from './verdict.ts';

describe('estimates', () => {
  it("the interval is Student's t", () => {
    // Mean 2, standard deviation 1, three values: 4.303 / sqrt(3).
    const { mean, half } = estimate([1, 2, 3]);
    expect(mean).toBe(2);
    expect(half).toBeCloseTo(4.303 / Math.sqrt(3), 10);
    expect(estimate([0.3])).toEqual({ mean: 0.3, values: [0.3] });
  });

  it.each([
    [0.305, 0.31, 0.012, 'reproduced, within .0120'],
    [0.29, 0.31, 0.012, '.0200 below'],
    [0.33, 0.31, 0.012, '.0200 above'],
    [0.066, 0.0893, undefined, "0.74 times the paper's"],
    [0.066, undefined, 0.01, ''],
  ])('ours %f, paper %f, tolerance %f: %s', (ours, paper, tolerance, verdict) => {
    expect(rowVerdict(estimate([ours]), paper, tolerance)).toBe(verdict);
  });

  it('a wide interval that holds the paper does not count as reproduced', () => {
    expect(rowVerdict(estimate([0.2, 0.3, 0.4]), 0.35, 0.01)).toBe('.0500 below, paper inside the interval');
  });
});

const table = defineTable({
  title: 'A & B',
  source: 'somebody 2024',
  notes: ['a note'],
  metrics: ['HR@10'],
  tolerance: { 'HR@10': 0.01 },
  rows: [
    { name: 'A', recipe: 'ml-1m/hstu', paper: { 'HR@10': 0.3 } },
    { name: 'B', recipe: 'ml-1m/sasrec', paper: { 'HR@10': 0.2 } },
  ],
  claims: [{ better: 'A', worse: 'B', metrics: ['HR@10'] }],
});

const run = (row: string, seed: number, value: number) => ({
  row,
  seed,
  run: `${row}-${seed}`,
  metrics: { 'HR@10': value },
});

describe('claims', () => {
  const judge = (a: readonly number[], b: readonly number[]) =>
    claimVerdicts(table, [
      ...a.map((value, i) => run('A', i + 1, value)),
      ...b.map((value, i) => run('B', i + 1, value)),
    ])[0];

  it.each([
    [[0.3, 0.301, 0.302], [0.2, 0.201, 0.202], 'holds'],
    // Seeds differ more than the rows do, and the rows in every seed alike.
    [[0.3, 0.2, 0.4], [0.28, 0.18, 0.38], 'holds'],
    [[0.3, 0.2, 0.4], [0.28, 0.18, 0.3], 'ordered so in 3 of 3 seeds, within the interval'],
    [[0.3, 0.2, 0.4], [0.28, 0.22, 0.3], 'ordered so in 2 of 3 seeds, within the interval'],
    [[0.3], [0.2], 'ordered so, one seed'],
    [[0.2, 0.201], [0.3, 0.301], 'the other way round'],
    [[0.2, 0.3], [0.3, 0.25], 'does not hold'],
    [[0.2], [0.3], 'does not hold'],
    [[0.2, 0.2], [0.2, 0.2], 'does not hold'],
  ])('%j against %j: %s', (a, b, verdict) => {
    expect(judge(a, b).verdict).toBe(verdict);
  });

  it('compares rows seed by seed, whatever the order of the runs', () => {
    const runs = [
      run('A', 1, 0.3),
      run('A', 2, 0.2),
      run('A', 4, 0.4),
      run('B', 2, 0.1),
      run('B', 3, 0.45),
      run('B', 1, 0.29),
    ];
    expect(claimVerdicts(table, runs)[0].verdict).toBe('ordered so in 2 of 2 seeds, within the interval');
    expect(claimVerdicts(table, runs)[0].ours).toBeCloseTo((0.3 + 0.2) / (0.1 + 0.29), 12);
    const apart = claimVerdicts(table, [run('A', 1, 0.3), run('B', 2, 0.2)])[0];
    expect(apart.verdict).toBe('no seed in common');
    expect(apart).not.toHaveProperty('ours');
  });

  it('take less for better where the table says so', () => {
    const loss = { ...table, lowerIsBetter: ['HR@10'] };
    const runs = [run('A', 1, 0.2), run('A', 2, 0.201), run('B', 1, 0.3), run('B', 2, 0.302)];
    expect(claimVerdicts(loss, runs)[0].verdict).toBe('holds');
    expect(claimVerdicts(table, runs)[0].verdict).toBe('the other way round');
  });

  it('has no ratio to a row of zeros', () => {
    expect(judge([0.3], [0])).not.toHaveProperty('ours');
    expect(judge([0.3], [0]).verdict).toBe('ordered so, one seed');
  });

  it('has the ratio beside the published one', () => {
    expect(judge([0.3], [0.2])).toMatchObject({
      claim: 'A > B',
      paper: expect.closeTo(1.5),
      ours: expect.closeTo(1.5),
    });
  });

  it('names what is not in the table', () => {
    const wrong = { ...table, claims: [{ better: 'A', worse: 'C', metrics: ['HR@10'] }] };
    expect(() => defineTable(wrong)).toThrow('table: claims: expected a row; got C; A, B');
  });
});

describe('figures', () => {
  it('leave out what has neither a run nor a published figure, and say what was published and not run', () => {
    const more = { ...table, rows: [...table.rows, { name: 'C', recipe: 'ml-1m/hstu', paper: {} }] };
    const shown = { name: 'x/y', table: more, runs: [run('A', 1, 0.3)], seeds: [1], remarks: [], command: '' };
    const [figures] = results(shown);
    expect(figures.rows.map(([row, , , , verdict]) => [row, verdict])).toEqual([
      ['A', 'reproduced, within .0100'],
      ['B', 'not run'],
    ]);
  });
});

it('leaves the cell of a row without a metric empty, and claims nothing of it', () => {
  const more = { ...table, metrics: ['HR@10', 'coverage@10'], rows: table.rows.map((row) => ({ ...row, paper: {} })) };
  const covered = { ...run('A', 1, 0.3), metrics: { 'HR@10': 0.3, 'coverage@10': 0.2 } };
  const claims = [{ better: 'A', worse: 'B', metrics: ['HR@10', 'coverage@10'] }];
  const shown = { name: 'x/y', table: { ...more, claims }, runs: [covered, run('B', 1, 0.1)], seeds: [1], remarks: [] };
  const [figures, claimed] = results({ ...shown, command: '' });
  expect(figures.rows).toEqual([
    ['HR@10', '.3000', '.1000'],
    ['coverage@10', '.2000', ''],
  ]);
  expect(claimed.rows.map(([, metric]) => metric)).toEqual(['HR@10']);
});

it('says which rows have fewer epochs than their own', () => {
  const row = (epochs: number, published: number) => ({ epochs, published });
  // Rows of one table may have different numbers of them.
  expect(fewerEpochs([row(20, 20), row(201, 201)])).toEqual([]);
  expect(fewerEpochs([row(5, 101), row(5, 101)])).toEqual(['5 of 101 epochs: not the published experiment.']);
  expect(fewerEpochs([row(5, 20), row(5, 4), row(5, 40)])).toEqual([
    '5 of 20, 5 of 40 epochs: not the published experiment.',
  ]);
});

describe('pages', () => {
  const reproduction = {
    name: 'x/y',
    table,
    runs: [run('A', 1, 0.3), run('A', 2, 0.304), run('B', 1, 0.1)],
    seeds: [1, 2],
    remarks: ['5 of 101 epochs: not the published experiment.'],
    command: 'seqrec reproduce x/y',
  };

  it('Markdown: paper, ours, interval, verdict, every seed', () => {
    const page = renderMarkdown(reproduction);
    expect(page).toMatch(/\| A +\| HR@10 +\| \.3000 \| \.3020 ± \.0254 \| reproduced, within \.0100 +\|/);
    expect(page).toMatch(/\| B +\| HR@10 +\| \.2000 \| \.1000 +\| \.1000 below +\|/);
    expect(page).toContain('| A     | 2    | .3040 | A-2 |');
    expect(page).toContain('**5 of 101 epochs: not the published experiment.**');
  });

  it('a single seed has no interval, and the pages say so', () => {
    const single = { ...reproduction, runs: [run('A', 2, 0.3)], seeds: [2] };
    expect(renderMarkdown(single)).toContain('Ours: seed 2 alone, so no interval.');
    expect(renderLatex(single)).toContain('\\caption{A \\& B. Ours: one seed. Source');
    expect(renderMarkdown(reproduction)).toContain("Ours: mean of seeds 1, 2 and its 95 % interval (Student's t).");
  });

  it('LaTeX: special characters are escaped', () => {
    const tex = renderLatex(reproduction);
    expect(tex).toContain('A & HR@10 & .3000 & .3020 $\\pm$ .0254 & reproduced, within .0100 \\\\');
    expect(tex).toContain('A $>$ B & HR@10');
    expect(tex).toContain('\\caption{A \\& B. Ours: mean of up to 2 seeds, 95 \\% interval.');
    expect(tex.match(/\\begin\{tabular\}/g)).toHaveLength(2);
  });
});

it('every table loads and its recipes exist', async () => {
  expect(tableNames()).toEqual(expect.arrayContaining(['hstu/ml-1m', 'hstu/synthetic-streaming']));
  for (const name of tableNames()) for (const { recipe } of (await loadTable(name)).rows) await loadRecipe(recipe);
  expect(replayNames()).toContain('delta/ml-1m');
  for (const name of replayNames()) await loadRecipe((await loadReplay(name)).recipe);
});
