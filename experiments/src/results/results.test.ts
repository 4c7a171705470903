import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { docPages } from './docs.ts';
import { figuresPage, fillPage, shownIn, withIncluded } from './figures.ts';
import { coreName } from './machine.ts';
import { readResults, resultsFolder, type SavedResult, saveFolder, saveResult } from './saved.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-results-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const threads = {
  recipe: 'ml-1m/hstu',
  tokens: 1000,
  rounds: 2,
  contestants: [
    { threads: 1, seconds: [0.2, 0.1] },
    { threads: 2, seconds: [0.123456789, 0.05] },
  ],
};

describe('saved results', () => {
  const argv = ['bench', 'threads', '--save', folder, '--threads', '1,2', '--quiet', '--data=elsewhere'];
  const measured = { ...threads, environment: { node: 'v1', command: ['--save', folder] } };
  const file = saveResult(folder, 'bench threads', measured, argv);
  const saved = readResults(folder);

  it('keep command, machine, version and day, and six digits', () => {
    const [[name, one]] = [...saved];
    expect(relative(folder, file)).toBe(name);
    expect(name).toMatch(/^[a-z0-9.-]+\/bench-threads-threads-1-2\.json$/);
    expect(one).toMatchObject({ kind: 'bench threads', command: 'seqrec bench threads --threads 1,2' });
    expect(one.date).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(one.machine?.cores).toBeGreaterThan(0);
    expect(one.version.node).toBe(process.version);
    expect((one.result as typeof threads).contestants[1].seconds).toEqual([0.123457, 0.05]);
    expect(JSON.stringify(one)).not.toContain(folder);
  });

  it('have the command without folders inside too, and no file that was read in their name', () => {
    const own = mkdtempSync(join(tmpdir(), 'seqrec-results-own-'));
    const words = [
      'reproduce',
      'x/y',
      '--rows',
      'A',
      '--include',
      'docs/results/a/b.json',
      '--out',
      folder,
      '--save',
      own,
    ];
    const typed = { name: 'x/y', command: ['seqrec', ...words].join(' ') };
    saveResult(own, 'reproduce', typed, words);
    const [[name, { command, result }]] = [...readResults(own)];
    rmSync(own, { recursive: true });
    expect(name).toMatch(/\/reproduce-x-y-rows-a\.json$/);
    expect(command).toBe('seqrec reproduce x/y --rows A --include docs/results/a/b.json');
    expect(result).toEqual({ name: 'x/y', command });
  });

  it('of the repository name no folder of a machine', () => {
    for (const [name, one] of readResults(resultsFolder()))
      expect(JSON.stringify(one), name).not.toMatch(/--out |"\/(?!\*)[a-z]+\/|[ =]\/[a-z]+\//);
  });

  it('of the same command replace each other', () => {
    saveResult(folder, 'bench threads', threads, argv);
    expect(readResults(folder).size).toBe(1);
  });

  it('of another command that would have the name stand beside it', () => {
    const own = mkdtempSync(join(tmpdir(), 'seqrec-results-beside-'));
    const save = (models: string, ...more: string[]): string =>
      basename(saveResult(own, 'benchmark', {}, ['benchmark', 'x', '--models', models, ...more]));
    const name = save('SASRec');
    expect(name).toBe('benchmark-x-models-sasrec.json');
    const others = ['SASRec+', 'sasrec', '-sasrec'].map((models) => save(models));
    for (const other of others) expect(other).toMatch(/^benchmark-x-models-sasrec-[0-9a-f]{8}\.json$/);
    expect(new Set([name, ...others]).size).toBe(4);
    // The same commands again, whatever they include.
    expect(save('SASRec', '--include', 'a.json')).toBe(name);
    expect(save('SASRec', '--include=b c.json')).toBe(name);
    expect(save('SASRec')).toBe(name);
    expect(save('SASRec+', '--include', 'a,b c.json')).toBe(others[0]);
    expect(readResults(own).size).toBe(4);
    rmSync(own, { recursive: true });
  });

  it('stand on the page of figures unless another page shows them', () => {
    const page = figuresPage(saved, new Set());
    expect(page).toContain('### `seqrec bench threads --threads 1,2`');
    expect(page).toMatch(/\| 2 +\| 50\.0 +\| 86\.7 +\| 123\.5 +\| 2\.00 +\| 1\.73 +\|/);
    expect(figuresPage(saved, new Set(saved.keys()))).not.toContain('bench threads');
  });

  it('that another has included stand where it stands', () => {
    const [one] = saved.values();
    const files = new Map([
      ['a/new.json', { ...one, command: 'seqrec reproduce x/y --rows C --include docs/results/a/mid.json' }],
      [
        'a/mid.json',
        { ...one, command: "seqrec reproduce x/y --include 'docs/results/a/old.json,docs/results/b.json'" },
      ],
      ...['a/old.json', 'b.json', 'other.json'].map((file) => [file, one] as const),
    ]);
    expect([...withIncluded(['a/new.json'], files)]).toEqual(['a/new.json', 'a/mid.json', 'a/old.json', 'b.json']);
    expect([...withIncluded(['b.json'], files)]).toEqual(['b.json']);
  });

  it('fill the places that a page gives them, again and again', () => {
    const [name] = saved.keys();
    const page = `before\n<!-- result: ${name} tables 1 -->\nold\n<!-- end -->\nafter`;
    const filled = fillPage(page, saved);
    expect(filled).toMatch(/^before\n<!-- result: .* tables 1 -->\n\n\| threads [\s\S]*\n\n<!-- end -->\nafter$/);
    expect(filled).not.toContain('- recipe');
    expect(fillPage(filled, saved)).toBe(filled);
    expect(shownIn(filled)).toEqual([name]);
  });

  it('that are not there are errors', () => {
    const [name] = saved.keys();
    expect(() => fillPage('<!-- result: gone.json -->\n<!-- end -->', saved)).toThrow(
      'docs: expected docs/results/gone.json, which a page shows; it is not there',
    );
    expect(() => fillPage(`<!-- result: ${name} tables 2 -->\n<!-- end -->`, saved)).toThrow(
      `docs: ${name}: expected table 2; it has 1`,
    );
    const foreign = new Map<string, SavedResult>([['x.json', { ...saved.get(name)!, kind: 'bench luck' }]]);
    expect(() => figuresPage(foreign, new Set())).toThrow(/docs\/results\/x\.json: expected a kind .*got "bench luck"/);
  });
});

it('--save takes a folder, or none for that of the repository', () => {
  expect(saveFolder(undefined)).toBeUndefined();
  expect(saveFolder(true)).toMatch(/docs[\\/]results$/);
  expect(saveFolder('here')).toBe('here');
  expect(() => saveFolder(['a', 'b'])).toThrow('--save: expected one folder; got a and b');
});

it('the core is named by the numbers of the processor', () => {
  const text = (vendor: string, family: number, model: number): string =>
    `processor\t: 0\nvendor_id\t: ${vendor}\ncpu family\t: ${family}\nmodel\t\t: ${model}\nmodel name\t: X\n`;
  expect(coreName(text('AuthenticAMD', 25, 17))).toBe('Zen 4');
  expect(coreName(text('AuthenticAMD', 26, 2))).toBe('Zen 5');
  expect(coreName(text('AuthenticAMD', 25, 1))).toBe('Zen 3');
  expect(coreName(text('GenuineIntel', 6, 173))).toBe('Granite Rapids');
});

describe('the docs', () => {
  it.each([...docPages()])('%s shows what docs/results holds (`seqrec figures` writes it)', (_, { is, should }) => {
    expect(is).toBe(should);
  });
});
