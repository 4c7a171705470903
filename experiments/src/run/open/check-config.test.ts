import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { resolveRun } from '../../config/load-recipe.ts';
import { isRankingMaterial, prepareRun } from '../../data/prepare-run.ts';
import { Progress } from '../../terminal/progress.ts';
import { rankingWorld } from '../../testing/ranking-world.ts';
import { checkRankingAgainstData } from '../ranking/check-ranking.ts';
import { rankingOf } from '../ranking/ranking-of.ts';
import { checkAgainstData } from './check-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-check-config-'));
afterAll(() => rmSync(folder, { recursive: true }));
const world = { file: rankingWorld(folder, { rows: 300 }).yaml };
const sequences = { recipe: 'synthetic/hstu' };
const small = { key: 'data.records', text: '320' };
const decay = [{ key: 'optimizer.tables', text: '{"weightDecay":100000}' }];
const renewed = { key: 'training.renewTables', text: 'true' };
const vectors = { key: 'itemVectors.path', text: 'none.safetensors' };
const tables = { key: 'initialTables', text: '{"path":"none.safetensors","tables":{"fields.item.weight":"a"}}' };

const successive = { key: 'data.split', text: '{"kind":"global-time","target":"successive"}' };
const everyEvent = { key: 'evaluation.positions', text: 'all' };
const csv = { recipe: 'csv/hstu' };
const events = [
  { key: 'data.path', text: join(folder, 'events.csv') },
  { key: 'evaluation.ks', text: '[5]' },
  { key: 'evaluation.selectBy', text: 'MRR' },
];
writeFileSync(
  join(folder, 'events.csv'),
  ['user,item,timestamp', ...Array.from({ length: 200 }, (_, e) => `${e % 20},${(e * 7) % 30},${e}`)].join('\n'),
);

test.each([
  ['evaluation.positions', csv, [...events, successive, everyEvent]],
  ['optimizer.tables.weightDecay', sequences, [small, ...decay]],
  ['training.renewTables', sequences, [small, renewed, vectors]],
  ['optimizer.tables.weightDecay', world, decay],
  ['training.renewTables', world, [renewed, tables]],
])(
  '%s is refused of a run that begins, and not of one of %j that was begun before the check',
  async (key, of, overrides) => {
    const { config } = await resolveRun({ ...of, overrides });
    const material = await prepareRun(config, folder, new Progress({ quiet: true }));
    const check = (isResumed: boolean): void =>
      isRankingMaterial(material)
        ? checkRankingAgainstData(
            material.config,
            material.data,
            rankingOf(material.config, material.data.split.train),
            isResumed,
          )
        : checkAgainstData(material.config, material.data, isResumed);
    expect(() => check(false)).toThrow(`${key}: expected`);
    check(true);
  },
);
