import * as tf from '@tensorflow/tfjs-core';
import type { BaselineDefinition } from './definition.ts';
import { easeBaseline, easeBytes } from './ease.ts';
import { itemKnnBaseline } from './item-knn.ts';
import { lastItemBaseline } from './last-item.ts';
import { markovBaseline } from './markov.ts';
import { popularityBaseline } from './popularity.ts';
import { randomWalkBaseline } from './random-walk.ts';
import { recentPopularityBaseline } from './recent-popularity.ts';
import { baselineSchemas } from './schemas.ts';
import { slimBaseline, slimBytes } from './slim.ts';

/** Items whose inverse the `cpu` backend makes in half a minute. */
const CPU_ITEMS = 2000;

const inWords = (value: number): string => value.toLocaleString('en-US');

/** Settings of a baseline of this package. */
const own = <K extends keyof typeof baselineSchemas>(key: K) => ({ key, schema: baselineSchemas[key] });

/** The baselines of this package, in the order in which they are shown. */
export const ownBaselines: readonly BaselineDefinition<never>[] = [
  define({ name: 'popularity', fit: (train) => popularityBaseline(train) }),
  define({
    name: 'recent-popularity',
    settings: {
      ...own('recentPopularity'),
      tries: { days: [1, 3, 7, 14, 30, 90] },
    },
    fit: (train, { settings }) => recentPopularityBaseline(train, settings),
    unfit: ({ interactions }) =>
      interactions.hasTimestamps ? undefined : 'does not apply to events in order without times',
  }),
  define({
    name: 'item-knn',
    settings: {
      ...own('itemKnn'),
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
      ...own('randomWalk'),
      tries: { alpha: [0.6, 1, 1.4], beta: [0, 0.3, 0.6, 0.9] },
    },
    fit: (train, { settings }) => randomWalkBaseline(train, settings),
  }),
  define({
    name: 'ease',
    settings: {
      ...own('ease'),
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
      ...own('slim'),
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
