import { readFileSync } from 'node:fs';
import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkGolden } from './check.ts';
import type { GoldenReport } from './report.ts';

interface File {
  config: { maxGradientNorm: number; arguments: Record<string, number> };
  outputs: { losses: number[]; afterAll: Record<string, { data: number[] }> };
}
const read = (): File =>
  JSON.parse(readFileSync(new URL('./fixtures/fuxictr/dcnv2-training.json', import.meta.url), 'utf8'));
const check = async (json: unknown): Promise<GoldenReport> => (await checkGolden(json)) as GoldenReport;

describe.each(['cpu', 'auto'] as const)('five steps of the reference on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it('have its losses and its weights', async () => {
    const before = tf.memory().numTensors;
    const { maxima, tolerance, outputs } = await check(read());
    expect(tf.memory().numTensors).toBe(before);
    expect(maxima.outputs).toBeLessThan(tolerance.outputs);
    // Losses, and all weights after the first and the last step.
    expect(Object.keys(outputs)).toHaveLength(1 + 2 * Object.keys(read().outputs.afterAll).length);
  });

  it.each<[string, (file: File) => object]>([
    ['clipping', ({ config }) => Object.assign(config, { maxGradientNorm: 5 })],
    ['the regulariser of tables', ({ config }) => Object.assign(config.arguments, { embedding_regularizer: 0 })],
    ['the regulariser of the net', ({ config }) => Object.assign(config.arguments, { net_regularizer: 0 })],
    ['the learning rate', ({ config }) => Object.assign(config.arguments, { learning_rate: 0.0501 })],
    ['a loss', ({ outputs }) => outputs.losses.fill(1.18, 4)],
  ])('are noticed to differ by %s', async (_, change) => {
    const file = read();
    change(file);
    const { maxima, tolerance } = await check(file);
    expect(maxima.outputs).toBeGreaterThan(tolerance.outputs);
  });
});
