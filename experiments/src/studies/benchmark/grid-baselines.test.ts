import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interactionsFromArrays, trainTest } from '@seqrec/data';
import { afterAll, expect, it } from 'vitest';
import { evaluationSchema } from '../../config/evaluation-schema.ts';
import { startBackend } from '../../run/process/backend.ts';
import { Progress } from '../../terminal/progress.ts';
import { gridBaselines } from './grid-baselines.ts';
import { OWN_TEST } from './test-sets.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-grid-baselines-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('fits what another backend was too slow for, and keeps what is left out for good', async () => {
  const [users, items]: [number[], number[]] = [[], []];
  for (let u = 0; u < 300; u++) {
    for (let t = 0; t < 10; t++) {
      users.push(u);
      items.push((u * 7 + t * 31) % 2100);
    }
  }
  const split = trainTest(
    interactionsFromArrays({ name: 'grid', users, items, timestamps: users.map((_, i) => i * 86_400) }),
  );
  const options = evaluationSchema().parse({ ks: [10], batchSize: 64, excludeSeen: 'all', selectBy: 'NDCG@10' });
  const context = { data: { split }, options, window: 50, progress: new Progress({ quiet: true }) };
  const ask = async (backend: string) => {
    await startBackend({ backend, threads: 1 });
    const names = ['popularity', 'ease', 'last-item'] as const;
    const { rows, skipped } = await gridBaselines(folder, names, new Map([[OWN_TEST, split.test]]), context as never);
    return { rows: rows.map(({ name }) => name), skipped: skipped.map(({ name }) => name) };
  };
  expect(await ask('cpu')).toEqual({ rows: ['popularity'], skipped: ['ease', 'last-item'] });
  const onSimd = { rows: ['popularity', 'ease'], skipped: ['last-item'] };
  expect(await ask('simd')).toEqual(onSimd);
  expect(await ask('simd')).toEqual(onSimd);
});
