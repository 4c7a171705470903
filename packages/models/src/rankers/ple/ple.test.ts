import { expect, it } from 'vitest';
import { describeFuxiCtr, fuxiCtrFile } from '../../test-support/fuxictr-files.ts';
import { describeRowFormulas, type RowFormula } from '../../test-support/row-formulas.ts';
import { rowDefaults } from '../../test-support/row-models.ts';
import { pleConfigSchema } from './config.ts';
import { pleNet } from './ple.ts';
import { plainPle } from './test-support/plain.ts';

function formula(given: object, labels: number): RowFormula {
  const config = pleConfigSchema.parse({ kind: 'ple', embeddingDim: 2, embeddingStd: 0.7, ...given });
  const { layers, sharedExperts: shared, ownExperts: own, sharedGate } = config;
  const sizes = {
    ...{ layers, shared, own, sharedGate, labels },
    expertLayers: config.expertHiddenSizes.length,
    gateHidden: config.gateHiddenSizes.length,
    towerHidden: config.towerHiddenSizes.length,
  };
  return {
    net: (options) => pleNet(config, options),
    plain: (w, rows) => plainPle(w, rows, sizes),
    labels,
  };
}

const sizes = { expertHiddenSizes: [3], towerHiddenSizes: [2] };
describeRowFormulas({
  'as published': formula({ ...sizes, gateHiddenSizes: [2] }, 2),
  'shared gate of shared experts': formula({ ...sizes, sharedExperts: 2, sharedGate: 'shared-experts' }, 2),
  'one layer': formula({ ...sizes, layers: 1, ownExperts: 2, towerHiddenSizes: [] }, 2),
});
describeFuxiCtr({ ple: fuxiCtrFile('ple') });

it('has these defaults', () => {
  const given = { kind: 'ple', embeddingDim: 4 } as const;
  expect(pleConfigSchema.parse(given)).toEqual({
    ...given,
    layers: 2,
    sharedExperts: 1,
    ownExperts: 1,
    expertHiddenSizes: [400],
    gateHiddenSizes: [],
    sharedGate: 'all-experts',
    towerHiddenSizes: [64],
    dropout: 0,
    gateDropout: 0,
    ...rowDefaults,
  });
});
