import { createModel, type TokenEncoder } from '@seqrec/models';
import { expect, it } from 'vitest';
import { countParameters, countRowParameters } from './count-parameters.ts';

it('counts rows of tables apart, and no running values', () => {
  const [users, items, width] = [3, 7, 2];
  const make = (activation: 'relu' | 'dice') => {
    const config = {
      ...{ kind: 'din', embeddingDim: width, hiddenSizes: [5], attentionHiddenSizes: [4] },
      ...{ attentionActivation: activation, hiddenActivation: activation, userHistory: { times: false } },
    } as const;
    return createModel(config as never, { numUsers: users, numItems: items });
  };
  // A map of 4 W inputs and one of 4; one of the user, the item and the history, and one of 5.
  const net = 4 * 4 * width + 4 + 4 + 1 + (5 * 3 * width + 5 + 5 + 1);
  const tables = (users + 1 + items + 1) * width;
  const [relu, dice] = [make('relu'), make('dice')];
  expect(countRowParameters(relu)).toEqual({ total: net + tables, encoder: net });
  // A slope a unit; the running mean and variance of each are none.
  const slopes = 4 + 5;
  expect(countRowParameters(dice)).toEqual({ total: net + tables + slopes, encoder: net + slopes });
  expect(countParameters(dice as unknown as TokenEncoder).total).toBe(net + tables + slopes);
  for (const model of [relu, dice]) model.dispose();
});

it('counts an encoder without its item table', () => {
  const model = createModel({ kind: 'gru4rec', embeddingDim: 4, maxSequenceLength: 5, numBlocks: 1 } as never, {
    numItems: 9,
  });
  const { total, encoder } = countParameters(model as unknown as TokenEncoder);
  expect(total - encoder).toBe(10 * 4);
  model.dispose();
});
