import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { createModel, modelKinds } from './registry.ts';
import { casesOf } from './test-support/encoder-cases.ts';
import type { Initial } from './test-support/initial.ts';

const documented = casesOf(({ initial }) => initial);

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Deviation over size, fourth moment over the square of the second, and the largest magnitude over size. */
const densities = {
  normal: { deviation: 1, kurtosis: 3, within: Number.POSITIVE_INFINITY },
  // A normal cut at two deviations.
  truncated: { deviation: 0.87963, kurtosis: 2.3656, within: 2 },
  uniform: { deviation: 1 / Math.sqrt(3), kurtosis: 1.8, within: 1 },
} as const;

/**
 * Five standard errors everywhere: seeds are fixed, and a change of the documented size by a tenth
 * shows in a thousand numbers.
 */
function expectDistribution(values: ArrayLike<number>, initial: Initial, name: string): void {
  const all = Array.from(values);
  if (!('size' in initial)) {
    expect(new Set(all), name).toEqual(new Set([initial.kind === 'ones' ? 1 : 0]));
    return;
  }
  const { size: unit } = initial;
  const { deviation, kurtosis, within } = densities[initial.kind];
  const n = all.length;
  const moment = (power: number): number => all.reduce((sum, value) => sum + (value / unit) ** power, 0) / n;
  expect(Math.abs(moment(1)), `mean of ${name}`).toBeLessThan((5 * deviation) / Math.sqrt(n));
  const error = (5 * Math.sqrt((kurtosis - 1) / n)) / 2;
  expect(Math.abs(Math.sqrt(moment(2)) / deviation - 1), `deviation of ${name}`).toBeLessThan(error);
  const sizes = all.map((value) => Math.abs(value) / unit);
  const beyond = sizes.filter((size) => size > within * (1 + 1e-6)).length / n;
  // The reference's rule for a cut normal: the first of four draws inside, the first of all when
  // none is (4 in a million).
  expect(beyond, `range of ${name}`).toBeLessThanOrEqual(initial.kind === 'truncated' ? 1e-4 : 0);
  // What tells the densities apart, in weights that are large enough for it.
  if (n < 1000) return;
  expect(Math.abs(moment(4) / moment(2) ** 2 - kurtosis), `kurtosis of ${name}`).toBeLessThan(30 / Math.sqrt(n));
  const inside = sizes.filter((size) => size <= within * (1 + 1e-6));
  if (within < 3)
    expect(
      inside.reduce((a, b) => Math.max(a, b)),
      `range of ${name}`,
    ).toBeGreaterThan(0.97 * within);
}

it('covers every kind of model', () => {
  expect([...new Set(Object.values(documented).map(({ config }) => config.kind))].sort()).toEqual(
    [...modelKinds('encode')].sort(),
  );
});

describe.each(Object.keys(documented))('%s', (name) => {
  const { config, initial } = documented[name];

  it('starts every weight from its documented distribution', () => {
    // Small weights have few numbers each: those of eight seeds together.
    const seeds = Array.from({ length: 8 }, (_, seed) => createModel(config, { numItems: 300, seed }));
    const names = [...seeds[0].variables().keys()];
    expect(names.sort()).toEqual(Object.keys(initial).sort());
    for (const weight of names) {
      const values = seeds.flatMap((model) => [...model.variables().get(weight)!.dataSync()]);
      expectDistribution(values, initial[weight], weight);
    }
    for (const model of seeds) model.dispose();
  });

  it('draws no two weights from the same numbers', () => {
    const model = createModel(config, { numItems: 300, seed: 1 });
    const drawn = [...model.variables()].flatMap(([weight, variable]) => {
      const values = variable.dataSync();
      return new Set(values).size === 1 ? [] : [{ weight, values }];
    });
    for (const [i, a] of drawn.entries()) {
      for (const b of drawn.slice(i + 1)) {
        const n = Math.min(a.values.length, b.values.length);
        const [x, y] = [a.values.slice(0, n), b.values.slice(0, n)] as Float32Array[];
        const product = (left: Float32Array, right: Float32Array): number =>
          left.reduce((sum, value, at) => sum + value * right[at], 0);
        const correlation = product(x, y) / Math.sqrt(product(x, x) * product(y, y));
        expect(Math.abs(correlation), `${a.weight} and ${b.weight}`).toBeLessThan(5.5 / Math.sqrt(n));
      }
    }
    model.dispose();
  });
});
