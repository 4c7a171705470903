import { expect, it } from 'vitest';
import { describeRowFormulas, type RowFormula } from '../../test-support/row-formulas.ts';
import { sequenceDefaults } from '../../test-support/row-models.ts';
import { plainSequence } from '../sequence/test-support/plain.ts';
import { meanPoolingConfigSchema } from './config.ts';
import { meanPoolingNet } from './mean-pooling.ts';
import { plainMean } from './test-support/plain.ts';

function formula(own: object, labels: number): RowFormula {
  const config = meanPoolingConfigSchema.parse({
    ...{ kind: 'mean-pooling', embeddingDim: 3, embeddingStd: 0.7, hiddenSizes: [6, 4], ...own },
  });
  return {
    net: (options) => meanPoolingNet(config, options),
    plain: (w, rows) => plainSequence(w, rows, (...of) => plainMean(...of).map((value) => value * config.historyScale)),
    labels,
    maxEvents: 4,
  };
}
describeRowFormulas({
  'mean pooling': formula({}, 2),
  'mean pooling under dcn-v2': formula({ tower: 'dcn-v2', crossLayers: 1, historyScale: 0.5 }, 2),
});

it('has the defaults that are documented', () => {
  const given = { kind: 'mean-pooling', embeddingDim: 4 } as const;
  expect(meanPoolingConfigSchema.parse(given)).toEqual({ ...given, ...sequenceDefaults });
  expect(meanPoolingConfigSchema.safeParse({ ...given, crossLayers: 2 }).error?.issues[0].message).toContain(
    "it with tower 'dcn-v2' alone",
  );
});
