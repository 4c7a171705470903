import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readEarlierGrids, withIncluded } from './included.ts';
import type { BenchmarkResult, GridRow } from './result.ts';
import { benchmarkSections } from './sections.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-benchmark-included-'));
afterAll(() => rmSync(folder, { recursive: true }));

const benchmark = {
  data: { small: {}, large: {} },
  protocols: { last: { changes: {} } },
  models: { A: { recipe: 'ml-100k/sasrec' }, B: { recipe: 'ml-100k/hstu' } },
};

const row = (data: string, model: string, seed: number, hits: number, more: Partial<GridRow> = {}): GridRow => ({
  ...{ data, protocol: 'last', test: '', row: model, model, isBaseline: false, seed, run: `${model}-${seed}` },
  ...{ metrics: { 'HR@10': hits }, ranks: '', epochs: 2, ...more },
});
const popularity = (data: string, hits = 0.05): GridRow => ({
  ...{ data, protocol: 'last', test: '', row: 'popularity', isBaseline: true, metrics: { 'HR@10': hits }, ranks: '' },
});
const counts = (data: string, users = 10) => ({
  ...{ data, protocol: 'last', users, items: 5, events: 90, train: 10, validation: 10, tests: { '': 10 } },
  ...{ segments: {}, steps: [] },
});
const cost = (data: string, model: string, epochs: number) => ({
  ...{ row: `${data}, last, ${model}`, machine: 'one', epochs, steps: 4, tokens: 8 },
  ...{ trainingSeconds: 1, evaluationSeconds: 1 },
});
const comparison = (data: string, best: string, names: readonly string[]) => ({
  ...{ data, protocol: 'last', test: '' },
  rows: names.map((name) => ({
    ...{ row: name, best, difference: -0.1, low: -0.2, high: 0, behind: 1, ahead: 0, equal: 0 },
  })),
});

function result(more: Partial<BenchmarkResult>): BenchmarkResult {
  return {
    ...{ name: 'tiny', title: 'tiny', source: 'nowhere', command: 'seqrec benchmark tiny', notes: [], remarks: [] },
    ...{ metrics: ['HR@10'], published: [], counts: [], rows: [], comparisons: [], costs: [], ...more },
  };
}

function saved(name: string, of: unknown, kind = 'benchmark'): string {
  const file = join(folder, name);
  const about = { kind, command: `seqrec ${kind} tiny --${name}`, date: '2026-11-30' };
  writeFileSync(file, JSON.stringify({ ...about, version: { commit: '0123456789', node: 'v24' }, result: of }));
  return file;
}

const own = result({
  rows: [popularity('large'), row('large', 'A', 1, 0.3, { parameters: 6 })],
  counts: [counts('large')],
  comparisons: [comparison('large', 'A', ['popularity'])],
  costs: [cost('large', 'A', 3)],
});

const planned = [{ data: 'large', protocol: 'last', row: 'A', seeds: [1] }];

