import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { epochOrder } from '@seqrec/data';
import { expect, test } from 'vitest';
import { runMain } from '../../testing/run-main.ts';

const USERS = 120;
const DAY = 86_400;

test('a sample has the parts that the whole set has, also where it does not hold the first of its events', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-sampled-'));
  const path = join(folder, 'events.csv');
  // The only one whose events are early is no part of a sample of half of them.
  const early = epochOrder(USERS, 1, 0)[USERS - 1];
  const rows = Array.from({ length: USERS * 6 }, (_, e) => {
    const user = Math.floor(e / 6);
    const day = (user === early ? 0 : 100) + (e % 6) / 10;
    return `u${String(user).padStart(3, '0')},i${(user + (e % 6)) % 10},${1_600_000_000 + day * DAY}`;
  });
  writeFileSync(path, `user,item,time\n${rows.join('\n')}\n`);
  const data = ['--data.path', path, '--data.columns.user', 'user', '--data.columns.item', 'item'];
  const model = ['--model.embeddingDim', '4', '--model.maxSequenceLength', '6', '--evaluation.ks', '[5]'];
  const out = join(folder, 'runs');
  const trained = await runMain(
    ...['train', 'csv/sasrec', ...data, '--data.columns.time', 'time', ...model],
    ...['--evaluation.selectBy', 'HR@5', '--epochs', '1', '--evaluation.baselines', 'none', '--quiet', '--out', out],
  );
  expect(trained.code, trained.errors).toBe(0);
  const partsOf = async (...more: string[]) => {
    const asked = ['--quiet', '--json', '--evaluation.segments', '[{"days":30}]', ...more];
    const { code, output, errors } = await runMain('evaluate', 'latest', '--out', out, ...asked);
    expect(code, errors).toBe(0);
    return JSON.parse(output).segments;
  };
  const [whole] = await partsOf();
  expect(whole).toMatchObject({ of: 'queries', parts: [{ segment: '91-120', rows: USERS - 1 }], leftOut: 1 });
  const [sample] = await partsOf('--sample', '60');
  expect(sample).toMatchObject({ parts: [{ segment: '91-120', rows: 60 }], leftOut: 0 });
}, 60_000);
