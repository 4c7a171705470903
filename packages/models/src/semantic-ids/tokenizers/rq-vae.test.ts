import { normals, streamKey, useBackend } from '@seqrec/core';
import '@seqrec/core/simd';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { assignValues } from '../../parameters.ts';
import { fitRqVae } from './fit-rq-vae.ts';
import { knownTokenizerSchema } from './registry.ts';
import { reviveCodes } from './revive-codes.ts';
import { RqVae } from './rq-vae.ts';

beforeAll(() => useBackend('simd'));

const sizes = { inputDim: 5, hiddenSizes: [6], width: 3, levels: 2, codes: 4 };
const x = () => tf.tensor2d(Float32Array.from(normals(streamKey(2, 'x'), 0, 35)), [7, 5]);

describe('RqVae', () => {
  /** Gradients of one term of the loss alone. */
  async function gradientsOf(term: 'quantisation' | 'reconstruction', commitment: number, residuals?: 'passed') {
    const model = new RqVae(sizes, 1);
    const { value, grads } = tf.variableGrads(
      () => tf.sum(model.forward(x(), { commitment, ...(residuals && { residuals }) })[term]) as tf.Scalar,
      model.variables(),
    );
    value.dispose();
    const size = async (variables: tf.Variable[]) => {
      let sum = 0;
      for (const { name } of variables) for (const each of (await grads[name]?.data()) ?? []) sum += Math.abs(each);
      return sum;
    };
    const of = (layer: RqVae['encoder']) => layer.names.map((name) => layer.weight(name));
    return { encoder: await size(of(model.encoder)), books: await size([model.books.table(0), model.books.table(1)]) };
  }

  it('teaches codebooks by their own term alone, and the encoder by the commitment and the reconstruction', async () => {
    expect(await gradientsOf('quantisation', 0)).toEqual({ encoder: 0, books: expect.any(Number) });
    expect((await gradientsOf('quantisation', 0)).books).toBeGreaterThan(0);
    expect((await gradientsOf('quantisation', 1)).encoder).toBeGreaterThan(0);
    expect(await gradientsOf('reconstruction', 1)).toEqual({ encoder: expect.any(Number), books: 0 });
    expect((await gradientsOf('reconstruction', 1)).encoder).toBeGreaterThan(0);
  });

  it('passes what deeper levels say to the encoder, unless residuals are constants', async () => {
    const [attached, passed] = [await gradientsOf('quantisation', 1), await gradientsOf('quantisation', 1, 'passed')];
    expect(Math.abs(attached.encoder - passed.encoder)).toBeGreaterThan(1e-3);
    expect(attached.books).toBeCloseTo(passed.books, 4);
  });
});

describe('fitRqVae', () => {
  const rows = { count: 200, width: 6, values: new Float64Array(1200) };
  const basis = normals(streamKey(5, 'basis'), 0, 12);
  const place = normals(streamKey(6, 'place'), 0, 400);
  for (let r = 0; r < 200; r++)
    for (let j = 0; j < 6; j++) rows.values[r * 6 + j] = place[2 * r] * basis[j] + place[2 * r + 1] * basis[6 + j];
  const config = {
    kind: 'rq-vae',
    levels: 2,
    codes: 8,
    hiddenSizes: [16],
    width: 4,
    batchSize: 64,
    learningRate: 1e-2,
  };
  const fit = (epochs: number) => {
    const settings = knownTokenizerSchema().parse({ ...config, epochs });
    if (settings.kind !== 'rq-vae') throw new Error(settings.kind);
    return fitRqVae(rows, { ...settings, collaborative: undefined }, { seed: 1 });
  };

  it('uses every code of every level', async () => {
    const { codes } = await fit(40);
    for (const level of [0, 1]) {
      const own = new Set(Array.from({ length: 200 }, (_, r) => codes.values[2 * r + level]));
      expect(own.size).toBe(8);
    }
  });

  it('has a code that nobody had begin anew at what its level reads, and leaves the others', async () => {
    const model = new RqVae(sizes, 1);
    const before = [0, 1].map((level) => model.books.table(level).dataSync().slice());
    const residuals = [1, 2].map((by) => tf.mul(tf.reshape(tf.range(100, 121), [7, 3]), by)) as tf.Tensor2D[];
    const used = [Uint8Array.of(1, 0, 1, 1), Uint8Array.of(1, 1, 1, 0)];
    await reviveCodes(model, used, residuals, { seed: 1, epoch: 0 });
    for (const [level, of] of used.entries()) {
      const book = await model.books.table(level).data();
      const rows = await residuals[level].array();
      for (const [code, wasUsed] of of.entries()) {
        const row = [...book.slice(3 * code, 3 * code + 3)];
        if (wasUsed) expect(row).toEqual([...before[level].slice(3 * code, 3 * code + 3)]);
        else expect(rows).toContainEqual(row);
      }
    }
    model.dispose();
  });

  it('has a code of a projected codebook begin anew there too, whatever the map', async () => {
    const model = new RqVae({ ...sizes, projected: true }, 1);
    for (const map of model.books.maps()) assignValues(map, Float32Array.of(1, 2, 0, 0, 3, 1, 1, 0, 1));
    const residual = tf.reshape(tf.range(0, 21), [7, 3]) as tf.Tensor2D;
    const before = model.books.book(1).arraySync();
    await reviveCodes(
      model,
      [1, 0].map((first) => Uint8Array.of(1, first, 1, 1)),
      [residual, residual],
      { seed: 1, epoch: 0 },
    );
    const after = model.books.book(1).arraySync();
    expect([0, 2, 3].map((k) => after[k])).toEqual([0, 2, 3].map((k) => before[k]));
    const near = residual.arraySync().map((row) => Math.max(...row.map((each, j) => Math.abs(each - after[1][j]))));
    expect(Math.min(...near)).toBeLessThan(1e-4);
    model.dispose();
  });

  it('says that it does not converge, and has no codes then', async () => {
    const settings = knownTokenizerSchema().parse({ ...config, epochs: 50, learningRate: 1e30 });
    await expect(fitRqVae(rows, settings as never, { seed: 1 })).rejects.toThrow(
      /^semantic ids: rq-vae: expected a finite loss; got (NaN|Infinity) in epoch \d+; lower the learning rate$/,
    );
  });

  it('frees what it made', async () => {
    await fit(1);
    const { numTensors } = tf.memory();
    await fit(2);
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
