import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import type { TokenEncoder } from '../model.ts';

/** Expects what is asked of a model that throws at every batch to fail, and to give back all that it has uploaded. */
export async function expectNothingStays(
  model: TokenEncoder,
  ...asked: readonly ((broken: TokenEncoder) => Promise<unknown>)[]
): Promise<void> {
  const lost = (): never => {
    throw new Error('lost');
  };
  const broken = { ...model, encode: lost, encodeWithActions: lost, encodeLast: undefined };
  const before = tf.memory().numTensors;
  for (const ask of asked) await expect(ask(broken)).rejects.toThrow('lost');
  expect(tf.memory().numTensors).toBe(before);
}
