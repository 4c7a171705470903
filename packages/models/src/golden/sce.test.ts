import { readFileSync } from 'node:fs';
import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkGolden } from './check.ts';
import type { GoldenReport } from './report.ts';

interface File {
  readonly inputs: Record<string, { data: number[] }>;
  readonly config: Record<string, number>;
}

const read = (): File => JSON.parse(readFileSync(new URL('./fixtures/sce/sce-mix.json', import.meta.url), 'utf8'));
const check = async (file: File): Promise<GoldenReport> => (await checkGolden(file as never)) as GoldenReport;

describe.each(['cpu', 'auto'] as const)('scalable cross-entropy of its authors on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it('agrees in loss and gradients', async () => {
    const before = tf.memory().numTensors;
    const { maxima, tolerance, gradients } = await check(read());
    expect(tf.memory().numTensors).toBe(before);
    expect(Object.keys(gradients)).toEqual(['x', 'items']);
    expect(tolerance.loss).toBeLessThan(1.1e-5);
    expect(maxima.loss).toBeLessThan(tolerance.loss);
    expect(maxima.gradients).toBeLessThan(tolerance.gradients);
  });

  it.each([
    ['another label', (file: File) => (file.inputs.y.data[4] = 8)],
    ['a row that is padding', (file: File) => (file.inputs.sequences.data[4] = 20)],
    ['other random numbers', (file: File) => file.inputs.omega.data.reverse()],
    ['smaller buckets', (file: File) => (file.config.bucketY = 4)],
  ])('notices %s', async (_, change) => {
    const file = read();
    change(file);
    const { maxima, tolerance } = await check(file);
    expect(maxima.loss).toBeGreaterThan(tolerance.loss);
  });
});
