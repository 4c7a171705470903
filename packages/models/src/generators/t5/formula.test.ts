// The model beside its formula in float64: logits, loss and gradients.
import { integers, streamKey, useBackend } from '@seqrec/core';
import type { SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from '../../inputs.ts';
import { onlyPart } from '../../tasks/part.ts';
import type { PlainTensor } from '../../test-support/plain-maths.ts';
import type { Generator } from '../generator.ts';
import type { T5Config, T5ConfigInput } from './config.ts';
import { plainT5 } from './test-support/plain.ts';
import { codesOf, drawnModel, someHistories, someSymbols, tinyConfig } from './test-support/world.ts';

const symbols = someSymbols();
const histories = someHistories([4, 1, 6]);
const run = { training: true, step: 2, seed: 1 };
const STEP = 1e-5;

const configs: Readonly<Record<string, Partial<T5ConfigInput>>> = {
  'relu, tied': {},
  'gated, nothing tied, all rows': { feedForward: 'gated-gelu', tables: 'apart', head: 'own', softmax: 'all' },
  'one table, a head of its own': { head: 'own', encoderBlocks: 1, decoderBlocks: 3 },
  'two tables, a tied head, all rows': { tables: 'apart', softmax: 'all', decoderBlocks: 1 },
  'buckets of the paper': { relativeBuckets: 32, maxDistance: 128 },
};

/** The events of a history, the item after them. */
function pairsOf({ offsets, itemIds, targets }: SequenceBatch) {
  return Array.from({ length: offsets.length - 1 }, (_, b) => ({
    history: codesOf(symbols, itemIds.subarray(offsets[b], offsets[b + 1])),
    target: codesOf(symbols, [targets[offsets[b + 1] - 1]]),
  }));
}

function plainLoss(weights: Readonly<Record<string, PlainTensor>>, config: T5Config): number {
  let total = 0;
  for (const { history, target } of pairsOf(histories)) {
    for (const [l, logits] of plainT5(weights, config, history, target.slice(0, -1)).entries()) {
      const first = symbols.firsts[l];
      const own = config.softmax === 'all' ? logits : logits.slice(first, first + symbols.sizes[l]);
      total += Math.log(own.reduce((sum, logit) => sum + Math.exp(logit), 0)) - logits[target[l]];
    }
  }
  return total;
}

function lossOf(model: Generator) {
  const batch = uploadBatch(histories);
  const { value, grads } = tf.variableGrads(() => {
    const { sum, weight } = model.loss({ symbols, batch, part: onlyPart(histories), run });
    expect(weight).toBe(3);
    return sum;
  });
  const gradients = Object.fromEntries(
    Array.from(model.variables(), ([name, variable]) => [name, grads[variable.name].dataSync()]),
  );
  const loss = value.dataSync()[0];
  tf.dispose([value, grads]);
  batch.dispose();
  return { loss, gradients };
}

describe.each(['cpu', 'auto'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it.each(Object.keys(configs))('%s: loss and gradients', (name) => {
    const config = tinyConfig({ ...configs[name], cuts: 'last' });
    const { model, weights } = drawnModel(config, symbols);
    const before = tf.memory().numTensors;
    const { loss, gradients } = lossOf(model);
    expect(tf.memory().numTensors).toBe(before);
    expect(loss / plainLoss(weights, config)).toBeCloseTo(1, 5);
    const probed = Object.entries(weights).map(([of, { data }]) => {
      const steepest = gradients[of].indexOf(Math.max(...gradients[of]));
      const places = new Set([steepest, ...integers(streamKey(4, of), 0, 2, 0, data.length)]);
      return [...places].map((at) => {
        const kept = data[at];
        const [above, below] = [STEP, -STEP].map((step) => {
          data[at] = kept + step;
          return plainLoss(weights, config);
        });
        data[at] = kept;
        return { of, got: gradients[of][at], expected: (above - below) / (2 * STEP) };
      });
    });
    const all = probed.flat();
    const largest = Math.max(...all.map(({ expected }) => Math.abs(expected)));
    for (const own of probed) {
      const size = Math.max(1e-3 * largest, ...own.map(({ expected }) => Math.abs(expected)));
      for (const { of, got, expected } of own) expect(Math.abs(got - expected) / size, of).toBeLessThan(2e-4);
    }
    model.dispose();
  });

  it.each(Object.keys(configs))('%s: logits of each level, from kept keys', (name) => {
    const config = tinyConfig(configs[name]);
    const { model, weights } = drawnModel(config, symbols);
    const before = tf.memory().numTensors;
    const pairs = pairsOf(histories);
    const reader = model.read(histories, symbols);
    // Two beams of the first history, none of the second, three of the third.
    const beams = [
      [0, 0, 2, 2, 2],
      [0, 2, 2, 3, 4],
    ];
    const codes = [
      [1, 2, 0, 1, 2],
      [3, 0, 2, 2, 1],
    ];
    let paths: { history: number; rows: number[] }[] = pairs.map((_, history) => ({ history, rows: [] }));
    for (let level = 0; level < symbols.levels; level++) {
      const [parents, chosen] = [beams[level - 1], codes[level - 1]];
      if (level > 0) {
        paths = parents.map((parent, i) => ({
          history: paths[parent].history,
          rows: [...paths[parent].rows, symbols.firsts[level - 1] + chosen[i]],
        }));
      }
      const logits = level === 0 ? reader.first() : reader.next(Int32Array.from(parents), Int32Array.from(chosen));
      const got = logits.arraySync();
      logits.dispose();
      expect(got).toHaveLength(paths.length);
      for (const [i, { history, rows }] of paths.entries()) {
        const expected = plainT5(weights, config, pairs[history].history, rows)[level];
        const own = expected.slice(symbols.firsts[level], symbols.firsts[level] + symbols.sizes[level]);
        expect(got[i]).toHaveLength(own.length);
        for (const [code, logit] of own.entries()) expect(got[i][code]).toBeCloseTo(logit, 4);
      }
    }
    reader.dispose();
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });
});

it('has a gradient of every weight', async () => {
  await useBackend('auto');
  const { model } = drawnModel(tinyConfig({ feedForward: 'gated-gelu', tables: 'apart', head: 'own' }), symbols);
  const { gradients } = lossOf(model);
  for (const [name, gradient] of Object.entries(gradients)) {
    expect(
      gradient.some((value) => Math.abs(value) > 0),
      name,
    ).toBe(true);
    expect(gradient.every(Number.isFinite), name).toBe(true);
  }
  model.dispose();
});
