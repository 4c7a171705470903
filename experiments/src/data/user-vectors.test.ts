import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Interactions } from '@seqrec/data';
import { expect, it } from 'vitest';
import { dataConfigSchema } from '../config/data-schema.ts';
import { Progress } from '../terminal/progress.ts';
import { prepareData } from './dataset.ts';
import { saveUserVectors } from './user-vectors.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-user-vectors-'));
const rows = Array.from({ length: 30 }, (_, u) =>
  Array.from({ length: 8 }, (_, t) => `u${u},i${(u + 3 * t) % 20},${t}`),
);
writeFileSync(join(folder, 'log.csv'), `user,item,timestamp\n${rows.flat().join('\n')}\n`);

async function prepared(changes: object): Promise<Interactions> {
  const config = {
    format: 'csv',
    path: join(folder, 'log.csv'),
    split: 'leave-last-out',
    columns: { user: 'user', item: 'item', time: 'timestamp' },
    ...changes,
  };
  const { split } = await prepareData(dataConfigSchema().parse(config), '', new Progress({ quiet: true }));
  return split.interactions;
}

async function fileOf(name: string, interactions: Interactions): Promise<{ userVectors: { path: string } }> {
  const path = join(folder, name);
  const values = Float32Array.from({ length: 2 * interactions.numEvents }, (_, i) => i);
  await saveUserVectors(path, { width: 2, values }, { interactions, model: 'long' });
  return { userVectors: { path } };
}

it('with cold items, vectors are those of the events that are left: others have read the cold ones', async () => {
  const coldItems = { share: 0.3, seed: 1 };
  const [all, left] = await Promise.all([prepared({}), prepared({ coldItems })]);
  expect(left.numEvents).toBeLessThan(all.numEvents);
  const [ofAll, ofLeft] = await Promise.all([fileOf('all.safetensors', all), fileOf('left.safetensors', left)]);
  await expect(prepared({ coldItems, ...ofAll })).rejects.toThrow(
    'filters (data.kCore, data.minRating), data.coldItems and ties must be those of the run that made them',
  );
  expect((await prepared(ofAll)).events.columns.has('userVector')).toBe(true);
  const read = await prepared({ coldItems, ...ofLeft });
  expect(read.numEvents).toBe(left.numEvents);
  const column = read.events.columns.get('userVector');
  expect(column).toMatchObject({ kind: 'number', width: 2 });
  expect(column?.kind === 'number' && [...column.values.slice(0, 4)]).toEqual([0, 1, 2, 3]);
});

it('a file that is not there is named by its option, and is no checkpoint', async () => {
  const path = join(folder, 'none.safetensors');
  await expect(prepared({ userVectors: { path } })).rejects.toThrow(
    `data.userVectors.path: ${path}: expected a file of vectors of users, as \`seqrec vectors RUN --of users\` makes it; ENOENT`,
  );
});
