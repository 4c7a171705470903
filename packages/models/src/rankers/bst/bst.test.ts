import { expect, it } from 'vitest';
import { describeFuxiCtr, fuxiCtrFile } from '../../test-support/fuxictr-files.ts';
import { describeRowFormulas, type RowFormula } from '../../test-support/row-formulas.ts';
import { sequenceDefaults } from '../../test-support/row-models.ts';
import { plainSequence } from '../sequence/test-support/plain.ts';
import { bstNet, createBst } from './bst.ts';
import { bstConfigSchema } from './config.ts';
import { plainBst } from './test-support/plain.ts';

function formula(pooling: 'mean' | 'sum' | 'target', positions: boolean, numBlocks: number): RowFormula {
  const config = bstConfigSchema.parse({
    ...{ kind: 'bst', embeddingDim: 2, embeddingStd: 0.7, hiddenSizes: [6, 4], feedForwardDim: 3 },
    ...{ pooling, positions, numBlocks },
  });
  return {
    net: (options) => bstNet(config, options),
    plain: (w, rows) => plainSequence(w, rows, plainBst(numBlocks, 2, { maxEvents: 5, pooling })),
    maxEvents: 5,
  };
}
describeRowFormulas({
  'bst, mean': formula('mean', true, 1),
  'bst, sum': formula('sum', false, 2),
  'bst, target': formula('target', true, 1),
});
describeFuxiCtr({ bst: fuxiCtrFile('bst') });

const given = { kind: 'bst', embeddingDim: 4 } as const;

it('has the defaults that are documented', () => {
  const own = { numBlocks: 1, numHeads: 2, attentionDropout: 0, positions: true, pooling: 'mean' };
  expect(bstConfigSchema.parse(given)).toEqual({ ...given, ...sequenceDefaults, ...own });
});

it('refuses heads that do not divide the width', () => {
  const config = bstConfigSchema.parse({ ...given, numHeads: 5 });
  expect(() => createBst(config, { numUsers: 2, numItems: 2 })).toThrow(
    'model config (bst): numHeads: expected a divisor of 12, the width of an event with its position; got 5',
  );
});
