import { expect, test, vi } from 'vitest';
import { dataConfigSchema } from '../config/data-schema.ts';
import { Progress } from '../terminal/progress.ts';
import { prepareData } from './dataset.ts';

const world = { format: 'synthetic', records: 200, items: 400, categories: 4, length: 16, seed: 1 };

async function prepared(changes: object) {
  const progress = new Progress({ quiet: true });
  const note = vi.spyOn(progress, 'note');
  const { split } = await prepareData(dataConfigSchema().parse({ ...world, ...changes }), '', progress);
  return { digest: split.interactions.digest, told: note.mock.calls.flat().join() };
}

test('a generated stream tells the most that can be reached; what the paper leaves open changes it', async () => {
  const all = await Promise.all(
    [{}, { maxCategories: 1 }, { categoryCount: 'exact' }, { prior: 'normalised-uniform' }].map(prepared),
  );
  expect(new Set(all.map(({ digest }) => digest)).size).toBe(4);
  for (const { told } of all)
    expect(told).toMatch(/no predictor can expect more than HR@10 0\.\d{4} or HR@50 0\.\d{4}/);
  expect(new Set(all.map(({ told }) => told)).size).toBe(4);
  expect(() => dataConfigSchema().parse({ ...world, prior: 'flat' })).toThrow();
});
