// The commands of the README as they stand there, run in order in an empty folder; the TypeScript example too.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

export const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
export const folder = mkdtempSync(join(tmpdir(), 'seqrec-readme-'));
/** The licence of ML-100K forbids a copy in the repository. */
export const hasData = existsSync(join(process.env.SEQREC_DATA ?? 'nowhere', 'ml-100k.zip'));

export const blocks = Array.from(readme.matchAll(/```sh run\n([\s\S]*?)```/g), (match) =>
  match[1].split('\n').filter((line) => line.startsWith('npx')),
);
export const example = readme.match(/```ts\n([\s\S]*?)```/)?.[1] ?? '';

/** Splits a command line at spaces outside double quotes. */
function words(line: string): string[] {
  return Array.from(line.matchAll(/"([^"]*)"|(\S+)/g), (match) => match[1] ?? match[2]);
}

export function seqrec(line: string): string {
  const [npx, yes, pnpm, name, ...args] = words(line);
  expect([npx, yes, pnpm, name]).toEqual(['npx', '-y', 'pnpm@12', 'seqrec']);
  const program = join(root, 'experiments/bin/seqrec.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${line}\nended with ${status}\n${stdout}\n${stderr}`);
  return stdout;
}
