import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { createModel } from '../registry.ts';
import { expectNothingStays } from '../test-support/throwing-model.ts';
import { tinyConfigs, tinySplit } from '../test-support/tiny.ts';
import { encodeHistories } from './encode-histories.ts';
import { fullPass } from './full-pass.ts';
import { recommend } from './recommend.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('recommend', () => {
  const model = () => createModel(tinyConfigs.hstu, { numItems: 20, seed: 1 });

  it('gives the best unseen items, best first, and leaks nothing', async () => {
    const m = model();
    const before = tf.memory().numTensors;
    const request = { model: m, history: [3, 4, 5], timestamps: [0, 10, 20], k: 5 };
    const best = await recommend(request);
    expect(tf.memory().numTensors).toBe(before);
    expect(best).toHaveLength(5);
    for (const { item } of best) expect([3, 4, 5]).not.toContain(item);
    expect([...best].sort((a, b) => b.score - a.score)).toEqual(best);
    const everything = await recommend({ ...request, k: 50, excludeSeen: false });
    expect(everything).toHaveLength(20);
    expect(everything.filter(({ item }) => ![3, 4, 5].includes(item)).slice(0, 5)).toEqual(best);
    // What is left out can be said, an item of the history be none of it.
    const open = await recommend({ ...request, k: 50, leftOut: [3, 9] });
    expect(open).toEqual(everything.filter(({ item }) => item !== 3 && item !== 9));
  });

  it('uses the latest events only, but leaves out all of the history', async () => {
    const m = model();
    const long = [9, 8, 1, 2, 3, 4, 5, 6];
    const whole = await recommend({ model: m, history: long, k: 20 });
    expect(whole.map(({ item }) => item)).toHaveLength(12);
    const tail = await recommend({ model: m, history: long.slice(2), k: 20, excludeSeen: false });
    expect(tail.filter(({ item }) => !long.includes(item))).toEqual(whole);
  });

  it('knows the time of the request', async () => {
    const m = model();
    const request = { model: m, history: [3, 4], timestamps: [0, 10], k: 3 };
    const now = await recommend(request);
    const later = await recommend({ ...request, requestTime: 1e6 });
    expect(later[0].score).not.toBe(now[0].score);
  });

  it.each([
    [{ history: [] }, /at least one event; got none/],
    [{ history: [21] }, /dense item ids in 1\.\.20; got 21/],
    [{ history: [0] }, /got 0/],
    [{ history: [1, 2], timestamps: [5] }, /expected 2 timestamps, one per event; got 1/],
    [{ history: [1], k: 0 }, /k: expected an integer >= 1; got 0/],
  ])('refuses %j', async (options, message) => {
    await expect(recommend({ model: model(), ...options })).rejects.toThrow(message);
  });
});

it('nothing stays where the model throws', () => {
  const { interactions } = tinySplit().test;
  return expectNothingStays(
    createModel(tinyConfigs.hstu, { numItems: 20, seed: 3 }),
    (broken) => recommend({ model: broken, history: [1, 2] }),
    (broken) => encodeHistories(broken, interactions),
    (broken) => fullPass(broken, [{ item: 1, time: 0 }], 1),
  );
});
