// What a stranger does with examples/own-model: npm alone, the packages as they would be published, the command.
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servePage } from '../experiments/src/report/page/serve.ts';
import { chromiumPath, hasChromium, startChromium } from '../experiments/src/testing/chromium.ts';
import { lastLine, PACKAGES, type Packed, packAll, root, run } from './packed.ts';

let packed: Packed;
let place: string;
const seqrec = (...args: string[]) => run('npx', ['--no-install', 'seqrec', ...args], place);

beforeAll(() => {
  packed = packAll([...PACKAGES, 'experiments']);
  place = join(packed.folder, 'own-model');
  const left = /[\\/](node_modules|runs|\.cache|package-lock\.json)$/;
  cpSync(join(root, 'examples/own-model'), place, { recursive: true, filter: (path) => !left.test(path) });
  // Published packages would come from the registry; here the tarballs stand in for it. Scripts only build what is
  // optional.
  const tarballs = Object.values(packed.tarballs);
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', ...tarballs], place);
});
afterAll(() => packed?.remove());

interface Evaluated {
  readonly run: string;
  readonly metrics: Readonly<Record<string, number>>;
}
/** The run that the tests below share. */
const latest = (): Evaluated => JSON.parse(seqrec('evaluate', 'latest', '--quiet', '--json'));

