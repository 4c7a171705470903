import * as tf from '@tensorflow/tfjs-core';
import type { TokenEncoder } from '../model.ts';

/** Queries, and what their scores still have to be divided by. */
export interface ScaledQueries {
  readonly queries: tf.Tensor2D;
  readonly temperature: number;
}

/**
 * Applies the temperature of a model that learns one, which starts at `temperature`: its queries are divided by it and
 * 1 is left to divide by. Other models keep their queries.
 */
export function scaledQueries(model: TokenEncoder, queries: tf.Tensor2D, temperature: number): ScaledQueries {
  if (model.temperature === undefined) return { queries, temperature };
  return { queries: tf.div(queries, model.temperature(temperature)), temperature: 1 };
}
