// The closed form of generation by an encoder equals the work that the kernels count.
import { useBackend } from '@seqrec/core';
import { interactionsFromArrays, latestWindow, trainTest } from '@seqrec/data';
import {
  type Codes,
  codeModelConfig,
  codeSymbols,
  createModel,
  createObjective,
  createTrainer,
  generationTask,
  parseModelConfig,
} from '@seqrec/models';
import { beforeAll, expect, it } from 'vitest';
import { countedWork } from '../../testing/counted-work.ts';
import { generationFlops } from './generation.ts';
import { totalFlops } from './step.ts';

const base = { embeddingDim: 24, maxSequenceLength: 40, numBlocks: 2, numHeads: 2 };

beforeAll(async () => {
  await useBackend('auto');
});

/** Codes of three levels, each of its own size, and histories of these lengths. */
function world(lengths: readonly number[]) {
  const rows = lengths.flatMap((length, user) =>
    Array.from({ length: length + 2 }, (_, t) => ({ user: String(user), item: String((7 * t + user) % 60), time: t })),
  );
  const data = interactionsFromArrays({
    name: 'lengths',
    users: rows.map(({ user }) => user),
    items: rows.map(({ item }) => item),
    timestamps: rows.map(({ time }) => time),
  });
  const sizes = [61, 13, 37];
  const { numItems: count } = data;
  const values = Int32Array.from(
    { length: 3 * count },
    (_, e) => (Math.floor(e / 3) * [1, 5, 7][e % 3]) % sizes[e % 3],
  );
  const codes: Codes = { count, sizes, values };
  return { codes, examples: latestWindow(trainTest(data).train, { maxLength: 40 }) };
}

it.each([
  { kind: 'sasrec', ...base, ffnDim: 31 },
  { kind: 'hstu', ...base, dqk: 7, dv: 13 },
  { kind: 'transformer-plus-plus', ...base, ffnDim: 19 },
])('$kind', async (given) => {
  const config = parseModelConfig(given);
  const lengths = [1, 40, 3, 17, 26];
  const { codes, examples } = world(lengths);
  const objective = createObjective({ kind: 'full-softmax' }, examples);
  const model = createModel(codeModelConfig(config, codes), { numItems: codeSymbols(codes).count, seed: 1 });
  const task = generationTask(codes, objective);
  const trainer = createTrainer({ model, examples, task, batchSize: 64, learningRate: 1e-3, shuffle: false });
  const found = await countedWork(() => trainer.step());
  trainer.dispose();
  model.dispose();
  const formula = totalFlops(generationFlops(config, { codes }, lengths));
  expect(Math.abs(found - formula) / found).toBeLessThan(0.01);
});
