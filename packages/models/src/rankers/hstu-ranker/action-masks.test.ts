import { interactionsFromArrays, pointExamples } from '@seqrec/data';
import { expect, it } from 'vitest';
import { checkModelRows } from '../../registry.ts';
import { actionMasks } from './action-masks.ts';
import { hstuRankerConfigSchema } from './config.ts';

it('a rating that is a bound is of the action from there on, though floats have neither', () => {
  const ratings = Float32Array.of(3.2, 3.3, 3.4, 4.4, Number.NaN);
  const batch = { itemIds: Int32Array.of(1, 2, 3, 4, 5), ratings } as Parameters<typeof actionMasks>[1];
  const masks = actionMasks({ kind: 'ratings', bounds: [3.3, 4.4] }, batch, { kind: 'hstu-ranker', training: true });
  expect([...masks]).toEqual([1, 2, 2, 4, 0]);
});

it.each([
  [0.5, /masks of 2 bits; got 0\.5 in row 1; name a column of masks$/],
  [-1, /got -1 in row 1; name a column of masks$/],
  [4, /expected whole numbers from 0 to 3 in done, masks of 2 bits; got 4 in row 1; set more actions\.bits$/],
  [3, undefined],
  [Number.NaN, undefined],
])('a column of masks with %d', (value, message) => {
  const rows = pointExamples(
    interactionsFromArrays({
      name: 'masks',
      users: [1, 1, 1],
      items: [1, 2, 3],
      timestamps: [1, 2, 3],
      columns: { done: { kind: 'number', values: [0, value, 2] } },
    }),
  );
  const sizes = { embeddingDim: 4, numBlocks: 1, numHeads: 1, dqk: 4, dv: 4 };
  const actions = { kind: 'column', column: 'done', bits: 2 };
  const check = () => checkModelRows(hstuRankerConfigSchema.parse({ kind: 'hstu-ranker', ...sizes, actions }), rows);
  if (message === undefined) expect(check).not.toThrow();
  else expect(check).toThrow(message);
});
