import { useBackend } from '@seqrec/core';
import { makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from '../../inputs.ts';
import { createModel, type ModelConfigInput } from '../../registry.ts';
import { codeModelConfig, codeWriter } from '../../tasks/generation/task.ts';
import { onlyPart } from '../../tasks/part.ts';
import { drawnCodes } from '../../test-support/coded-world.ts';
import { drawnContent, type PlainDense, plainDense, plainDenseLoss } from '../../test-support/plain-dense.ts';
import { tinyTrain } from '../../test-support/tiny.ts';
import { codeBatch } from '../code-batch.ts';
import { codeSymbols } from '../code-symbols.ts';
import { type DenseEncoder, setContent } from './head.ts';
import { denseLoss } from './loss.ts';
import type { DenseSizes } from './sizes.ts';

const codes = drawnCodes(20, [4, 4, 4], 5);
const symbols = codeSymbols(codes);
const temperature = 0.2;
const sizes: DenseSizes = { items: 20, width: 3, content: 5, table: true };
const sasrec: ModelConfigInput = {
  ...{ kind: 'sasrec', embeddingDim: 8, maxSequenceLength: 6, numBlocks: 1, numHeads: 1, ffnDim: 8 },
  ...{ inputDropout: 0, ffnDropout: 0 },
};
const run = { training: false, step: 3, seed: 9 };

function over(dense: DenseSizes, config: ModelConfigInput = sasrec): DenseEncoder {
  const model = createModel(codeModelConfig(config, codes), {
    numItems: symbols.count,
    seed: 4,
    dense,
  }) as DenseEncoder;
  if (dense.content !== undefined) setContent(model, drawnContent(20, dense.content));
  return model;
}

beforeAll(async () => {
  await useBackend('simd');
});
afterAll(() => tf.setBackend('cpu'));

describe('the loss of codes and vectors', () => {
  const batch = uploadBatch(makeBatch(tinyTrain(), [0, 1, 2, 3]));
  const lossOf = (model: DenseEncoder, dense?: { weight: number; after: number }, more: object = {}): number =>
    tf.tidy(() => {
      const writer = codeWriter(model, { temperature, dense: dense && { ...dense, temperature: 0.3 } });
      return writer.loss({ symbols, batch, part: onlyPart(batch.host), run: { ...run, ...more } }).sum.arraySync();
    });

  it.each([
    [0, 'content'],
    [1, 'table'],
    [2, 'both'],
  ])('with vectors after %s codes is the sum over events of the softmax over all items: %s', (after, vectors) => {
    const model = over({
      ...{ items: 20, width: 3, table: vectors !== 'content' },
      ...(vectors !== 'table' && { content: 5 }),
    });
    const { batch: asCodes, asked } = codeBatch(batch.host, symbols, { targets: true });
    const encoded = tf.tidy(() => model.encode(uploadBatch(asCodes), run).arraySync());
    const rows = Array.from(asked[after].tokens, (token) => encoded[token]);
    const plain = plainDenseLoss(rows, [...batch.host.targets], plainDense(model), { weight: 0.7, temperature: 0.3 });
    expect(lossOf(model, { weight: 0.7, after }) - lossOf(model)).toBeCloseTo(plain, 3);
    // An event later or earlier would be another loss.
    expect(Math.abs(plain)).toBeGreaterThan(1);
    model.dispose();
  });

  it('of parts is that of the batch, with dropout', () => {
    const model = over(sizes, { ...sasrec, inputDropout: 0.3, ffnDropout: 0.3 });
    const writer = codeWriter(model, { temperature, dense: { weight: 2, after: 1, temperature: 0.3 } });
    const { host } = batch;
    let sum = 0;
    for (let s = 0; s < 4; s++) {
      const own = uploadBatch(makeBatch(tinyTrain(), [s]));
      const part = { whole: host, firstSequence: s, firstToken: host.offsets[s] };
      const before = { sequences: s, tokens: host.offsets[s] };
      const ofPart = { ...run, training: true, before };
      sum += tf.tidy(() => writer.loss({ symbols, batch: own, part, run: ofPart }).sum.arraySync());
      own.dispose();
    }
    expect(sum).toBeCloseTo(lossOf(model, { weight: 2, after: 1 }, { training: true }), 3);
    model.dispose();
  });

  it('leaves the weights of the encoder as they begin without', () => {
    const plain = createModel(codeModelConfig(sasrec, codes), { numItems: symbols.count, seed: 4 });
    const model = over(sizes);
    const names = [...plain.variables().keys()];
    expect([...model.variables().keys()].slice(0, names.length)).toEqual(names);
    for (const [name, weight] of plain.variables())
      expect(model.variables().get(name)?.arraySync()).toEqual(weight.arraySync());
    expect(lossOf(model)).toBe(lossOf(plain as DenseEncoder));
    model.dispose();
    plain.dispose();
  });
});

it('gradients are those of finite differences of the formula; content has none', () => {
  const model = over(sizes);
  const encoded = Array.from({ length: 4 }, (_, t) => Array.from({ length: 8 }, (_, d) => Math.sin(3 * t + d)));
  const targets = [3, 20, 1, 3];
  const settings = { weight: 0.7, temperature: 0.3, after: 0 };
  const plain = plainDense(model);
  const { value, grads } = tf.variableGrads(() =>
    denseLoss(model.dense, tf.tensor2d(encoded), Int32Array.from(targets), settings),
  );
  expect(value.arraySync()).toBeCloseTo(plainDenseLoss(encoded, targets, plain, settings), 4);
  const named: readonly [keyof PlainDense, string][] = [
    ['Q', 'query.weight'],
    ['b', 'query.bias'],
    ['M', 'map.weight'],
    ['m', 'map.bias'],
    ['T', 'table'],
  ];
  for (const [key, name] of named) {
    const gradient = grads[model.dense.variables.get(`dense.${name}`)!.name].arraySync() as number[] | number[][];
    const rows = plain[key] as number[] | number[][];
    for (const [r, row] of rows.entries()) {
      for (const [c] of [row].flat().entries()) {
        const moved = (step: number): number => {
          const changed = rows.map((own, i) => {
            if (i !== r) return own;
            return typeof own === 'number' ? own + step : own.map((x, j) => (j === c ? x + step : x));
          });
          return plainDenseLoss(encoded, targets, { ...plain, [key]: changed }, settings);
        };
        const expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        expect([gradient[r]].flat()[c]).toBeCloseTo(expected, 3);
      }
    }
  }
  expect(Object.keys(grads)).not.toContain(model.dense.variables.get('dense.content')!.name);
  tf.dispose([value, grads]);
  model.dispose();
});

describe('refusals, word for word', () => {
  it('of content of other items, or another width', () => {
    const model = over(sizes);
    expect(() => setContent(model, drawnContent(19, 5))).toThrow(
      'setContent: expected vectors [20, 5] of the items; got [19, 5]; make the model with their width',
    );
    model.dispose();
    const table = over({ items: 20, width: 3, table: true });
    expect(() => setContent(table, drawnContent(20, 5))).toThrow('expected vectors [20, none] of the items');
    table.dispose();
  });

  it('of a model without vectors, and of one that is no encoder', () => {
    const plain = createModel(codeModelConfig(sasrec, codes), { numItems: symbols.count });
    expect(() => codeWriter(plain, { temperature: 1, dense: { weight: 1, after: 0, temperature: 1 } })).toThrow(
      "generation: dense: expected an encoder over codes with vectors of items; got 'sasrec' without; make it with dense of its options, or leave task.dense out",
    );
    plain.dispose();
    const t5 = { kind: 't5', maxSequenceLength: 6 } as { readonly kind: string };
    expect(() => createModel(t5, { numItems: 12, dense: sizes })).toThrow(
      "createModel: dense: expected an encoder of histories, whose tokens are compared with vectors of items; got 't5'; leave task.dense out",
    );
  });
});
