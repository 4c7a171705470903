// The packages as they would be published, and what a stranger does with them.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const PACKAGES = ['core', 'data', 'models'] as const;
/** A package of the workspace; `experiments` has the command. */
export type PackageName = (typeof PACKAGES)[number] | 'experiments';

/** Trains and evaluates a small model on the built files; prints a line of JSON. */
export const program = `
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

/** Recommends with a model of given weights, in Node or in a page; what it says is the same in both. */
export const recommender = `
import { useBackend } from '@seqrec/core';
import { createModel, recommend } from '@seqrec/models';

const choice = await useBackend('simd');
const shape = { embeddingDim: 16, maxSequenceLength: 10, numBlocks: 2, numHeads: 2, dqk: 8, dv: 8 };
const model = createModel({ kind: 'hstu', ...shape }, { numItems: 500, seed: 1 });
const history = [12, 7, 31, 7, 499];
const items = await recommend({ model, history, timestamps: history.map((_, i) => 60 * i), k: 5 });
const output = JSON.stringify({ backend: choice.name, threads: choice.details.threads, items });
if (globalThis.document === undefined) console.log(output);
else document.body.textContent = output;
`;

export interface Output {
  readonly backend: string;
  readonly losses: readonly number[];
  readonly metrics: Readonly<Record<string, number>>;
}

export function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, CI: 'true', NODE_OPTIONS: '' },
  });
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${status ?? error?.message}\n${stdout}\n${stderr}`);
  return stdout;
}

/** pnpm itself, as it started these tests; npx otherwise. */
export function pnpm(args: readonly string[], cwd: string): string {
  const path = process.env.npm_execpath;
  if (path?.includes('pnpm')) {
    return /\.[cm]?js$/.test(path) ? run(process.execPath, [path, ...args], cwd) : run(path, args, cwd);
  }
  return run('npx', ['-y', 'pnpm@12', ...args], cwd);
}

export interface Packed {
  /** A folder of its own outside the workspace. */
  readonly folder: string;
  /** The tarballs by package. */
  readonly tarballs: Readonly<Record<string, string>>;
  remove(): void;
}

/** Packs the three packages, or others, into a temporary folder. */
export function packAll(names: readonly PackageName[] = PACKAGES): Packed {
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-consumer-'));
  const tarballs: Record<string, string> = {};
  for (const name of names) {
    const place = name === 'experiments' ? join(root, name) : join(root, 'packages', name);
    pnpm(['pack', '--pack-destination', folder], place);
    const { version } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')) as { version: string };
    tarballs[`@seqrec/${name}`] = join(folder, `seqrec-${name}-${version}.tgz`);
  }
  return { folder, tarballs, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** An empty project with these files in it; returns its folder. */
export function project(packed: Packed, name: string, files: Readonly<Record<string, string>>): string {
  const place = join(packed.folder, name);
  mkdirSync(place, { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(join(place, file), content);
  return place;
}

/** The last line that a program printed, which is JSON. */
export function lastLine<T>(text: string): T {
  return JSON.parse(text.trim().split('\n').at(-1) as string) as T;
}
