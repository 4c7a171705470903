import { useBackend } from '@seqrec/core';
import { makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from '../inputs.ts';
import type { TokenEncoder } from '../model.ts';
import { createModel, type ModelConfigInput } from '../registry.ts';
import { incrementalOf } from '../serve/capabilities.ts';
import { codeModelConfig } from '../tasks/generation/task.ts';
import { onlyPart } from '../tasks/part.ts';
import { drawnCodes, histories } from '../test-support/coded-world.ts';
import { tinyConfigs, tinyTrain } from '../test-support/tiny.ts';
import { codeBatch } from './code-batch.ts';
import { codeDecoder } from './code-decoder.ts';
import { codeSymbols } from './code-symbols.ts';

const codes = drawnCodes(20, [4, 4, 4], 5);
const symbols = codeSymbols(codes);
const temperature = 0.2;

/** Encoders of contents and times alone. */
const encoders = Object.entries(tinyConfigs).filter(
  ([, config]) => !('actions' in config && config.actions !== 'none') && config.kind !== ('dssm' as string),
);

function over(config: ModelConfigInput): TokenEncoder {
  return createModel(codeModelConfig(config, codes), { numItems: symbols.count, seed: 4 });
}

beforeAll(async () => {
  await useBackend('simd');
});
afterAll(() => tf.setBackend('cpu'));

describe('the loss', () => {
  const batch = uploadBatch(makeBatch(tinyTrain(), [0, 1, 2, 3]));
  const run = { training: false, step: 3, seed: 9 };

  it('is the cross-entropy of each code among those of its level, summed', () => {
    const model = over({ kind: 'sasrec', embeddingDim: 8, maxSequenceLength: 6, numBlocks: 1, numHeads: 1, ffnDim: 8 });
    const writer = codeDecoder(model, { temperature, isCached: true });
    const { sum, weight } = tf.tidy(() => {
      const made = writer.loss({ symbols, batch, part: onlyPart(batch.host), run });
      return { ...made, sum: made.sum.arraySync() };
    });
    expect(weight).toBe(batch.numTokens);
    const { batch: asCodes, asked } = codeBatch(batch.host, symbols, { targets: true });
    const [encoded, vectors] = tf.tidy(() => [
      model.encode(uploadBatch(asCodes), run).arraySync(),
      model.itemVectors().arraySync(),
    ]);
    let expected = 0;
    for (const [level, { tokens, rows }] of asked.entries()) {
      for (const [i, token] of tokens.entries()) {
        const score = (row: number): number =>
          vectors[row].reduce((dot, x, d) => dot + x * encoded[token][d], 0) / temperature;
        const all = Array.from({ length: symbols.sizes[level] }, (_, k) => Math.exp(score(symbols.firsts[level] + k)));
        expected += Math.log(all.reduce((a, x) => a + x)) - score(rows[i]);
      }
    }
    expect(sum).toBeCloseTo(expected, 3);
    model.dispose();
  });

  it('of parts is that of the batch, with dropout', () => {
    const model = over({
      ...{ kind: 'sasrec', embeddingDim: 8, maxSequenceLength: 6, numBlocks: 1, numHeads: 1, ffnDim: 8 },
      ...{ inputDropout: 0.3, ffnDropout: 0.3 },
    });
    const writer = codeDecoder(model, { temperature, isCached: true });
    const { host } = batch;
    const training = { ...run, training: true };
    const whole = tf.tidy(() => writer.loss({ symbols, batch, part: onlyPart(host), run: training }).sum.arraySync());
    let sum = 0;
    for (let s = 0; s < 4; s++) {
      const own = uploadBatch(makeBatch(tinyTrain(), [s]));
      const part = { whole: host, firstSequence: s, firstToken: host.offsets[s] };
      const before = { sequences: s, tokens: host.offsets[s] };
      sum += tf.tidy(() => writer.loss({ symbols, batch: own, part, run: { ...training, before } }).sum.arraySync());
      own.dispose();
    }
    expect(sum).toBeCloseTo(whole, 3);
    model.dispose();
  });
});

describe.each(encoders)('%s', (_, config) => {
  it('says the same from what it has kept as from the whole sequence, to the bit', () => {
    const model = over(config);
    if (!incrementalOf(model).append) {
      model.dispose();
      return;
    }
    const batch = histories(5);
    const before = tf.memory().numTensors;
    const readers = [true, false].map((isCached) => codeDecoder(model, { temperature, isCached }).read(batch, symbols));
    const steps: readonly [number[], number[]][] = [
      [
        [0, 0, 2, 3, 1],
        [1, 2, 0, 3, 3],
      ],
      [
        [4, 0, 1, 1, 2, 3],
        [0, 0, 1, 2, 3, 3],
      ],
    ];
    const said = readers.map((reader) => [
      reader.first(),
      ...steps.map(([parents, own]) => reader.next(Int32Array.from(parents), Int32Array.from(own))),
    ]);
    for (const [step, logits] of said[0].entries()) {
      expect(logits.shape).toEqual([[4, 5, 6][step], 4]);
      expect(logits.arraySync()).toEqual(said[1][step].arraySync());
    }
    tf.dispose(said);
    for (const reader of readers) reader.dispose();
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });
});
