import { expect, it } from 'vitest';
import { describeRowFormulas } from '../../test-support/row-formulas.ts';
import { rowDefaults } from '../../test-support/row-models.ts';
import { mlpConfigSchema } from './config.ts';
import { mlpNet } from './mlp.ts';
import { plainMlp } from './test-support/plain.ts';

const config = mlpConfigSchema.parse({ kind: 'mlp', embeddingDim: 3, embeddingStd: 0.7, hiddenSizes: [6, 4] });
describeRowFormulas({
  mlp: { net: (options) => mlpNet(config, options), plain: (w, rows) => plainMlp(w, rows, 2), labels: 2 },
});

it('has the defaults of the reference', () => {
  const given = { kind: 'mlp', embeddingDim: 4 } as const;
  expect(mlpConfigSchema.parse(given)).toEqual({ ...given, hiddenSizes: [400, 400, 400], dropout: 0, ...rowDefaults });
});
