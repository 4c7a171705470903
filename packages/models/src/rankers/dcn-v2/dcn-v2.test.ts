import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../config/parse.ts';
import { checkGolden } from '../../golden/check.ts';
import {
  changedFuxiCtr,
  describeFuxiCtr,
  describeFuxiCtrTraining,
  type FuxiCtrTrainingJson,
  fuxiCtrFile,
} from '../../test-support/fuxictr-files.ts';
import { describeRowFormulas, type RowFormula } from '../../test-support/row-formulas.ts';
import { rowDefaults } from '../../test-support/row-models.ts';
import { dcnV2ConfigSchema } from './config.ts';
import { dcnV2Net } from './dcn-v2.ts';
import { plainDcn } from './test-support/plain.ts';

function formula(
  cross: object,
  structure: 'parallel' | 'stacked' | 'cross',
  own: Pick<RowFormula, 'labels' | 'idle'> = {},
): RowFormula {
  const wide = { kind: 'dcn-v2', embeddingDim: 3, embeddingStd: 0.7, crossLayers: 2 } as const;
  const hiddenSizes = structure === 'cross' ? undefined : [6, 4];
  const config = dcnV2ConfigSchema.parse({ ...wide, ...cross, structure, hiddenSizes });
  return {
    net: (options) => dcnV2Net(config, options),
    plain: (w, rows) => plainDcn(w, rows, { structure, layers: 2, hidden: 2 }),
    ...own,
  };
}

const lowRank = { cross: 'low-rank', rank: 2 };
describeRowFormulas({
  full: formula({ cross: 'full' }, 'cross', { labels: 2 }),
  'full parallel': formula({ cross: 'full' }, 'parallel', { labels: 2 }),
  'full stacked': formula({ cross: 'full' }, 'stacked'),
  'low-rank': formula(lowRank, 'cross'),
  'low-rank parallel': formula(lowRank, 'parallel'),
  mixture: formula({ cross: 'mixture', rank: 2, experts: 3 }, 'cross'),
  // A gate that is alone is always one.
  'mixture of one': formula({ cross: 'mixture', rank: 3, experts: 1 }, 'stacked', { idle: ['cross.gates'] }),
});

const [cross, mix] = ['dcnv2-cross', 'dcnv2-mix'].map((name) => fuxiCtrFile(name));
const training = fuxiCtrFile<FuxiCtrTrainingJson>('dcnv2-training');
describeFuxiCtr({ 'dcnv2-cross': cross, 'dcnv2-mix': mix });
describeFuxiCtrTraining('dcnv2-training', training, ['embedding_regularizer', 'net_regularizer']);

describe('files of the reference', () => {
  it('with hidden layers both after and beside have nothing to be compared with', async () => {
    const notYet = 'no DCN-V2 with hidden layers both after and beside';
    expect(await checkGolden(changedFuxiCtr(cross(), { model_structure: 'stacked_parallel' }))).toMatchObject({
      notYet,
    });
  });

  it.each([
    ['an unknown activation', { dnn_activations: 'tanh' }],
    ['a layer too many', { num_cross_layers: 4 }],
  ])('are refused with %s', async (_, given) => {
    await expect((async () => checkGolden(changedFuxiCtr(cross(), given)))()).rejects.toThrow(/^golden: /);
  });
});

describe('configurations of DCN-V2', () => {
  const given = { kind: 'dcn-v2', embeddingDim: 16 };
  const parse = (config: object) => parseConfig(dcnV2ConfigSchema, config, 'model config (dcn-v2)');

  it('have the defaults of the reference', () => {
    expect(parse(given)).toEqual({ ...given, ...rowDefaults, crossLayers: 3, cross: 'full', structure: 'parallel' });
  });

  it.each([
    [{ rank: 4 }, "rank: expected it with cross 'low-rank' or 'mixture' alone; got 4"],
    [{ cross: 'low-rank', experts: 4 }, "experts: expected it with cross 'mixture' alone; got 4"],
    [{ structure: 'cross', hiddenSizes: [4] }, "hiddenSizes: expected none with structure 'cross'"],
    [{ structure: 'cross', dropout: 0.1 }, "dropout: expected none with structure 'cross'"],
    [{ cross: 'ful' }, "cross: expected one of 'full', 'low-rank', 'mixture'; got 'ful'; did you mean 'full'?"],
    [{ embeddingL2: -1 }, 'embeddingL2: expected number >= 0; got -1'],
    [{ hiddenSize: [4] }, "hiddenSize: expected a known key; got 'hiddenSize'; did you mean 'hiddenSizes'?"],
  ])('refuse %j', (settings, message) => {
    expect(() => parse({ ...given, ...settings })).toThrow(`model config (dcn-v2): ${message}`);
  });
});
