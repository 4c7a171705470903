// Real recipes on real data: one digest whatever the ranks, the partition of the table and the objective.
import { createHash } from 'node:crypto';
import { useBackend } from '@seqrec/core';
import { type Collective, runRanks } from '@seqrec/core/collectives';
import { TABLE_PARTITIONS, type TablePartition, type TokenEncoder, withWholeTables } from '@seqrec/models';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Override } from '../../arguments.ts';
import { resolveConfig } from '../../config/load-recipe.ts';
import { type PreparedData, prepareData } from '../../data/dataset.ts';
import { Progress } from '../../terminal/progress.ts';
import { makeTrainer } from '../open/make-trainer.ts';

const folder = process.env.SEQREC_DATA;
const progress = new Progress({ quiet: true });
/** 20 where there is time: SEQREC_RANK_STEPS. */
const STEPS = Number(process.env.SEQREC_RANK_STEPS ?? 5);
const PARTS = 8;

const objectives: Readonly<Record<string, readonly Override[]>> = {
  sampled: [],
  pool: [
    { key: 'objective.kind', text: 'pool-softmax' },
    { key: 'objective.negatives', text: '{"kind":"mixed","inBatch":64,"random":64}' },
  ],
  full: [{ key: 'objective.kind', text: 'full-softmax' }],
};

interface Where {
  readonly ranks?: Collective;
  readonly partition?: TablePartition;
}

/** Of all weights after some steps. */
async function digestAfter(recipe: string, data: PreparedData, overrides: readonly Override[], where: Where) {
  const { config } = await resolveConfig({ recipe, overrides });
  const trainer = await makeTrainer(config, data, {}, { progress, ...where });
  for (let step = 0; step < STEPS; step++) await trainer.step();
  const { model } = trainer;
  const digest = await withWholeTables(model, async (whole: TokenEncoder) => {
    const hash = createHash('sha256');
    const vectors = whole.itemVectors();
    hash.update(Float32Array.from(vectors.dataSync()));
    vectors.dispose();
    const table = model.itemTable();
    for (const variable of model.variables().values())
      if (variable !== table) hash.update(Float32Array.from(variable.dataSync()));
    return hash.digest('hex');
  });
  trainer.dispose();
  model.dispose();
  return digest;
}

describe.skipIf(folder === undefined)('ML-100K', () => {
  let data: PreparedData;
  beforeAll(async () => {
    await useBackend('auto');
    const { config } = await resolveConfig({ recipe: 'ml-100k/sasrec', overrides: [] });
    data = await prepareData(config.data, folder ?? '', progress);
  });

  it.each(
    ['ml-100k/sasrec', 'ml-100k/hstu'].flatMap((recipe) =>
      Object.keys(objectives).map((name) => [recipe, name] as const),
    ),
  )('%s, %s softmax', async (recipe, name) => {
    const parts = { key: 'training.parts', text: String(PARTS) };
    const overrides = [parts, ...objectives[name]];
    const dense = [...overrides, { key: 'optimizer.embeddings', text: 'dense' }];
    const alone = await digestAfter(recipe, data, dense, {});
    const digests = new Map<string, string | undefined>();
    for (const size of [1, 2, 4, 8])
      digests.set(`${size} ranks`, (await runRanks(size, (ranks) => digestAfter(recipe, data, dense, { ranks })))[0]);
    for (const partition of TABLE_PARTITIONS) {
      const shards = await runRanks(4, (ranks) => digestAfter(recipe, data, dense, { ranks, partition }));
      digests.set(`${partition}, dense`, shards[0]);
    }
    for (const [what, digest] of digests) expect(digest, what).toBe(alone);
    if (name === 'full') return;
    const rowwise = [...overrides, { key: 'optimizer.embeddings', text: 'rowwise' }];
    const byRows = await digestAfter(recipe, data, rowwise, {});
    const whole = await runRanks(4, (ranks) => digestAfter(recipe, data, rowwise, { ranks }));
    expect(whole[0]).toBe(byRows);
    for (const partition of TABLE_PARTITIONS)
      for (const size of [2, 8]) {
        const [digest] = await runRanks(size, (ranks) => digestAfter(recipe, data, rowwise, { ranks, partition }));
        expect(digest, `${partition}, ${size} ranks`).toBe(byRows);
      }
  });
});
