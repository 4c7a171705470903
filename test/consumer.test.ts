// What another project gets: the packages are packed as they would be published, installed into a fresh pnpm project
// from the tarballs, and used from plain JavaScript on the built files.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'seqrec-consumer-'));
const project = join(folder, 'project');

const program = `
import { useBackend } from '@seqrec/core';
import { interactionsFromArrays, latestWindow, trainTest } from '@seqrec/data';
import { createModel, createTrainer, evaluate } from '@seqrec/models';

const choice = await useBackend('auto');
const users = [], items = [], timestamps = [];
for (let user = 0; user < 40; user++) {
  for (let i = 0; i < 12; i++) {
    users.push('u' + user);
    items.push('i' + ((user + i) % 20));
    timestamps.push(i * 60);
  }
}
const data = interactionsFromArrays({ name: 'ring', users, items, timestamps });
const split = trainTest(data);
const model = createModel({ kind: 'hstu', embeddingDim: 16, maxSequenceLength: 10, numBlocks: 1, numHeads: 1, dqk: 16, dv: 16 }, { numItems: data.numItems, seed: 1 });
const trainer = createTrainer({ model, examples: latestWindow(split.train, { maxLength: 10 }), batchSize: 20, learningRate: 0.01, numNegatives: 8, seed: 1 });
const losses = [];
for (let step = 0; step < 10; step++) losses.push((await trainer.step()).loss);
const { metrics } = await evaluate({ model, examples: latestWindow(split.test, { maxLength: 10 }), ks: [1, 10] });
console.log(JSON.stringify({ backend: choice.name, variant: choice.details?.variant, losses, metrics }));
`;

interface Output {
  readonly backend: string;
  readonly losses: readonly number[];
  readonly metrics: Readonly<Record<string, number>>;
}

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, CI: 'true', NODE_OPTIONS: '' },
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

/** pnpm itself, as it started these tests; npx otherwise. */
function pnpm(args: readonly string[], cwd: string): string {
  const path = process.env.npm_execpath;
  if (path?.includes('pnpm')) {
    return /\.[cm]?js$/.test(path) ? run(process.execPath, [path, ...args], cwd) : run(path, args, cwd);
  }
  return run('npx', ['-y', 'pnpm@12', ...args], cwd);
}

describe('the packed packages in another project', () => {
  let output: Output;

  beforeAll(() => {
    mkdirSync(project, { recursive: true });
    for (const name of ['core', 'data', 'models'])
      pnpm(['pack', '--pack-destination', folder], join(root, 'packages', name));
    const tarball = (name: string): string => {
      const file = readdirSync(folder).find((entry) => entry.startsWith(`seqrec-${name}-`) && entry.endsWith('.tgz'));
      return `file:${join(folder, file as string)}`;
    };
    const packages = {
      '@seqrec/core': tarball('core'),
      '@seqrec/data': tarball('data'),
      '@seqrec/models': tarball('models'),
    };
    const manifest = { name: 'consumer', private: true, type: 'module', dependencies: packages };
    writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
    // Published packages would come from the registry; here the tarballs stand in for it.
    const overrides = Object.entries(packages).map(([name, spec]) => `  '${name}': ${spec}`);
    const scripts = ['@tensorflow/tfjs-node-gpu', 'core-js', 'webgpu'].map((name) => `  '${name}': false`);
    writeFileSync(
      join(project, 'pnpm-workspace.yaml'),
      ['allowBuilds:', ...scripts, 'overrides:', ...overrides, ''].join('\n'),
    );
    pnpm(['install', '--no-frozen-lockfile'], project);
    writeFileSync(join(project, 'train.js'), program);
    output = JSON.parse(run(process.execPath, ['train.js'], project).trim().split('\n').at(-1) as string) as Output;
  }, 300_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('runs on the compiled kernels that the tarball ships', () => {
    expect(output.backend).toBe('simd');
  });

  it('trains ten steps and evaluates', () => {
    expect(output.losses).toHaveLength(10);
    expect(output.losses.at(-1)).toBeLessThan(output.losses[0]);
    expect(output.metrics['HR@10']).toBeGreaterThan(0);
  });

  it('ships no sources and no tests', () => {
    const files = run(
      'tar',
      [
        '-tzf',
        readdirSync(folder)
          .filter((f) => f.startsWith('seqrec-core'))
          .map((f) => join(folder, f))[0],
      ],
      folder,
    );
    expect(files).toContain('package/dist/index.js');
    expect(files).toContain('package/dist/backends/simd/wasm/relaxed.wasm');
    expect(files).not.toMatch(/\.test\.|\/src\/|conformance/);
  });
});
