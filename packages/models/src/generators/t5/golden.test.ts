import { readFileSync } from 'node:fs';
import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../../test/part.ts';
import { checkGolden } from '../../golden/check.ts';
import type { GoldenReport } from '../../golden/report.ts';

interface File {
  readonly config: Record<string, unknown>;
  readonly outputs: Record<string, { data: number[] }>;
  readonly gradients: Record<string, { data: number[] }>;
  readonly parameters: Record<string, { data: number[] }>;
}

const read = (name: string): File =>
  JSON.parse(readFileSync(new URL(`../../golden/fixtures/t5/${name}.json`, import.meta.url), 'utf8'));
const check = async (file: File): Promise<GoldenReport> => (await checkGolden(file)) as GoldenReport;

const names = ['t5-relu', 't5-gated-gelu', 't5-semantic-ids'];

function expectedOutputs({ outputs }: File): string[] {
  return Object.entries(outputs)
    .flatMap(([name, value]) => ('data' in value ? [name] : Object.keys(value).map((own) => `${name}.${own}`)))
    .sort();
}

describe.each(part(['auto', 'cpu'] as const, 2))('T5 of transformers on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it.each(names)('%s agrees in outputs, loss and every gradient', async (name) => {
    const file = read(name);
    const before = tf.memory().numTensors;
    const report = await check(file);
    expect(tf.memory().numTensors).toBe(before);
    if (process.env.SEQREC_PRINT) console.log(tf.getBackend(), report);
    expect(Object.keys(report.outputs).sort()).toEqual(expectedOutputs(file));
    expect(Object.keys(report.gradients)).toEqual(Object.keys(file.gradients));
    for (const of of ['outputs', 'loss', 'gradients'] as const) {
      expect(report.tolerance[of], of).toBeLessThan(2e-4);
      expect(report.maxima[of], of).toBeLessThan(report.tolerance[of]);
    }
  });
});

describe('a changed file is noticed', () => {
  beforeAll(async () => {
    await useBackend('auto');
  });

  it.each(names)('%s: one number of any output', async (name) => {
    const file = read(name);
    const { tolerance } = await check(file);
    const tensors = Object.entries(file.outputs).flatMap(([of, value]) =>
      'data' in value ? [[of, value] as const] : Object.entries(value as Record<string, { data: number[] }>),
    );
    for (const [of, { data }] of part(tensors, 4)) {
      const kept = data[0];
      data[0] += 1;
      expect((await check(file)).maxima.outputs, of).toBeGreaterThan(tolerance.outputs);
      data[0] = kept;
    }
  });

  it.each(names)('%s: one number of any parameter', async (name) => {
    const { gradients } = read(name);
    for (const [of, { data }] of part(Object.entries(gradients), 4)) {
      const at = data.reduce((best, value, i) => (Math.abs(value) > Math.abs(data[best]) ? i : best), 0);
      const changed = read(name);
      changed.parameters[of].data[at] += 0.01;
      const { maxima, tolerance } = await check(changed);
      expect(maxima.loss > tolerance.loss || maxima.outputs > tolerance.outputs, of).toBe(true);
    }
  });
});

it('t5-buckets is equal, and one bucket more is not', async () => {
  const file = read('t5-buckets') as unknown as { outputs: { buckets: { data: number[] }[] } };
  expect((await check(file as never)).maxima.outputs).toBe(0);
  for (const { data } of file.outputs.buckets) {
    data[30]++;
    expect((await check(file as never)).maxima.outputs).toBeGreaterThan(1e-3);
    data[30]--;
  }
});
