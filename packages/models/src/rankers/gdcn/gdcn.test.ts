import { expect, it } from 'vitest';
import { describeFuxiCtr, fuxiCtrFile } from '../../test-support/fuxictr-files.ts';
import { describeRowFormulas, type RowFormula } from '../../test-support/row-formulas.ts';
import { rowDefaults } from '../../test-support/row-models.ts';
import { gdcnConfigSchema } from './config.ts';
import { gdcnNet } from './gdcn.ts';
import { plainGdcn } from './test-support/plain.ts';

function formula(structure: 'parallel' | 'stacked', labels: number): RowFormula {
  const shared = { kind: 'gdcn', embeddingDim: 3, embeddingStd: 0.7, crossLayers: 2, hiddenSizes: [6, 4] } as const;
  const config = gdcnConfigSchema.parse({ ...shared, structure });
  return {
    net: (options) => gdcnNet(config, options),
    plain: (w, rows) => plainGdcn(w, rows, { structure, layers: 2, hidden: 2 }),
    labels,
  };
}

describeRowFormulas({ parallel: formula('parallel', 2), stacked: formula('stacked', 1) });
describeFuxiCtr({ 'gdcn-parallel': fuxiCtrFile('gdcn-parallel'), 'gdcn-stacked': fuxiCtrFile('gdcn-stacked') });

it('has the defaults of the reference', () => {
  const given = { kind: 'gdcn', embeddingDim: 4 } as const;
  expect(gdcnConfigSchema.parse(given)).toEqual({
    ...given,
    ...rowDefaults,
    crossLayers: 3,
    structure: 'parallel',
    hiddenSizes: [400, 400, 400],
    dropout: 0,
  });
});
