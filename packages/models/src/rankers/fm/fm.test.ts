import { expect, it } from 'vitest';
import { describeFuxiCtr, fuxiCtrFile } from '../../test-support/fuxictr-files.ts';
import { describeRowFormulas } from '../../test-support/row-formulas.ts';
import { rowDefaults } from '../../test-support/row-models.ts';
import { fmConfigSchema } from './config.ts';
import { fmNet } from './fm.ts';
import { plainFm } from './test-support/plain.ts';

const config = fmConfigSchema.parse({ kind: 'fm', embeddingDim: 3, embeddingStd: 0.7 });
const fm = { net: (options: Parameters<typeof fmNet>[1]) => fmNet(config, options), plain: plainFm };
describeRowFormulas({ fm, 'fm of two labels': { ...fm, labels: 2 } });
describeFuxiCtr({ fm: fuxiCtrFile('fm') });

it('has the defaults of the reference', () => {
  const given = { kind: 'fm', embeddingDim: 4 } as const;
  expect(fmConfigSchema.parse(given)).toEqual({ ...given, ...rowDefaults });
});
