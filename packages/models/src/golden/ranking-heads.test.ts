import { readFileSync } from 'node:fs';
import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { checkGolden } from './check.ts';
import type { GoldenReport } from './report.ts';

type Json = { inputs: Record<string, { data: number[] }>; outputs: Record<string, number> };
const read = (): Json =>
  JSON.parse(readFileSync(new URL('./fixtures/values/ranking-heads.json', import.meta.url), 'utf8'));

it.each(['cpu', 'auto'] as const)('losses of heads have their values and gradients on %s', async (backend) => {
  await useBackend(backend);
  const before = tf.memory().numTensors;
  const { maxima, tolerance, outputs, gradients } = (await checkGolden(read())) as GoldenReport;
  expect(tf.memory().numTensors).toBe(before);
  expect(Object.keys(outputs)).toHaveLength(9);
  expect(Object.keys(gradients)).toHaveLength(12);
  expect(tolerance.outputs).toBeLessThan(1e-5);
  expect(maxima.outputs).toBeLessThan(tolerance.outputs);
  expect(maxima.gradients).toBeLessThan(tolerance.gradients);
});

it('a changed number is noticed, and an unknown loss is said', async () => {
  for (const name of Object.keys(read().outputs)) {
    const changed = read();
    changed.outputs[name] *= 1.001;
    const { maxima, tolerance } = (await checkGolden(changed)) as GoldenReport;
    expect(maxima.outputs, name).toBeGreaterThan(tolerance.outputs);
  }
  const { outputs, ...json } = read();
  expect(await checkGolden({ ...json, outputs: { ...outputs, hinge: 1 } })).toMatchObject({ notYet: 'no loss hinge' });
});
