import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { STOCK_MODELS, type StockModel } from './stock-models.ts';

async function outputs(stock: StockModel, backend: 'simd' | 'wasm', steps: number): Promise<Float32Array> {
  await useBackend(backend);
  const network = stock.build();
  const { x, y } = stock.batchOf();
  for (let i = 0; i < steps; i++) await network.trainOnBatch(x, y);
  const output = network.predictOnBatch(x) as tf.Tensor;
  const values = output.dataSync() as Float32Array;
  network.dispose();
  tf.dispose([x, y, output]);
  return values;
}

async function difference(stock: StockModel, steps: number): Promise<number> {
  const [ours, theirs] = [await outputs(stock, 'simd', steps), await outputs(stock, 'wasm', steps)];
  expect(ours.length).toBe(theirs.length);
  return ours.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i])), 0);
}

describe('models of stock TensorFlow.js layers', () => {
  for (const stock of STOCK_MODELS) {
    it(`${stock.name} gives the probabilities of TensorFlow.js's own backend`, async () => {
      expect(await difference(stock, 0)).toBeLessThan(1e-6);
    });
  }

  it('a training step of the classifier leads to the same model', async () => {
    // Adam divides by the root of the squared gradient, so that rounding in a small one counts
    // as much as in a large one.
    expect(await difference(STOCK_MODELS[0], 1)).toBeLessThan(1e-4);
  });
});
