import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { runMain } from '../../testing/run-main.ts';
import { coldAmongCold } from './cold-items.ts';

vi.mock('./cold-items.ts', async (actual) => {
  const real = await actual<typeof import('./cold-items.ts')>();
  return { ...real, coldAmongCold: vi.fn(real.coldAmongCold) };
});

const folder = mkdtempSync(join(tmpdir(), 'seqrec-cold-rules-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('cold items among each other are asked for under the rules of the run', async () => {
  // The last event of a fifth of the users is of an item that no other event is of.
  const itemOf = (e: number): number => (e >= 380 && e % 20 < 4 ? 100 + (e % 20) : (e * 7 + (e % 3)) % 23);
  const rows = Array.from({ length: 400 }, (_, e) => `${e % 20},${itemOf(e)},${1000 + e}`);
  writeFileSync(join(folder, 'rows.csv'), `user,item,time\n${rows.join('\n')}\n`);
  const settings = {
    'data.path': join(folder, 'rows.csv'),
    'data.columns': { user: 'user', item: 'item', time: 'time' },
    'data.kCore': 1,
    'model.embeddingDim': 8,
    'model.ffnDim': 8,
    'model.numBlocks': 1,
    'model.maxSequenceLength': 10,
    'objective.numNegatives': 8,
    'training.epochs': 1,
    'training.batchSize': 16,
    'evaluation.ks': [10],
    'evaluation.queryTime': 'last',
    'evaluation.excludeSeen': false,
    'evaluation.ties': 'pessimistic',
  };
  const changes = Object.entries(settings).map(([key, value]) => ({
    key,
    text: typeof value === 'string' ? value : JSON.stringify(value),
  }));
  const metrics = ['HR@10', 'HR@10, cold', 'HR@10, cold among cold', 'cold targets'];
  const table = {
    ...{ title: 'cold', source: 'none', notes: [], claims: [], metrics, coldItems: true },
    rows: [{ name: 'A', recipe: 'csv/sasrec', changes, paper: {} }],
  };
  writeFileSync(join(folder, 'table.mjs'), `export const table = ${JSON.stringify(table)};\n`);
  const options = ['--seeds', '1', '--out', join(folder, 'runs'), '--quiet', '--threads', '1'];
  const { code, errors } = await runMain('reproduce', join(folder, 'table.mjs'), ...options);
  expect([code, errors]).toEqual([0, '']);
  expect(vi.mocked(coldAmongCold)).toHaveBeenCalledOnce();
  const [, , , rules] = vi.mocked(coldAmongCold).mock.calls[0];
  expect(rules).toMatchObject({ queryTime: 'last', excludeSeen: false, ties: 'pessimistic' });
}, 60_000);
