import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ShapeError, UnsupportedError, useBackend, WeightAverage, type WeightAverageOptions } from '../index.ts';

const series = fc.array(
  fc.tuple(fc.float({ min: -4, max: 4, noNaN: true }), fc.float({ min: -4, max: 4, noNaN: true })),
  {
    minLength: 1,
    maxLength: 12,
  },
);
const kinds: fc.Arbitrary<WeightAverageOptions> = fc.oneof(
  fc.constant({ kind: 'equal' as const }),
  fc.record({ kind: fc.constant('exponential' as const), decay: fc.constantFrom(0, 0.5, 0.9, 0.999, 1) }),
);

function feed(average: WeightAverage, values: readonly (readonly [number, number])[]): void {
  for (const [a, b] of values) {
    const weights = new Map<string, tf.Tensor>([
      ['a', tf.tensor1d([a])],
      ['b', tf.tensor2d([b], [1, 1])],
    ]);
    average.update(weights);
    tf.dispose([...weights.values()]);
  }
}

const valuesOf = (average: WeightAverage): number[] => [...average.state().values()].flatMap((x) => [...x.dataSync()]);

describe.each(['cpu', 'simd'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it('equals its formula in float64', () => {
    fc.assert(
      fc.property(series, kinds, (values, options) => {
        const before = tf.memory().numTensors;
        const average = new WeightAverage(options);
        feed(average, values);
        const expected = [0, 1].map((which) => {
          const column = values.map((pair) => pair[which]);
          if (options.kind === 'equal') return column.reduce((sum, x) => sum + x, 0) / column.length;
          return column.slice(1).reduce((sum, x) => options.decay * sum + (1 - options.decay) * x, column[0]);
        });
        for (const [i, value] of valuesOf(average).entries()) expect(Math.abs(value - expected[i])).toBeLessThan(4e-6);
        expect(average.updates).toBe(values.length);
        average.dispose();
        expect(tf.memory().numTensors).toBe(before);
      }),
    );
  });

  it('goes on from its state with the same bits', () => {
    fc.assert(
      fc.property(series, kinds, fc.nat(12), (values, options, cut) => {
        const whole = new WeightAverage(options);
        feed(whole, values.slice(0, cut));
        const resumed = new WeightAverage(options);
        resumed.loadState(whole.state(), whole.updates);
        feed(whole, values.slice(cut));
        feed(resumed, values.slice(cut));
        expect(valuesOf(resumed)).toEqual(valuesOf(whole));
        whole.dispose();
        resumed.dispose();
      }),
    );
  });

  it('exchanges weights and averages, and back', () => {
    const weights = new Map([['w', tf.tidy(() => tf.variable(tf.tensor1d([1, 2])))]]);
    const average = new WeightAverage({ kind: 'equal' });
    average.update(weights);
    weights.get('w')!.assign(tf.tensor1d([3, 6]));
    average.update(weights);
    const before = tf.memory().numTensors;
    average.exchange(weights);
    expect([...weights.get('w')!.dataSync(), ...valuesOf(average)]).toEqual([2, 4, 3, 6]);
    average.exchange(weights);
    expect([...weights.get('w')!.dataSync(), ...valuesOf(average)]).toEqual([3, 6, 2, 4]);
    expect(tf.memory().numTensors).toBe(before);
  });
});

it('refuses other weights and other decays, word for word', () => {
  const average = new WeightAverage({ kind: 'equal' });
  const weights = (name: string, size: number) => new Map([[name, tf.variable(tf.zeros([size]))]]);
  expect(() => average.exchange(weights('a', 2))).toThrow('WeightAverage: expected the weights none; got a=float32[2]');
  average.update(weights('a', 2));
  for (const [name, size] of [
    ['a', 3],
    ['b', 2],
  ] as const) {
    expect(() => average.update(weights(name, size))).toThrow(ShapeError);
    expect(() => average.update(weights(name, size))).toThrow(
      `WeightAverage: expected the weights a=float32[2]; got ${name}=float32[${size}]`,
    );
  }
  expect(() => new WeightAverage({ kind: 'exponential', decay: 1.5 })).toThrow(UnsupportedError);
});

it('loads its own state', () => {
  const average = new WeightAverage({ kind: 'equal' });
  average.update(new Map([['w', tf.tensor1d([1, 2])]]));
  average.loadState(average.state(), 5);
  expect([...average.state()].map(([name, value]) => [name, ...value.dataSync()])).toEqual([['w', 1, 2]]);
  expect(average.updates).toBe(5);
});
