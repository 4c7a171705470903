import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { count, positive } from '../config/fields.ts';
import type { BaselineDefinition } from './definition.ts';
import { easeBaseline, easeBytes } from './ease.ts';
import { itemKnnBaseline } from './item-knn.ts';
import { lastItemBaseline } from './last-item.ts';
import { markovBaseline } from './markov.ts';
import { popularityBaseline } from './popularity.ts';
import { randomWalkBaseline } from './random-walk.ts';
import { recentPopularityBaseline } from './recent-popularity.ts';
import { slimBaseline, slimBytes } from './slim.ts';

/** Items whose inverse the `cpu` backend makes in half a minute. */
const CPU_ITEMS = 2000;

const inWords = (value: number): string => value.toLocaleString('en-US');

const memory = z
  .int()
  .min(1)
  .max(2 ** 20)
  .default(2048);

/** The baselines of this package, in the order in which they are shown. */
export const ownBaselines: readonly BaselineDefinition<never>[] = [
  define({ name: 'popularity', fit: (train) => popularityBaseline(train) }),
  define({
    name: 'recent-popularity',
    settings: {
      key: 'recentPopularity',
      schema: z.strictObject({
        days: positive.default(7).describe('Length of the window that ends with the newest training event, in days.'),
      }),
      tries: { days: [1, 3, 7, 14, 30, 90] },
    },
    fit: (train, { settings }) => recentPopularityBaseline(train, settings),
    unfit: ({ interactions }) =>
      interactions.hasTimestamps ? undefined : 'does not apply to events in order without times',
  }),
  define({
    name: 'item-knn',
    settings: {
      key: 'itemKnn',
      schema: z.strictObject({
        last: count.default(10).describe('How many of the latest items of a history count.'),
        decay: positive.max(1).default(0.8).describe('Weight of an item per step back in time.'),
      }),
      tries: { last: [1, 3, 10, 50], decay: [0.6, 0.8, 1] },
    },
    fit: (train, { settings }) => itemKnnBaseline(train, settings),
  }),
  define({
    name: 'last-item',
    fit: (train) => lastItemBaseline(train),
    unfit: (_, { excludeSeen }) =>
      excludeSeen ? 'does not apply where items of the history are no candidates (evaluation.excludeSeen)' : undefined,
  }),
  define({ name: 'markov', fit: (train) => markovBaseline(train) }),
  define({
    name: 'random-walk',
    settings: {
      key: 'randomWalk',
      schema: z.strictObject({
        alpha: z.number().min(0).default(1).describe('Exponent of the probabilities of steps.'),
        beta: z.number().min(0).default(0.6).describe('Exponent of the popularity that scores are divided by.'),
      }),
      tries: { alpha: [0.6, 1, 1.4], beta: [0, 0.3, 0.6, 0.9] },
    },
    fit: (train, { settings }) => randomWalkBaseline(train, settings),
  }),
  define({
    name: 'ease',
    settings: {
      key: 'ease',
      schema: z.strictObject({
        lambda: positive
          .default(500)
          .describe('Weight of the square of the weights of EASE: Steck 2019, 500 for ML-20M.'),
        maxMemory: memory.describe('EASE is skipped, with the reason, where its inverse needs more than so many MiB.'),
      }),
      tries: { lambda: [1, 3, 10, 30, 100, 300, 1000] },
    },
    fit: (train, { settings: { lambda }, onProgress }) =>
      easeBaseline(train, { lambda, ...(onProgress && { onProgress }) }),
    steps: 'blocks',
    bytes: easeBytes,
    about: ({ interactions }) => `inverts ${inWords(interactions.numItems)} items at most`,
    unfit: ({ interactions }) =>
      tf.getBackend() === 'cpu' && interactions.numItems > CPU_ITEMS
        ? `would take minutes on the cpu backend, with ${inWords(interactions.numItems)} items; simd, wasm, webgpu and tensorflow take it`
        : undefined,
  }),
  define({
    name: 'slim',
    settings: {
      key: 'slim',
      schema: z.strictObject({
        l1: z.number().min(0).default(5).describe('Weight of the sum of the weights of SLIM.'),
        l2: positive.default(50).describe('Weight of half the sum of their squares.'),
        tolerance: positive.default(1e-5).describe('A column of SLIM is done when no weight moves by more in a sweep.'),
        maxMemory: memory.describe(
          'SLIM is skipped, with the reason, where pairs of items need more than so many MiB.',
        ),
      }),
      tries: { l1: [1, 5], l2: [10, 50, 200] },
    },
    fit: (train, { settings: { maxMemory: _, ...settings }, onProgress }) =>
      slimBaseline(train, { ...settings, ...(onProgress && { onProgress }) }),
    steps: 'items',
    bytes: slimBytes,
  }),
];

function define<S extends object>(definition: BaselineDefinition<S>): BaselineDefinition<never> {
  return definition as unknown as BaselineDefinition<never>;
}
