import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../config/parse.ts';
import { describeFuxiCtr, fuxiCtrFile } from '../../test-support/fuxictr-files.ts';
import { describeRowFormulas, type RowFormula } from '../../test-support/row-formulas.ts';
import { rowDefaults } from '../../test-support/row-models.ts';
import { finalmlpConfigSchema } from './config.ts';
import { finalmlpNet } from './finalmlp.ts';
import { plainFinalMlp } from './test-support/plain.ts';

function formula(own: object, labels: number): RowFormula {
  const sizes = { embeddingDim: 2, mlp1HiddenSizes: [5, 4], mlp2HiddenSizes: [6], gateHiddenSizes: [3] };
  const config = finalmlpConfigSchema.parse({ kind: 'finalmlp', embeddingStd: 0.7, ...sizes, ...own });
  return { net: (options) => finalmlpNet(config, options), plain: (w, rows) => plainFinalMlp(w, rows, config), labels };
}

describeRowFormulas({
  'contexts, two heads': formula({ context1: ['user'], context2: ['events.size', 'items.tags'], heads: 2 }, 2),
  'learned contexts, other activations': formula({ mlp1Activation: 'sigmoid', mlp2Activation: 'linear' }, 1),
  'no feature selection': formula({ featureSelection: false, gateHiddenSizes: undefined }, 1),
});
describeFuxiCtr({ finalmlp: fuxiCtrFile('finalmlp') });

describe('configurations of FinalMLP', () => {
  const given = { kind: 'finalmlp', embeddingDim: 16 };
  const parse = (config: object) => parseConfig(finalmlpConfigSchema, config, 'model config (finalmlp)');

  it('have the defaults of the reference', () => {
    const of = (mlp: string) => ({
      [`${mlp}HiddenSizes`]: [64, 64, 64],
      [`${mlp}Activation`]: 'relu',
      [`${mlp}Dropout`]: 0,
    });
    expect(parse(given)).toEqual({
      ...given,
      ...rowDefaults,
      ...of('mlp1'),
      ...of('mlp2'),
      featureSelection: true,
      heads: 1,
    });
  });

  it.each([
    [{ heads: 5 }, 'heads: expected a divisor of the last widths of mlp1HiddenSizes and mlp2HiddenSizes; got 5'],
    [{ heads: 8, mlp2HiddenSizes: [4] }, 'heads: expected a divisor of the last widths'],
    [{ featureSelection: false, context2: ['user'] }, 'context2: expected none without featureSelection'],
    [{ mlp1Activation: 'tanh' }, "mlp1Activation: expected one of 'relu', 'sigmoid', 'linear'; got 'tanh'"],
  ])('refuse %j', (settings, message) => {
    expect(() => parse({ ...given, ...settings })).toThrow(`model config (finalmlp): ${message}`);
  });

  it('refuse a context that is no field', () => {
    const fields = [{ name: 'items.tags', shape: { kind: 'row', size: 3 } }] as const;
    const config = finalmlpConfigSchema.parse({ ...given, context1: ['tags'], context2: ['tag'] });
    expect(() => finalmlpNet(config, { fields, labels: 1, seed: 1 })).toThrow(
      'model config (finalmlp): context2: expected names of fields (items.tags); got tag',
    );
  });
});
