import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { TimeEncoder } from './time-encoder.ts';
import {
  ABSOLUTE_PERIODS,
  eventTimes,
  pinnerformerTimeColumns,
  RELATIVE_PERIODS,
  timeFeatures,
} from './time-features.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('time encoder', () => {
  it('has the periods of the paper: 12 from a quarter of an hour to a year, 32 from a second to four weeks', () => {
    const hours = [0.25, 0.5, 0.75, 1, 2, 4, 8, 16, 24, 24 * 7, 24 * 28, 24 * 365];
    expect(ABSOLUTE_PERIODS).toEqual(hours.map((hour) => 3600 * hour));
    expect(RELATIVE_PERIODS).toHaveLength(32);
    expect(pinnerformerTimeColumns).toBe(25 + 65 + 65);
    expect(RELATIVE_PERIODS[0]).toBe(1);
    expect(RELATIVE_PERIODS[31]).toBeCloseTo(2_419_200, 3);
    const ratio = RELATIVE_PERIODS[1] / RELATIVE_PERIODS[0];
    for (let i = 1; i < 32; i++) expect(RELATIVE_PERIODS[i] / RELATIVE_PERIODS[i - 1]).toBeCloseTo(ratio, 8);
  });

  it('is cos(2 pi t / p + phase), sin(2 pi t / p + phase), ln t / ln p_P: 25 and 65 columns', () => {
    // A date of today, whose float32 seconds are a minute apart.
    const times = Float64Array.of(0, 1, 1_700_000_123, 1_700_000_124);
    for (const periods of [ABSOLUTE_PERIODS, RELATIVE_PERIODS]) {
      const layer = new TimeEncoder({ numPeriods: periods.length, seed: 3, stream: 'test' });
      const out = layer.encode(timeFeatures(times, periods)).arraySync();
      const phase = layer.weight('phase').dataSync();
      expect(out[0]).toHaveLength(2 * periods.length + 1);
      for (const [t, time] of times.entries()) {
        for (const [i, period] of periods.entries()) {
          const angle = 2 * Math.PI * ((time / period) % 1);
          expect(out[t][i]).toBeCloseTo(Math.cos(angle + phase[i]), 5);
          expect(out[t][periods.length + i]).toBeCloseTo(Math.sin(angle + phase[periods.length + i]), 5);
        }
        expect(out[t][2 * periods.length]).toBeCloseTo(Math.log(Math.max(time, 1)) / Math.log(Math.max(...periods)), 5);
      }
    }
  });

  it('has the sines and cosines of Math, rounded to float32, everywhere on the circle', () => {
    // All but ties: the two differ by less than 1e-15.
    const times = Float64Array.from({ length: 20_000 }, (_, i) => i / 8 + (i % 7) * 1e8);
    for (const period of [1000, 2500, ABSOLUTE_PERIODS[11]]) {
      const { cosine, sine, logarithm } = timeFeatures(times, [period]);
      for (const [t, time] of times.entries()) {
        const turns = time * (1 / period);
        const angle = (turns - Math.floor(turns)) * 2 * Math.PI;
        expect(Math.abs(cosine[t] - Math.cos(angle))).toBeLessThanOrEqual(2 ** -25 + 1e-15);
        expect(Math.abs(sine[t] - Math.sin(angle))).toBeLessThanOrEqual(2 ** -25 + 1e-15);
        expect(logarithm[t]).toBe(Math.fround(Math.log(Math.max(time, 1)) / Math.log(period)));
      }
    }
    const exact = timeFeatures(Float64Array.of(0, 1, 2, 3, 4), [4]);
    expect([...exact.cosine].map(Math.abs)).toEqual([1, 0, 1, 0, 1]);
    expect([...exact.sine]).toEqual([0, 1, 0, -1, 0]);
  });

  it('trains its phases', () => {
    const layer = new TimeEncoder({ numPeriods: 2, seed: 3, stream: 'test' });
    const features = timeFeatures(Float64Array.of(5, 9), [4, 7]);
    const { grads } = tf.variableGrads(
      () => tf.sum(tf.square(tf.add(layer.encode(features), 1))) as tf.Scalar,
      [layer.weight('phase')],
    );
    const values = grads[layer.weight('phase').name].dataSync();
    for (const value of values) expect(Math.abs(value)).toBeGreaterThan(1e-3);
  });

  it('counts age from the latest event, gaps from the one before, sequence by sequence', () => {
    const times = eventTimes({
      offsets: Int32Array.of(0, 3, 3, 5),
      timestamps: Float64Array.of(10, 15, 40, 100, 101),
    } as never);
    expect([...times.age]).toEqual([30, 25, 0, 1, 0]);
    expect([...times.gap]).toEqual([0, 5, 25, 0, 1]);
  });
});