describe('examples/own-model in an npm project', () => {
  it('the package of the command has nothing that publint remarks on, and its sources stay at home', async () => {
    const file = packed.tarballs['@seqrec/experiments'];
    const { messages, pkg } = await publint({ pack: { tarball: Uint8Array.from(readFileSync(file)).buffer } });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
    const files = run('tar', ['-tzf', file], packed.folder);
    expect(files).toContain('package/page/index.html');
    expect(files).not.toMatch(/package\/src\/|\.test\./);
  });

  it('has types, and its tests pass', () => {
    run('npx', ['--no-install', 'tsc'], place);
    const said = run('npm', ['test'], place);
    expect(said).toMatch(/pass [1-9]/);
    expect(said).toMatch(/fail 0/);
  });

  it('trains, resumes, evaluates and recommends', () => {
    seqrec('train', '--config', 'own.yaml', '--quiet', '--epochs', '3');
    const first = latest();
    expect(Object.keys(first.metrics)).toEqual(['HR@5', 'NDCG@5', 'HR@10', 'NDCG@10', 'MRR', 'RBP']);
    expect(first.metrics['HR@10']).toBeGreaterThan(0.5);
    const config = JSON.parse(readFileSync(join(place, 'runs', first.run, 'config.json'), 'utf8'));
    expect(config.plugins).toMatchObject([
      {
        name: './src/plugin.ts',
        defines: [
          'model own/decayed-mean',
          'task own/spread',
          'objective own/bpr',
          'tokenizer own/quantiles',
          'item vectors own/letters',
          'baseline own/fading-popularity',
          'metric RBP',
          'source own/orders',
          'windows own/both-ends',
        ],
      },
    ]);

    seqrec('train', '--resume', 'latest', '--quiet', '--epochs', '6');
    const whole = join(packed.folder, 'whole');
    seqrec('train', '--config', 'own.yaml', '--quiet', '--epochs', '6', '--out', whole);
    const digest = (out: string) =>
      seqrec('export', 'latest', '--checkpoint', 'last', '--digest', '--out', out).split(' ')[0];
    // Resumed is as good as never interrupted, bit for bit.
    expect(digest('runs')).toBe(digest(whole));

    const answer = seqrec('recommend', 'latest', '--history', 'tea,milk,bread', '-k', '3', '--json');
    expect(JSON.parse(answer).recommendations).toHaveLength(3);
    const described = seqrec('data', 'orders.txt', '--data.format', 'own/orders', '--plugin', './src/plugin.ts');
    expect(described).toMatch(/users +75\n/);
  });

  it('trains on windows by a rule of its own', () => {
    const out = join(packed.folder, 'windows');
    const of = ['--windows.policy', 'own/both-ends', '--model.maxSequenceLength', '5', '--epochs', '2', '--out', out];
    seqrec('train', '--config', 'own.yaml', '--quiet', ...of);
    const config = readFileSync(join(out, readdirSync(out)[0], 'config.json'), 'utf8');
    expect(JSON.parse(config).config.windows).toEqual({ policy: 'own/both-ends', every: 2 });
  });

  it('runs a benchmark of its own beside models of ours', () => {
    const said = seqrec('benchmark', './benchmark.ts', '--quick', '--losses', 'sampled,BPR', '--quiet');
    for (const row of ['SASRec, sampled', 'HSTU, BPR', 'Decayed mean, BPR']) expect(said).toContain(`| ${row} `);
    expect(said).toContain('training FLOPs');
    expect(said).toContain('| own/fading-popularity ');
  });

  it('gives items codes by a tokenizer of its own, which a run of generation and a file of ids keep', () => {
    const out = join(packed.folder, 'codes');
    seqrec('train', '--config', 'codes.yaml', '--quiet', '--epochs', '3', '--out', out);
    const answer = seqrec('recommend', 'latest', '--out', out, '--history', 'tea,milk,bread', '-k', '3', '--json');
    expect(JSON.parse(answer).recommendations).toHaveLength(3);
    const ids = join(packed.folder, 'own.ids.safetensors');
    const of = ['--ids.vectors', '[{"kind":"behaviour","width":8}]', '--ids.tokenizer.kind', 'own/quantiles'];
    const data = ['orders.txt', '--data.format', 'own/orders', '--plugin', './src/plugin.ts'];
    const said = seqrec('ids', 'fit', ...data, ...of, '--ids.tokenizer.codes', '5', '--to', ids);
    expect(said).toContain('own/quantiles, levels 3, codes 5');
    expect(seqrec('ids', 'show', ids, '--plugin', './src/plugin.ts')).toContain('5 x 5 x 5');
    const letters = ['--ids.vectors', '[{"kind":"own/letters"},{"kind":"behaviour","width":8}]'];
    expect(seqrec('ids', 'fit', ...data, ...letters, '--ids.tokenizer.codes', '8', '--to', ids)).toMatch(
      /vectors +own\/letters beside behaviour/,
    );
  });

  it('its checkpoint loads with @seqrec/models once the plug-in is imported', () => {
    writeFileSync(
      join(place, 'load.mjs'),
      `import { loadModel } from '@seqrec/models';
import { useBackend } from '@seqrec/core';
await useBackend('cpu');
const file = process.argv[2];
const without = await loadModel(file).catch(({ message }) => message);
await import('./src/plugin.ts');
console.log(JSON.stringify({ without, kind: (await loadModel(file)).kind }));
`,
    );
    const file = join(place, 'runs', latest().run, 'checkpoints/best.safetensors');
    const said = lastLine<{ without: string; kind: string }>(run(process.execPath, ['load.mjs', file], place));
    expect(said.kind).toBe('own/decayed-mean');
    expect(said.without).toBe(
      `checkpoint: ${file}: expected a model of a kind that is known; got 'own/decayed-mean'; it comes from the plug-in ./src/plugin.ts: import that first; on the command line --plugin ./src/plugin.ts`,
    );
  });

  if (!hasChromium) console.log(`no Chromium at ${chromiumPath} (SEQREC_CHROMIUM names another): the page is not run`);

  it('its page is written, and recommends as the command does', async () => {
    seqrec('page', 'latest', '--no-serve', '--to', 'site');
    if (!hasChromium) return;
    const answer = seqrec('recommend', 'latest', '--history', 'tea,milk,bread', '-k', '10', '--json');
    const expected = JSON.parse(answer).recommendations as { item: string; score: number }[];
    const server = await servePage(join(place, 'site'), { port: 0 });
    const browser = await startChromium();
    try {
      const page = await browser.newPage();
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (message) => {
        if (message.text() !== 'No available adapters.') complaints.push(message.text());
      });
      await page.goto(`${server.url}#history=tea,milk,bread`);
      await page.waitForSelector('body[data-answered="3"]');
      const shown = await page
        .locator('#next li')
        .evaluateAll((entries) => (entries as HTMLElement[]).map(({ dataset }) => Number(dataset.score)));
      expect(complaints).toEqual([]);
      expect(shown).toHaveLength(expected.length);
      for (const [i, score] of shown.entries()) expect(Math.abs(score - expected[i].score)).toBeLessThan(1e-5);
    } finally {
      await browser.close();
      await server.close();
    }
  });
});
