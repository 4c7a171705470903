// What the README does with ML-100K: a training of a minute, and what follows it.
import { rmSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { blocks, folder, hasData, seqrec } from './readme-commands.ts';

afterAll(() => rmSync(folder, { recursive: true, force: true }));

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
