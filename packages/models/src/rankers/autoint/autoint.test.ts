import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../config/parse.ts';
import { describeFuxiCtr, fuxiCtrFile } from '../../test-support/fuxictr-files.ts';
import { describeRowFormulas, type RowFormula } from '../../test-support/row-formulas.ts';
import { rowDefaults } from '../../test-support/row-models.ts';
import { autointNet } from './autoint.ts';
import { autointConfigSchema } from './config.ts';
import { plainAutoInt } from './test-support/plain.ts';

function formula(own: object, labels: number): RowFormula {
  const sizes = { embeddingDim: 3, attentionDim: 4, heads: 2, hiddenSizes: [5] };
  const config = autointConfigSchema.parse({ kind: 'autoint', embeddingStd: 0.7, ...sizes, ...own });
  return { net: (options) => autointNet(config, options), plain: (w, rows) => plainAutoInt(w, rows, config), labels };
}

describeRowFormulas({
  'layer norm, scale and linear terms': formula({ layerNorm: true, useScale: true, useWide: true }, 2),
  'no hidden layers': formula({ hiddenSizes: [] }, 1),
  'no residual': formula({ useResidual: false, attentionLayers: 1, attentionDim: 3, heads: 1 }, 1),
});
describeFuxiCtr({ autoint: fuxiCtrFile('autoint') });

describe('configurations of AutoInt', () => {
  const given = { kind: 'autoint', embeddingDim: 16 };
  const parse = (config: object) => parseConfig(autointConfigSchema, config, 'model config (autoint)');

  it('have the defaults of the reference', () => {
    const flags = { layerNorm: false, useScale: false, useWide: false, useResidual: true };
    const sizes = { attentionLayers: 2, attentionDim: 8, heads: 1, hiddenSizes: [64, 64, 64], dropout: 0 };
    expect(parse(given)).toEqual({ ...given, ...rowDefaults, ...flags, ...sizes });
  });

  it('refuse heads that do not divide the width', () => {
    expect(() => parse({ ...given, heads: 3 })).toThrow(
      'model config (autoint): heads: expected a divisor of attentionDim; got 3',
    );
  });
});
