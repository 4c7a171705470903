// The commands of the README are run as they stand, in order, in an empty folder; the TypeScript example too.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'seqrec-readme-'));
const hasData = existsSync(join(process.env.SEQREC_DATA ?? 'nowhere', 'ml-100k.zip'));

const blocks = Array.from(readme.matchAll(/```sh run\n([\s\S]*?)```/g), (match) =>
  match[1].split('\n').filter((line) => line.startsWith('npx')),
);
const example = readme.match(/```ts\n([\s\S]*?)```/)?.[1] ?? '';

/** Splits a command line at spaces outside double quotes. */
function words(line: string): string[] {
  return Array.from(line.matchAll(/"([^"]*)"|(\S+)/g), (match) => match[1] ?? match[2]);
}

function seqrec(line: string): string {
  const [npx, yes, pnpm, name, ...args] = words(line);
  expect([npx, yes, pnpm, name]).toEqual(['npx', '-y', 'pnpm@12', 'seqrec']);
  const program = join(root, 'experiments/bin/seqrec.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${line}\nended with ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

/** Customers walk round a ring of products, so that there is something to learn. */
function writeEvents(): void {
  const rows = ['customer,product,at'];
  for (let customer = 0; customer < 60; customer++) {
    for (let i = 0; i < 15; i++) rows.push(`c${customer},p${(customer * 3 + i) % 80},${1_700_000_000 + i * 3600}`);
  }
  writeFileSync(join(folder, 'my-events.csv'), `${rows.join('\n')}\n`);
}

describe('README', () => {
  beforeAll(writeEvents);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('has the blocks that are run here', () => {
    expect(blocks.map((lines) => lines.length)).toEqual([4, 1, 3]);
    expect(example).toContain('createTrainer');
  });

  // Needs ML-100K in SEQREC_DATA; the licence forbids a copy in the repository.
  it.skipIf(!hasData)(
    'goes from ML-100K to recommendations with titles',
    () => {
      const [trained, evaluated, forUser, forHistory] = blocks[0].map(seqrec);
      expect(trained).toContain('report.html');
      expect(evaluated).toMatch(/HR@10/);
      expect(forUser).toMatch(/\(19\d\d\)/);
      expect(forHistory).toMatch(/\(19\d\d\)/);
      for (const line of blocks[1]) seqrec(line);
    },
    600_000,
  );

  it("goes from a file of one's own to recommendations", () => {
    const [described, , recommended] = blocks[2].map(seqrec);
    expect(described).toMatch(/900/);
    expect(recommended).toMatch(/p\d+/);
  }, 600_000);

  // The same data set as above.
  it.skipIf(!hasData)(
    'has a program that runs',
    () => {
      const file = join(root, 'test', `readme-example-${process.pid}.ts`);
      writeFileSync(file, example);
      try {
        const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=@seqrec/source', file], {
          encoding: 'utf8',
        });
        expect(stderr.replace(/\(node:\d+\).*\n.*\n/g, '')).toBe('');
        expect(status).toBe(0);
        expect(stdout).toMatch(/HR@10/);
      } finally {
        rmSync(file);
      }
    },
    600_000,
  );
});
