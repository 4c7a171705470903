import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ExpertGate } from '../../layers/expert-gate.ts';
import { describeFuxiCtr, fuxiCtrFile } from '../../test-support/fuxictr-files.ts';
import { describeRowFormulas, type RowFormula } from '../../test-support/row-formulas.ts';
import { rowDefaults } from '../../test-support/row-models.ts';
import { mmoeConfigSchema } from './config.ts';
import { mmoeNet } from './mmoe.ts';
import { plainMmoe } from './test-support/plain.ts';

const small = { kind: 'mmoe', embeddingDim: 2, embeddingStd: 0.7 } as const;
const deep = { experts: 2, expertHiddenSizes: [4, 3], gateHiddenSizes: [3], towerHiddenSizes: [3] };
const flat = { experts: 3, expertHiddenSizes: [3], gateHiddenSizes: [], towerHiddenSizes: [] };
const formula = (given: object, labels: number): RowFormula => {
  const config = mmoeConfigSchema.parse({ ...small, ...given });
  const sizes = {
    experts: config.experts,
    labels,
    expertLayers: config.expertHiddenSizes.length,
    gateHidden: config.gateHiddenSizes.length,
    towerHidden: config.towerHiddenSizes.length,
  };
  return {
    net: (options) => mmoeNet(config, options),
    plain: (w, rows) => plainMmoe(w, rows, sizes),
    labels,
  };
};

describeRowFormulas({ 'hidden layers everywhere': formula(deep, 2), 'linear gates and towers': formula(flat, 2) });
describeFuxiCtr({ mmoe: fuxiCtrFile('mmoe') });

it('has these defaults', () => {
  const given = { kind: 'mmoe', embeddingDim: 4 } as const;
  expect(mmoeConfigSchema.parse(given)).toEqual({
    ...given,
    experts: 4,
    expertHiddenSizes: [400],
    gateHiddenSizes: [],
    towerHiddenSizes: [64],
    dropout: 0,
    gateDropout: 0,
    ...rowDefaults,
  });
});

describe('dropout of gates', () => {
  beforeAll(async () => {
    await useBackend('cpu');
  });

  it('leaves experts out, and the others share what is left', () => {
    const [rows, experts, gateDropout] = [400, 3, 0.3];
    const gate = new ExpertGate({
      inputDim: 2,
      hiddenSizes: [],
      experts,
      dropout: 0,
      gateDropout,
      seed: 1,
      stream: 'gate',
    });
    const x = tf.randomNormal([rows, 2], 0, 1, 'float32', 4) as tf.Tensor2D;
    const run = { training: true, step: 2, seed: 1 };
    const whole = gate.gates(x, { ...run, training: false }).arraySync();
    const dropped = gate.gates(x, run).arraySync();
    let left = 0;
    let all = 0;
    for (const [b, gates] of dropped.entries()) {
      expect(gates.reduce((sum, g) => sum + g, 0)).toBeCloseTo(1, 5);
      const kept = gates.flatMap((g, e) => (g > 0 ? [e] : []));
      left += kept.length;
      if (kept.length === experts) all++;
      const total = kept.reduce((sum, e) => sum + whole[b][e], 0);
      for (const e of kept) expect(gates[e]).toBeCloseTo(whole[b][e] / total, 5);
    }
    // An example that would lose all keeps all: .027 of them.
    expect(left / (rows * experts)).toBeCloseTo(0.7 + 0.027, 1);
    expect(all / rows).toBeCloseTo(0.343 + 0.027, 1);
    expect(gate.gates(x, { ...run, step: 3 }).arraySync()).not.toEqual(dropped);
    // A part of the batch loses what it loses in the whole.
    const part = gate.gates(tf.slice(x, [100, 0]), { ...run, firstRow: 100 }).arraySync();
    expect(part).toEqual(dropped.slice(100));
    // Experts that are left out teach a gate nothing, the others do.
    const ofFirst = tf.grad((rows) => tf.sum(tf.slice(gate.gates(rows as tf.Tensor2D, run), [0, 0], [-1, 1])))(x);
    for (const [b, slopes] of (ofFirst.arraySync() as number[][]).entries()) {
      const alone = dropped[b].filter((g) => g > 0).length === 1;
      expect(Math.max(...slopes.map(Math.abs)) > 0).toBe(dropped[b][0] > 0 && !alone);
    }
    expect(gate.getConfig()).toMatchObject({ experts, gateDropout });
    expect(gate.getConfig()).not.toHaveProperty('outputDim');
  });
});
