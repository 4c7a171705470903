// The commands of the README that need no data set, and its TypeScript example.
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocks, example, folder, hasData, root, seqrec } from './readme-commands.ts';

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

  it("goes from a file of one's own to recommendations", () => {
    const [described, , recommended] = blocks[2].map(seqrec);
    expect(described).toMatch(/900/);
    expect(recommended).toMatch(/p\d+/);
  }, 600_000);

  // Needs ML-100K in SEQREC_DATA.
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
