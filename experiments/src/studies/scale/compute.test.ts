import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runMain } from '../../testing/run-main.ts';

const out = join(mkdtempSync(join(tmpdir(), 'seqrec-compute-')), 'study');
const command = [
  ...['scale', 'compute', '--recipe', 'synthetic/hstu', '--data.records', '60', '--data.items', '40'],
  ...['--data.categories', '4', '--data.length', '10', '--encoders', 'hstu', '--widths', '8,16', '--depths', '1'],
  ...['--lengths', '8', '--training.batchSize', '8', '--training.shuffle', 'true', '--quiet', '--out', out],
];

it('levels of which the least has fewer than two steps of the largest shape are refused, with what is needed', async () => {
  const few = await runMain(...command, '--levels', '3', '--flops', '1e5');
  expect(few.code).toBe(2);
  const needed = /--flops: expected at least ([\d.e+]+) for 3 levels, the least of which has two steps/.exec(
    few.errors,
  );
  expect(needed).not.toBeNull();
  const levels = await runMain(...command, '--levels', '4', '--flops', '1e5');
  const more = /at least ([\d.e+]+) for 4 levels/.exec(levels.errors);
  expect(Number(more?.[1]) / Number(needed?.[1])).toBeCloseTo(2, 0);
  const enough = await runMain(...command, '--levels', '3', '--flops', String(needed?.[1]));
  expect([enough.code, enough.errors]).toEqual([0, '']);
});
