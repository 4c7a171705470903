import { expect, it } from 'vitest';
import { describeFuxiCtr, fuxiCtrFile } from '../../test-support/fuxictr-files.ts';
import { describeRowFormulas, type RowFormula } from '../../test-support/row-formulas.ts';
import { sequenceDefaults } from '../../test-support/row-models.ts';
import { plainSequence } from '../sequence/test-support/plain.ts';
import { dinConfigSchema } from './config.ts';
import { dinNet } from './din.ts';
import { plainDin } from './test-support/plain.ts';

function formula(activation: 'relu' | 'sigmoid' | 'prelu', softmax: boolean): RowFormula {
  const config = dinConfigSchema.parse({
    ...{ kind: 'din', embeddingDim: 3, embeddingStd: 0.7, hiddenSizes: [6, 4], attentionHiddenSizes: [5, 3] },
    ...{ attentionActivation: activation, attentionSoftmax: softmax },
  });
  return {
    net: (options) => dinNet(config, options),
    plain: (w, rows) => plainSequence(w, rows, plainDin(activation, softmax)),
    // A softmax does not see what is added to all scores.
    idle: softmax ? ['attention.2.bias'] : [],
    maxEvents: 4,
  };
}
describeRowFormulas({
  'din, relu': formula('relu', false),
  'din, sigmoid': formula('sigmoid', false),
  'din, prelu, softmax': formula('prelu', true),
});
describeFuxiCtr({ din: fuxiCtrFile('din') });

it('has the defaults that are documented', () => {
  const given = { kind: 'din', embeddingDim: 4 } as const;
  const own = { attentionHiddenSizes: [64], attentionActivation: 'relu', attentionSoftmax: false };
  expect(dinConfigSchema.parse(given)).toEqual({ ...given, ...sequenceDefaults, ...own });
});
