import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../config/parse.ts';
import { checkGolden } from '../../golden/check.ts';
import { changedFuxiCtr, describeFuxiCtr, fuxiCtrFile } from '../../test-support/fuxictr-files.ts';
import { describeRowFormulas, type RowFormula } from '../../test-support/row-formulas.ts';
import { rowDefaults } from '../../test-support/row-models.ts';
import { finalnetConfigSchema } from './config.ts';
import { finalnetNet } from './finalnet.ts';
import { plainFinalNet } from './test-support/plain.ts';

function formula(own: object, labels: number): RowFormula {
  const sizes = { embeddingDim: 2, block1HiddenSizes: [6, 4] };
  const config = finalnetConfigSchema.parse({ kind: 'finalnet', embeddingStd: 0.7, ...sizes, ...own });
  return { net: (options) => finalnetNet(config, options), plain: (w, rows) => plainFinalNet(w, rows, config), labels };
}

describeRowFormulas({
  'two blocks, gating': formula({ featureGating: true, block2HiddenSizes: [4], block1Activation: 'relu' }, 2),
  'one block of sums': formula({ blockType: '1B', residualType: 'sum', block1HiddenSizes: [3, 2] }, 1),
});

const file = fuxiCtrFile('finalnet');
describeFuxiCtr({ finalnet: file });

it('files of the reference with batch norm have nothing to be compared with', async () => {
  expect(await checkGolden(changedFuxiCtr(file(), { batch_norm: true }))).toMatchObject({
    notYet: 'no FinalNet with batch norm',
  });
});

describe('configurations of FinalNet', () => {
  const given = { kind: 'finalnet', embeddingDim: 16 };
  const parse = (config: object) => parseConfig(finalnetConfigSchema, config, 'model config (finalnet)');

  it('have the defaults of the reference, but for batch norm', () => {
    expect(parse(given)).toEqual({
      ...given,
      ...rowDefaults,
      blockType: '2B',
      featureGating: false,
      residualType: 'concat',
      block1HiddenSizes: [64, 64, 64],
      block1Activation: 'linear',
      block1Dropout: 0,
    });
  });

  it.each([
    [{ block1HiddenSizes: [4, 3] }, "block1HiddenSizes: expected even widths with residualType 'concat'"],
    [{ block2HiddenSizes: [3] }, "block2HiddenSizes: expected even widths with residualType 'concat'"],
    [{ blockType: '1B', block2Dropout: 0.1 }, "block2Dropout: expected none with blockType '1B'"],
  ])('refuse %j', (settings, message) => {
    expect(() => parse({ ...given, ...settings })).toThrow(`model config (finalnet): ${message}`);
  });
});
