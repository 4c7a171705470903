import { interactionsFromArrays, leaveLastOut, trainedItems } from '@seqrec/data';
import { expect, test } from 'vitest';
import { recipeConfigSchema } from '../../config/schema.ts';
import { codedShop } from '../../testing/coded-shop.ts';
import { modelOptions } from './model-options.ts';

test('a model of two towers knows the items of the histories that it learns from', () => {
  const { task: _, ...shop } = codedShop('.');
  const config = recipeConfigSchema().parse({
    ...shop,
    model: { kind: 'dssm', history: true, embeddingDim: 4, outputDim: 4, maxSequenceLength: 5 },
  });
  const users = Array.from({ length: 20 }, (_, e) => `u${Math.floor(e / 5)}`);
  const items = Array.from({ length: 20 }, (_, e) => `i${(e * 7) % 13}`);
  const { train } = leaveLastOut(
    interactionsFromArrays({ name: 'shop', users, items, timestamps: users.map((_, e) => e) }),
  );
  expect(modelOptions(config, train).features!.trained).toEqual(trainedItems(train));
});
