import { describe, expect, it } from 'vitest';
import { parseConfig } from '../config/parse.ts';
import { dcnV2ConfigSchema } from './dcn-v2/config.ts';
import { fmConfigSchema } from './fm/config.ts';
import { lrConfigSchema } from './lr/config.ts';
import { createLr } from './lr/lr.ts';
import { mlpConfigSchema } from './mlp/config.ts';

const dcn = { kind: 'dcn-v2', embeddingDim: 16 };
const parse = (config: object) => parseConfig(dcnV2ConfigSchema, config, 'model config (dcn-v2)');

describe('configurations of rankers', () => {
  it('have the defaults of the reference', () => {
    const shared = { userId: true, itemId: true, embeddingStd: 1e-4, embeddingL2: 0, netL2: 0 };
    expect(lrConfigSchema.parse({ kind: 'lr' })).toEqual({ kind: 'lr', ...shared });
    expect(fmConfigSchema.parse({ kind: 'fm', embeddingDim: 4 })).toEqual({ kind: 'fm', embeddingDim: 4, ...shared });
    const mlp = { kind: 'mlp', embeddingDim: 4, hiddenSizes: [400, 400, 400], dropout: 0 } as const;
    expect(mlpConfigSchema.parse({ kind: 'mlp', embeddingDim: 4 })).toEqual({ ...mlp, ...shared });
    expect(parse(dcn)).toEqual({ ...dcn, ...shared, crossLayers: 3, cross: 'full', structure: 'parallel' });
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
    expect(() => parse({ ...dcn, ...settings })).toThrow(`model config (dcn-v2): ${message}`);
  });

  it('refuse labels that are no number of labels', () => {
    const config = lrConfigSchema.parse({ kind: 'lr' });
    expect(() => createLr(config, { numUsers: 2, numItems: 2, labels: 0 })).toThrow(
      'lr: labels: expected an integer >= 1; got 0',
    );
  });
});
