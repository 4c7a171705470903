import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { recipeConfigSchema } from '../config/schema.ts';
import { makeTrainer } from '../run/open/make-trainer.ts';
import { Progress } from '../terminal/progress.ts';
import { codedShop, writeShop } from '../testing/coded-shop.ts';
import { prepareData } from './dataset.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-training-set-'));
const progress = new Progress({ quiet: true });
beforeAll(async () => {
  writeShop(folder);
  await useBackend('simd');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('the policy control trains as no policy does, a correction by the counts of drawn labels too', async () => {
  const lossOf = async (windows?: object): Promise<number> => {
    const config = recipeConfigSchema().parse({
      ...{ ...codedShop(folder), task: { kind: 'retrieval' }, ...(windows && { windows }) },
      objective: {
        ...{ kind: 'pool-softmax', negatives: { kind: 'mixed', inBatch: 4, random: 4 }, logQ: 'exact' },
        labels: { kind: 'dense-all-action' },
      },
    });
    const trainer = await makeTrainer(config, await prepareData(config.data, folder, progress), {}, { progress });
    const { meanLoss } = await trainer.runEpoch();
    trainer.dispose();
    trainer.model.dispose();
    return meanLoss;
  };
  const loss = await lossOf();
  expect(await lossOf({ policy: 'control' })).toBe(loss);
  expect(await lossOf({ policy: 'one-random', maxHistory: 5 })).toBe(loss);
  expect(await lossOf({ policy: 'one-random' })).not.toBe(loss);
});
