import { expect, it } from 'vitest';
import { describeRowFormulas } from '../../test-support/row-formulas.ts';
import { sequenceDefaults } from '../../test-support/row-models.ts';
import { plainSequence } from '../sequence/test-support/plain.ts';
import { crossAttentionConfigSchema } from './config.ts';
import { crossAttentionNet } from './cross-attention.ts';
import { plainCrossAttention } from './test-support/plain.ts';

const config = crossAttentionConfigSchema.parse({
  ...{ kind: 'cross-attention', embeddingDim: 3, embeddingStd: 0.7, hiddenSizes: [6, 4], attentionDim: 4 },
});
describeRowFormulas({
  'cross-attention': {
    net: (options) => crossAttentionNet(config, options),
    plain: (w, rows) => plainSequence(w, rows, plainCrossAttention(2)),
    maxEvents: 4,
  },
});

it('has the defaults that are documented', () => {
  const given = { kind: 'cross-attention', embeddingDim: 4 } as const;
  const own = { attentionDim: 64, numHeads: 2 };
  expect(crossAttentionConfigSchema.parse(given)).toEqual({ ...given, ...sequenceDefaults, ...own });
  const { error } = crossAttentionConfigSchema.safeParse({ ...given, numHeads: 3 });
  expect(error?.issues[0].message).toContain('a divisor of attentionDim');
});
