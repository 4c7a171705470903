import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineBaseline } from '@seqrec/models';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { itInFull } from '../../../../test/part.ts';
import { main } from '../../main.ts';
import { tinyRecipe } from '../../testing/run-cli.ts';
import type { RunResults } from '../folder/results.ts';
import { listRuns } from '../folder/run-dir.ts';
import { tooLarge } from './baselines.ts';

const out = mkdtempSync(join(tmpdir(), 'seqrec-baselines-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));

async function run(
  ...argv: string[]
): Promise<{ readonly code: number; readonly output: string; readonly errors: string }> {
  const [output, errors]: string[][] = [[], []];
  const spies = [
    vi.spyOn(console, 'log').mockImplementation((...parts) => void output.push(parts.join(' '))),
    vi.spyOn(console, 'error').mockImplementation((...parts) => void errors.push(parts.join(' '))),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => errors.push(String(text)) > 0),
  ];
  try {
    return { code: await main(argv), output: output.join('\n'), errors: errors.join('\n') };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** Trains the tiny recipe for an epoch; its results and what it printed. */
async function train(...options: string[]) {
  const before = new Set(listRuns(out));
  const { code, output, errors } = await run('train', ...tinyRecipe, '--epochs', '1', '--out', out, ...options);
  expect(code, errors).toBe(0);
  const id = listRuns(out).find((each) => !before.has(each)) as string;
  const folder = join(out, id);
  const results = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) as RunResults;
  return { id, folder, results, output, errors };
}

describe('baselines beside a model', () => {
  itInFull('all four, by name with commas; the verdict stands in terminal, results, report and evaluate', async () => {
    const names = ['popularity', 'item-knn', 'last-item', 'ease'];
    const { folder, results, output, errors } = await train('--evaluation.baselines', names.join(','));
    expect(results.baselines.filter(({ split }) => split === 'test').map(({ name }) => name)).toEqual(names);
    expect(results.verdict?.map(({ baseline }) => baseline)).toEqual(names);
    expect(results.leftOut).toEqual([]);
    for (const { baseline, differences } of results.verdict ?? []) {
      const own = results.baselines.find(({ name, split }) => name === baseline && split === 'test');
      expect(differences.map(({ metric }) => metric)).toEqual(['HR@10', 'NDCG@10']);
      for (const { metric, a, b } of differences) {
        expect(a).toBeCloseTo(own?.metrics[metric] as number, 12);
        expect(b).toBeCloseTo(results.final?.metrics[metric] as number, 12);
      }
    }
    expect(results.definitions.join('\n')).toMatch(/Baseline ease: .* lambda 500\./);
    expect(output).toMatch(/verdict: synthetic\/hstu on the test set (loses to|beats)/);
    // Memory is told before the inverse is begun, times afterwards.
    expect(errors).toMatch(
      /ease: inverts 300 items at most, in 4\.\d MiB[\s\S]*baselines: popularity .* s, .*ease .* s/,
    );
    const report = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(report).toContain('<h2>Verdict</h2>');
    const lost = results.verdict?.some(({ outcome }) => outcome === 'loses' || outcome === 'mixed');
    expect(report.includes('class="loses"')).toBe(lost);

    const evaluate = async (...options: string[]) => {
      const { code, output: text } = await run('evaluate', folder, '--checkpoint', 'last', '--json', ...options);
      expect(code).toBe(0);
      return JSON.parse(text) as { verdict: unknown; definition: string[]; leftOut: unknown };
    };
    const kept = await evaluate();
    expect(kept.verdict).toEqual(results.verdict);
    expect(kept.definition.at(-1)).toContain('Baseline ease: ');
    expect(readdirSync(join(folder, 'baselines'))).toContain('test-ease.safetensors');
    rmSync(join(folder, 'baselines'), { recursive: true });
    expect((await evaluate()).verdict).toEqual(results.verdict);
    expect((await evaluate('--baselines', 'none')).verdict).toEqual([]);
    expect((await evaluate('--baselines', 'last-item')).verdict).toEqual([results.verdict?.[2]]);

    // Which baselines stand beside a run decides none of its weights: it may be gone on with others.
    expect((await run('train', '--resume', folder, '--evaluation.baselines', 'item-knn')).code).toBe(0);
    const again = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) as RunResults;
    expect(again.verdict).toEqual([results.verdict?.[1]]);
    expect(again.final).toEqual(results.final);
  });

  it('the others, with settings of their own', async () => {
    const names = ['markov', 'random-walk', 'slim'];
    const { results } = await train(
      '--evaluation.baselines',
      ['recent-popularity', ...names].join(','),
      '--evaluation.randomWalk.beta=0.2',
      '--evaluation.slim.l1=2',
    );
    expect(results.baselines.filter(({ split }) => split === 'test').map(({ name }) => name)).toEqual(names);
    const definitions = results.definitions.join('\n');
    // These data have no times.
    expect(results.leftOut).toMatchObject([
      { name: 'recent-popularity', reason: expect.stringContaining('without times') },
    ]);
    expect(definitions).toMatch(/Baseline random-walk: .* alpha 1, beta 0\.2\./);
    expect(definitions).toMatch(/Baseline slim: .* l1 2, l2 50\./);
    expect(definitions).toContain('Baseline markov: how often the item came right after the last one');
  });

  it('EASE just above the limit is not said to need as much as it may have', () => {
    expect(tooLarge('ease', 2050 * 2 ** 20, 2048)).toBe(
      'needs a little more than 2.0 GiB; --evaluation.ease.maxMemory 2050 takes it',
    );
  });

  it('EASE above the limit of memory, and the last item without seen items, are left out with the reason', async () => {
    const { results, output, errors } = await train(
      '--evaluation.baselines=ease,last-item',
      '--evaluation.ease.maxMemory=1',
      '--evaluation.excludeSeen=true',
    );
    expect(results.baselines).toEqual([]);
    expect(results.verdict).toEqual([]);
    const flat = output.replaceAll(/\s+/g, ' ');
    expect(flat).toMatch(
      /ease is left out: needs 4\.\d MiB, more than 1\.0 MiB; --evaluation\.ease\.maxMemory 5 takes it/,
    );
    expect(flat).toContain('last-item is left out: does not apply where items of the history are no candidates');
    expect(flat).toContain('verdict: no verdict on synthetic/hstu: no baseline stands beside it');
    expect(errors).not.toContain('ease: inverts');
  });

  it.each([
    [
      ['--evaluation.baselines', 'popularity,knn'],
      '--evaluation.baselines.1: expected one of "popularity", "recent-popularity"',
    ],
    [['--evaluation.baselines', 'ease,ease'], 'expected each baseline once'],
    [['--evaluation.ease.lambda', '0'], '--evaluation.ease.lambda: expected a number above 0; got 0'],
    [['--evaluation.ease.lamda', '5'], '--evaluation.ease.lamda: unknown key; did you mean --evaluation.ease.lambda?'],
  ])('%j is refused', async (options, message) => {
    const { code, errors } = await run('train', ...tinyRecipe, '--out', out, ...options);
    expect(errors).toContain(message);
    expect(code).toBe(2);
  });

  it('a baseline that evaluate does not know is refused', async () => {
    const { code, errors } = await run('evaluate', 'latest', '--baselines', 'ease,knn', '--out', out);
    expect(errors).toContain(
      '--baselines: expected one of popularity, recent-popularity, item-knn, last-item, markov, random-walk, ease, slim; got "knn"',
    );
    expect(code).toBe(2);
  });

  // Last: what it defines stays known in this process.
  it('one of a plug-in that fails is left out with what it says, and the others stand', async () => {
    const scorer = { description: 'nothing.', numItems: 300 };
    defineBaseline({
      name: 'test/throws',
      fit: () => {
        throw new TypeError('no table of neighbours');
      },
    });
    const nan = (_: unknown, out: Float32Array) => void out.fill(Number.NaN);
    defineBaseline({ name: 'test/nan', fit: () => ({ ...scorer, name: 'test/nan', score: nan }) as never });
    const { results } = await train('--evaluation.baselines', 'test/throws,popularity,test/nan');
    expect(results.status).toBe('finished');
    expect(results.leftOut).toMatchObject([
      { name: 'test/throws', reason: 'no table of neighbours' },
      { name: 'test/nan', reason: expect.stringContaining('the weights or scores behind it are probably not finite') },
    ]);
    expect(results.baselines.map(({ name }) => name)).toContain('popularity');
    expect(results.final?.metrics['HR@10']).toBeGreaterThanOrEqual(0);
  });
});
