import { describe, expect, it } from 'vitest';
import { checkGolden } from '../../golden/check.ts';
import type { GoldenReport } from '../../golden/report.ts';
import { changedFuxiCtr, describeFuxiCtr, type FuxiCtrJson, fuxiCtrFile } from '../../test-support/fuxictr-files.ts';
import { describeRowFormulas, type RowFormula } from '../../test-support/row-formulas.ts';
import { sequenceDefaults } from '../../test-support/row-models.ts';
import { plainSequence } from '../sequence/test-support/plain.ts';
import { dinConfigSchema } from './config.ts';
import { dinNet } from './din.ts';
import { plainDiceTower, plainDin } from './test-support/plain.ts';

function formula(activation: 'relu' | 'sigmoid' | 'prelu', softmax: boolean): RowFormula {
  const config = dinConfigSchema.parse({
    ...{ kind: 'din', embeddingDim: 3, embeddingStd: 0.7, hiddenSizes: [6, 4], attentionHiddenSizes: [5, 3] },
    ...{ attentionActivation: activation, attentionSoftmax: softmax },
  });
  return {
    net: (options) => dinNet(config, options),
    plain: (w, rows) => plainSequence(w, rows, plainDin(activation, { softmax })),
    // A softmax does not see what is added to all scores.
    idle: softmax ? ['attention.2.bias'] : [],
    maxEvents: 4,
  };
}

/** Dice in the attention unit and in the tower. */
function ofDice(training: boolean, tower: 'mlp' | 'dcn-v2'): RowFormula {
  const config = dinConfigSchema.parse({
    ...{ kind: 'din', embeddingDim: 3, embeddingStd: 0.7, hiddenSizes: [6, 4], attentionHiddenSizes: [5, 3] },
    ...{ attentionActivation: 'dice', hiddenActivation: 'dice', tower, ...(tower === 'dcn-v2' && { crossLayers: 1 }) },
  });
  return {
    net: (options) => dinNet(config, options),
    plain: (w, rows) => plainSequence(w, rows, plainDin('dice', { training }), plainDiceTower(training)),
    training,
    maxEvents: 4,
  };
}

describeRowFormulas({
  'din, relu': formula('relu', false),
  'din, sigmoid': formula('sigmoid', false),
  'din, prelu, softmax': formula('prelu', true),
  'din, dice': ofDice(false, 'mlp'),
  'din, dice in training': ofDice(true, 'mlp'),
  'din, dice in training, dcn-v2': ofDice(true, 'dcn-v2'),
});
describeFuxiCtr({ din: fuxiCtrFile('din'), 'din with dice': fuxiCtrFile('din-dice') });

describe('din with dice of the reference', () => {
  const read = fuxiCtrFile('din-dice');
  const running = ['attention_layers.0.attention_layer', 'dnn'].flatMap((mlp) => [
    `${mlp}.mlp.1.bn.running_mean`,
    `${mlp}.mlp.1.bn.running_var`,
  ]);

  it('has its running values after one pass of training', async () => {
    const { outputs, tolerance } = (await checkGolden(read())) as GoldenReport;
    expect(Object.keys(outputs)).toEqual(['y_pred', 'attention_layers.0.0', ...running]);
    for (const name of running) {
      const changed = read();
      changed.parameters[name].data[2] += 1e-4;
      const report = (await checkGolden(changed)) as GoldenReport;
      expect(report.outputs).toEqual({ ...outputs, [name]: report.outputs[name] });
      expect(report.outputs[name], name).toBeGreaterThan(10 * tolerance.outputs);
    }
  });

  it('is another model outside training, which reads them', async () => {
    const evaluated = (): FuxiCtrJson => {
      const { config, ...file } = read();
      return { ...file, config: { ...config, mode: 'eval' } } as FuxiCtrJson;
    };
    const { maxima, loss, tolerance, outputs } = (await checkGolden(evaluated())) as GoldenReport;
    expect(Object.keys(outputs)).toEqual(['y_pred', 'attention_layers.0.0']);
    expect(maxima.outputs).toBeGreaterThan(1000 * tolerance.outputs);
    const changed = evaluated();
    changed.parameters[running[0]].data[2] += 0.1;
    expect(((await checkGolden(changed)) as GoldenReport).loss).not.toBe(loss);
  });

  it('has no softmax in training to compare with', async () => {
    const changed = changedFuxiCtr(read(), { din_use_softmax: true });
    expect(await checkGolden(changed)).toEqual({ name: 'din-dice', notYet: 'no DIN with a softmax in training' });
  });

  it('refuses an activation that is not here', async () => {
    await expect((async () => checkGolden(changedFuxiCtr(read(), { dnn_activations: 'GELU' })))()).rejects.toThrow(
      /^golden: .*dnn_activations: Invalid option/,
    );
  });
});

it('has the defaults that are documented', () => {
  const given = { kind: 'din', embeddingDim: 4 } as const;
  const own = {
    ...{ attentionHiddenSizes: [64], attentionActivation: 'relu', attentionSoftmax: false },
    hiddenActivation: 'relu',
  };
  expect(dinConfigSchema.parse(given)).toEqual({ ...given, ...sequenceDefaults, ...own });
});
