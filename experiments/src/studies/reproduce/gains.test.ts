import { describe, expect, it } from 'vitest';
import { shownGain, tableGains } from './gains.ts';
import { renderLatex, renderMarkdown } from './render.ts';
import { defineTable } from './table.ts';

const table = defineTable({
  title: 'T',
  source: 'somebody 2024',
  notes: [],
  metrics: ['MRR', 'perplexity'],
  lowerIsBetter: ['perplexity'],
  rows: ['control', 'sliding'].map((name) => ({ name, recipe: 'ml-1m/hstu', paper: {} })),
  claims: [],
  gains: [{ over: 'control', rows: ['sliding'], metrics: ['MRR', 'perplexity'] }],
});

const run = (row: string, seed: number, MRR: number, perplexity: number) => ({
  row,
  seed,
  run: `${row}-${seed}`,
  metrics: { MRR, perplexity },
});

describe('tableGains', () => {
  it('pairs runs by seed: a gain that is the same in each seed has no interval, however much seeds differ', () => {
    const runs = [
      run('control', 1, 0.1, 100),
      run('control', 2, 0.2, 300),
      run('sliding', 1, 0.11, 90),
      run('sliding', 2, 0.22, 270),
    ];
    const [mrr, perplexity] = tableGains(table, runs);
    expect(mrr).toMatchObject({ row: 'sliding', over: 'control', metric: 'MRR', verdict: 'gain' });
    expect(mrr.gain.mean).toBeCloseTo(0.1, 12);
    expect(mrr.gain.half).toBeCloseTo(0, 12);
    // Less is better: a reduction by a tenth.
    expect(perplexity.gain.mean).toBeCloseTo(0.1, 12);
    expect([mrr.ours, mrr.base]).toEqual([expect.closeTo(0.165), expect.closeTo(0.15)]);
  });

  it.each([
    [[0.11, 0.22], 'gain'],
    [[0.09, 0.18], 'loss'],
    [[0.2, 0.1], 'no difference beyond the interval'],
  ])('sliding %j against .1, .2: %s', ([a, b], verdict) => {
    const runs = [
      run('control', 1, 0.1, 1),
      run('control', 2, 0.2, 1),
      run('sliding', 1, a, 1),
      run('sliding', 2, b, 1),
    ];
    expect(tableGains(table, runs)[0].verdict).toBe(verdict);
  });

  it('says nothing where a seed of the base is 0', () => {
    const runs = [
      ...[run('control', 1, 0.1, 1), run('control', 2, 0, 1)],
      ...[run('sliding', 1, 0.2, 1), run('sliding', 2, 0.2, 1)],
    ];
    expect(tableGains(table, runs).map(({ metric }) => metric)).toEqual(['perplexity']);
  });

  it('takes the seeds that both rows have', () => {
    const runs = [run('control', 1, 0.1, 1), run('control', 2, 9, 1), run('sliding', 1, 0.2, 1)];
    expect(tableGains(table, runs)[0]).toMatchObject({ verdict: 'one seed', base: 0.1 });
    expect(tableGains(table, runs.slice(0, 2))).toEqual([]);
    expect(shownGain({ mean: 0.0312, half: 0.005, values: [] })).toBe('+3.1 % ± 0.5');
    expect(shownGain({ mean: -0.02, values: [] })).toBe('-2.0 %');
  });

  it('is printed before the figures, models beside each other; brackets where the interval holds 0', () => {
    const runs = [
      run('control', 1, 0.1, 812.34),
      run('control', 2, 0.2, 812.34),
      run('sliding', 1, 0.11, 700),
      run('sliding', 2, 0.19, 700),
      run('other', 1, 0.3, 600),
    ];
    const rows = [...table.rows, { name: 'other', recipe: 'ml-1m/hstu', paper: {} }];
    const more = { ...table, rows };
    const reproduction = { name: 'x', table: more, runs, seeds: [1, 2], remarks: [], command: 'seqrec reproduce x' };
    const page = renderMarkdown(reproduction);
    expect(page.indexOf('Relative gains over control')).toBeLessThan(page.indexOf('812.3'));
    expect(page).toMatch(
      /\| metric +\| sliding +\|\n.*\n\| MRR +\| \(\+2\.5 % ± 95\.3\) \|\n\| perplexity \| \+13\.8 % ± 0\.0 +\|/,
    );
    expect(page).toMatch(
      /\| metric +\| control +\| sliding +\|\n.*\n.*\n\| perplexity \| 812\.3 ± 0\.0 +\| 700\.0 ± 0\.0 +\|/,
    );
    expect(page).toMatch(/\| metric +\| other +\|\n.*\n\| MRR +\| \.3000 \|/);
    expect(page).not.toContain('paper');
    expect(renderLatex(reproduction)).toContain('\\begin{tabular}{lll}');
  });

  it('leaves out models without a run', () => {
    const runs = [run('control', 1, 0.1, 812.34)];
    const page = renderMarkdown({ name: 'x', table, runs, seeds: [1], remarks: [], command: 'seqrec reproduce x' });
    expect(page).not.toContain('sliding');
    expect(page).not.toContain('Relative gains');
  });

  it('names what is not in the table', () => {
    expect(() => defineTable({ ...table, gains: [{ over: 'A', rows: [], metrics: [] }] })).toThrow(
      'table: gains: expected a row; got A; control, sliding',
    );
  });
});
