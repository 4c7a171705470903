import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { semanticIdsSchema, writeSemanticIds } from '@seqrec/models';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { recipeConfigSchema } from '../../config/schema.ts';
import { prepareData } from '../../data/dataset.ts';
import { fitIdsTo } from '../../data/ids/fit-to-data.ts';
import { Progress } from '../../terminal/progress.ts';
import { codedShop, writeShop } from '../../testing/coded-shop.ts';
import { runIds } from './run-ids.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-run-ids-'));
const progress = new Progress({ quiet: true });

beforeAll(async () => {
  await useBackend('auto');
  writeShop(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a run by a file of ids says where these were made of other events than it trains on', async () => {
  const shop = codedShop(folder);
  const { tokenizer } = shop.task.ids;
  const ids = semanticIdsSchema().parse({ vectors: [{ kind: 'behaviour', width: 4 }], tokenizer });
  const idsFile = join(folder, 'ids.safetensors');
  const told = async (split: string): Promise<string> => {
    const config = recipeConfigSchema().parse({
      ...shop,
      data: { ...shop.data, split },
      task: { kind: 'generation', idsFile, beams: 10 },
    });
    const note = vi.spyOn(progress, 'note').mockImplementation(() => {});
    await runIds(config, await prepareData(config.data, folder, progress), { progress });
    const notes = note.mock.calls.join();
    note.mockRestore();
    return notes;
  };
  const { split } = await prepareData(recipeConfigSchema().parse(shop).data, folder, progress);
  await writeSemanticIds(idsFile, await fitIdsTo(split, ids, progress));
  expect(await told('leave-last-out')).not.toContain('warning');
  expect(await told('train-test')).toContain(
    `warning: ${idsFile}: its ids are made of behaviour, and not of the training events here`,
  );
});
