import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runMain } from '../../testing/run-main.ts';
import type { RunResults } from '../folder/results.ts';
import { openRunDir } from '../folder/run-dir.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-ctr-'));
afterAll(() => rmSync(folder, { recursive: true }));

// Needs the published file, which is not part of the repository.
test.skipIf(!process.env.SEQREC_DATA)('MLP is ahead of means of users and items on ML-100K, 72,855 rows', async () => {
  const file = join(folder, 'ml-100k.yaml');
  writeFileSync(
    file,
    `extends: ctr/ml-1m-mlp
data: { name: ml-100k }
training: { batchSize: 1024, epochs: 20, patience: 3 }
optimizer: { schedule: { kind: plateau, factor: 0.1, patience: 0 } }
evaluation: { segments: [gender] }
`,
  );
  const out = join(folder, 'runs');
  const { code, errors } = await runMain('train', '--config', file, '--out', out, '--quiet');
  expect(code, errors).toBe(0);
  const run = openRunDir(out, 'latest');
  const { final, verdict } = JSON.parse(readFileSync(run.results, 'utf8')) as RunResults;
  const summary = JSON.parse(readFileSync(run.data, 'utf8')) as { readonly examples: Record<string, number> };
  expect(Object.values(summary.examples).reduce((sum, rows) => sum + rows, 0)).toBe(72_855);
  expect(final?.metrics.AUC).toBeGreaterThan(0.8);
  expect(verdict?.map(({ baseline, outcome }) => [baseline, outcome])).toContainEqual(['item-mean', 'beats']);
});