describe('rows of earlier results', () => {
  it('add other data, other models and other seeds, in the order of the benchmark', () => {
    const file = saved(
      'first',
      result({
        rows: [
          // A model and data of YAML files that are not asked for now.
          ...[popularity('shop'), row('shop', 'A', 1, 0.4)],
          ...[popularity('small'), row('small', 'B', 1, 0.2), row('small', 'mine', 1, 0.1)],
          ...[popularity('large'), row('large', 'A', 1, 0.99), row('large', 'A', 2, 0.5), row('large', 'B', 1, 0.6)],
        ],
        counts: [counts('shop', 3), counts('small', 7), counts('large')],
        comparisons: [comparison('small', 'B', ['popularity']), comparison('large', 'B', ['A', 'popularity'])],
        costs: [cost('small', 'B', 5), cost('large', 'B', 6), cost('large', 'A', 7)],
        notes: ['small is small'],
      }),
    );
    const merged = withIncluded(own, readEarlierGrids([file], 'tiny'), { benchmark, planned });
    expect(merged.rows.map(({ data, row: name, seed, metrics }) => [data, name, seed, metrics['HR@10']])).toEqual([
      ...[
        ['small', 'popularity', undefined, 0.05],
        ['small', 'B', 1, 0.2],
        ['small', 'mine', 1, 0.1],
      ],
      ...[
        ['large', 'popularity', undefined, 0.05],
        // Run now, whatever was saved.
        ['large', 'A', 1, 0.3],
        ['large', 'A', 2, 0.5],
        ['large', 'B', 1, 0.6],
      ],
      ['shop', 'popularity', undefined, 0.05],
      ['shop', 'A', 1, 0.4],
    ]);
    expect(merged.counts.map(({ data, users }) => [data, users])).toEqual([
      ['small', 7],
      ['large', 10],
      ['shop', 3],
    ]);
    expect(merged.notes).toEqual(['small is small']);
    expect(merged.remarks).toEqual([
      'Not run again: shop, last: A (seed 1); small, last: B (seed 1), mine (seed 1); large, last: A (seed 2), B (seed 1), of 2026-11-30 at commit 01234567, `seqrec benchmark tiny --first`.',
    ]);
    // Of A one seed was run now and the other not: the cost is that of now.
    expect(merged.costs.map(({ row: name, epochs }) => [name, epochs])).toEqual([
      ['large, last, A', 3],
      ['small, last, B', 5],
      ['large, last, B', 6],
    ]);
    expect(merged.comparisons.map(({ data, rows }) => [data, rows.map((each) => each.row)])).toEqual([
      ['small', ['popularity']],
      // Of what was saved that of A is not there, one seed of which was run now.
      ['large', ['popularity']],
      ['large', ['popularity']],
    ]);
    const sections = benchmarkSections(merged);
    const [small, large] = sections.filter(({ title }) => title.endsWith(', last'));
    expect(small.rows.map((each) => each.slice(0, 3))).toEqual([
      ['B', '1', '.2000'],
      ['mine', '1', '.1000'],
      ['popularity', '', '.0500'],
    ]);
    expect(large.rows.map((each) => each.slice(0, 2))).toEqual([
      ['B', '1'],
      ['A', '2'],
      ['popularity', ''],
    ]);
    const beyond = sections.filter(({ title }) => title.endsWith('beyond noise'));
    expect(beyond.map(({ note }) => /(the best model.*?), paired/.exec(note ?? '')?.[1])).toEqual([
      'the best model',
      'the best model of those that were run together',
      'the best model',
    ]);
  });

  it('are refused of something else, of other data and of other rules', () => {
    const grids = (...files: string[]) => withIncluded(own, readEarlierGrids(files, 'tiny'), { benchmark, planned });
    const other = saved('other', { ...result({}), name: 'another' });
    expect(() => grids(other)).toThrow(
      `--include: ${other}: expected a result of \`seqrec benchmark tiny --save\`; got seqrec benchmark tiny --other`,
    );
    const printed = saved('printed', [{ lines: ['tiny'] }]);
    expect(() => grids(printed)).toThrow('expected figures; got tables as they were printed');
    const none = saved('none', result({ rows: [popularity('large'), row('large', 'A', 1, 0.3)] }));
    expect(() => grids(none)).toThrow(`--include: ${none}: expected rows that are not run now; got none`);
    const data = saved('data', result({ rows: [row('large', 'B', 1, 0.3)], counts: [counts('large', 11)] }));
    expect(() => grids(data)).toThrow(
      /--include: .*data: expected large, last with the counts \{"users":10,.*got \{"users":11,/,
    );
    const rules = saved('rules', result({ rows: [popularity('large', 0.06), row('large', 'B', 1, 0.3)] }));
    expect(() => grids(rules)).toThrow(
      'expected HR@10 0.05 of popularity on large, last, as here; got 0.06: measured by other rules',
    );
    const seeds = saved('seeds', result({ rows: [row('large', 'A', 2, 0.3)], remarks: ['training.patience 20'] }));
    expect(() => grids(seeds)).toThrow(
      /all seeds of large, last, A trained alike, \{"changed":\[\],"parameters":6\}; got \{"changed":\["training.patience 20"\]\}/,
    );
    const edited = saved('edited', result({ rows: [row('large', 'A', 2, 0.3, { definition: 'b' })] }));
    const defined = [{ ...planned[0], definition: 'a' }];
    const trainedLater = { ...own, rows: [popularity('large')] };
    expect(() =>
      withIncluded(trainedLater, readEarlierGrids([edited], 'tiny'), { benchmark, planned: defined }),
    ).toThrow(/trained alike, \{"changed":\[\],"definition":"a"\}; got \{"changed":\[\],"definition":"b"\}/);
    expect(grids(edited).rows).toHaveLength(3);
    const wide = saved('wide', result({ rows: [row('large', 'A', 2, 0.3, { parameters: 7 })] }));
    expect(() => grids(wide)).toThrow('trained alike');
    const [second, third] = [2, 3].map((seed) =>
      saved(`seed-${seed}`, result({ rows: [row('large', 'B', seed, 0.3, { parameters: seed })] })),
    );
    expect(() => grids(second, third)).toThrow(
      `--include: ${third}: expected all seeds of large, last, B trained alike`,
    );
    const tuning = '3 trials, 1.00e+8 FLOP';
    const searched = saved('searched', result({ rows: [row('large', 'A', 2, 0.3, { tuning })] }));
    expect(() => grids(searched)).toThrow(
      'A trained alike, {"changed":[],"parameters":6}; got {"changed":[],"tuned":true}',
    );
    const given = saved('given', result({ rows: [row('large', 'A', 2, 0.3)] }));
    const toTune = { benchmark, planned: [{ ...planned[0], tuning }] };
    expect(() => withIncluded(trainedLater, readEarlierGrids([given], 'tiny'), toTune)).toThrow(
      'A trained alike, {"changed":[],"tuned":true}; got {"changed":[]}',
    );
    expect(withIncluded(trainedLater, readEarlierGrids([searched], 'tiny'), toTune).rows).toHaveLength(2);
    // All of it is told before anything has run, but for what is known of a trained model alone.
    const before = (file: string) =>
      withIncluded({ ...own, rows: [popularity('large')] }, readEarlierGrids([file], 'tiny'), { benchmark, planned });
    expect(() => before(seeds)).toThrow('trained alike');
    expect(() => before(none)).toThrow('expected rows that are not run now');
    expect(before(wide).rows).toHaveLength(2);
    // Another row may be: the remark says so.
    const changed = saved('changed', result({ rows: [row('large', 'B', 1, 0.3)], remarks: ['--quick: less.'] }));
    expect(grids(changed).remarks).toEqual([expect.stringMatching(/--changed`\. --quick: less\.$/)]);
    const [one, two] = [0.3, 0.4].map((hits) => saved(`with-${hits}`, result({ rows: [row('large', 'B', 1, hits)] })));
    expect(() => grids(one, two)).toThrow(
      `expected a row in one result, or with the same figures; got large, last, B, seed 1 in ${one} with HR@10 0.3 and in ${two} with HR@10 0.4`,
    );
    const older = saved('older', result({ rows: [row('large', 'B', 1, 0.3, { definition: 'older' })] }));
    expect(() => grids(one, older)).toThrow('expected a row in one result, or with the same figures');
  });

  it('that two of them have alike are those of the first, with the comparisons of both', () => {
    const seeds = saved(
      'three-seeds',
      result({
        rows: [1, 2, 3].map((seed) => row('large', 'B', seed, seed / 10)),
        comparisons: [comparison('large', 'B', ['popularity'])],
        costs: [cost('large', 'B', 6)],
      }),
    );
    const grid = saved(
      'first-seed',
      result({
        rows: [row('large', 'B', 1, 0.1), row('large', 'C', 1, 0.7)],
        comparisons: [comparison('large', 'C', ['B'])],
        costs: [cost('large', 'B', 2), cost('large', 'C', 2)],
      }),
    );
    const merged = withIncluded(own, readEarlierGrids([seeds, grid], 'tiny'), { benchmark, planned });
    expect(merged.rows.map(({ row: name, seed }) => [name, seed])).toEqual([
      ...[
        ['popularity', undefined],
        ['A', 1],
      ],
      ...[
        ['B', 1],
        ['B', 2],
        ['B', 3],
        ['C', 1],
      ],
    ]);
    expect(merged.comparisons.map(({ rows }) => rows.map(({ row: name, best }) => `${name} < ${best}`))).toEqual([
      ['popularity < A'],
      ['popularity < B'],
      ['B < C'],
    ]);
    expect(merged.costs.map(({ row: name, epochs }) => [name, epochs])).toEqual([
      ['large, last, A', 3],
      ['large, last, B', 6],
      ['large, last, C', 2],
    ]);
    expect(merged.remarks).toHaveLength(2);
  });

  it('bring their comparisons of other rows, and those over more seeds, and say of which', () => {
    const of = (seeds: readonly number[], best: string, names: readonly string[]) => {
      const { rows, ...place } = comparison('large', best, names);
      return { ...place, rows: rows.map((each) => ({ ...each, seeds, behind: seeds.length })) };
    };
    const third = { ...own, rows: [popularity('large'), row('large', 'A', 3, 0.3)] };
    const toRun = { benchmark, planned: [{ ...planned[0], seeds: [3] }] };
    const notes = (now: BenchmarkResult, ...before: ReturnType<typeof of>[]) => {
      const rows = [1, 2].flatMap((seed) => ['A', 'B'].map((name) => row('large', name, seed, 0.3)));
      const file = saved('compared', result({ rows, comparisons: before }));
      const sections = benchmarkSections(withIncluded(now, readEarlierGrids([file], 'tiny'), toRun));
      return sections.flatMap(({ title, note = '', rows: shown }) =>
        title.endsWith('beyond noise')
          ? [[/of (\w), /.exec(note)?.[1], /mean over (.*), and its/.exec(note)?.[1], ...shown.map(([name]) => name)]]
          : [],
      );
    };
    const now = { ...third, comparisons: [of([3], 'A', ['popularity'])] };
    expect(notes(now, of([1, 2], 'A', ['B', 'popularity']))).toEqual([['A', 'seeds 1, 2', 'B', 'popularity']]);
    expect(notes(now, of([1, 2], 'B', ['A', 'popularity']))).toEqual([
      ['A', 'seed 3 alone', 'popularity'],
      ['B', 'seeds 1, 2', 'A', 'popularity'],
    ]);
    // The same pair the other way round, over as many seeds.
    const both = { ...third, comparisons: [of([3], 'A', ['B'])] };
    expect(notes(both, of([1], 'B', ['A']))).toEqual([['A', 'seed 3 alone', 'B']]);
    expect(notes(both, of([1, 2], 'B', ['A']))).toEqual([['B', 'seeds 1, 2', 'A']]);
    // Before seeds were kept.
    const { rows: compared, ...place } = of([1, 2], 'A', ['B', 'popularity']);
    expect(notes(now, { ...place, rows: compared.map(({ seeds: _, ...each }) => each as never) })).toEqual([
      ['A', 'seeds', 'B', 'popularity'],
    ]);
    const mixed = { ...place, rows: [...compared.slice(0, 1), ...of([1], 'A', ['popularity']).rows] };
    expect(notes(third, mixed)[0]).toContain('the seeds that both have');
  });

  it('remember what was changed for them, through one result after another', () => {
    const grids = (of: BenchmarkResult, ...files: string[]) =>
      withIncluded(of, readEarlierGrids(files, 'tiny'), { benchmark, planned });
    const published = [{ data: 'large', protocol: 'last', model: 'B', figures: { 'HR@10': 0.3 } }];
    const full = { ...own, published, tolerance: 0.1 };
    const said = (of: BenchmarkResult) => benchmarkSections(of)[0].rows.find(([name]) => name === 'B')?.[3];
    const alike = saved('alike', result({ rows: [row('large', 'B', 1, 0.3)] }));
    expect(said(grids(full, alike))).toBe('.3000 (1.00 times, reproduced)');
    const quick = saved('quick', result({ rows: [row('large', 'B', 1, 0.3)], remarks: ['--quick: less.'] }));
    const once = grids(full, quick);
    expect(once.rows.find(({ row: name }) => name === 'B')?.changed).toEqual(['--quick: less.']);
    expect(said(once)).toBe('.3000 (1.00 times)');
    const again = grids(full, saved('again', once));
    expect(again.rows.find(({ row: name }) => name === 'B')?.changed).toEqual(['--quick: less.']);
    const second = saved('second-seed', result({ rows: [row('large', 'B', 2, 0.3)] }));
    expect(() => grids(full, saved('mixed', once), second)).toThrow(
      'expected all seeds of large, last, B trained alike, {"changed":["--quick: less."]}; got {"changed":[]}',
    );
  });
});
