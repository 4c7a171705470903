import * as tf from '@tensorflow/tfjs-core';
import type { BaselineDefinition } from './definition.ts';
import { easeBaseline, easeBytes } from './ease.ts';
import { itemKnnBaseline } from './item-knn.ts';
import { lastItemBaseline } from './last-item.ts';
import { markovBaseline } from './markov.ts';
import { popularityBaseline } from './popularity.ts';
import { type RandomWalkOptions, randomWalkBaseline } from './random-walk.ts';
import { type RecentPopularityOptions, recentPopularityBaseline } from './recent-popularity.ts';
import { type SlimOptions, slimBaseline, slimBytes } from './slim.ts';

/** Items whose inverse the `cpu` backend makes in half a minute. */
const CPU_ITEMS = 2000;

const count = (value: number): string => value.toLocaleString('en-US');

/** The baselines of this package, in the order in which they are shown. */
export const ownBaselines: readonly BaselineDefinition<never>[] = [
  define({ name: 'popularity', fit: (train) => popularityBaseline(train) }),
  define<RecentPopularityOptions>({
    name: 'recent-popularity',
    fit: (train, { settings }) => recentPopularityBaseline(train, settings),
    unfit: ({ interactions }) =>
      interactions.hasTimestamps ? undefined : 'does not apply to events in order without times',
  }),
  define({ name: 'item-knn', fit: (train) => itemKnnBaseline(train) }),
  define({
    name: 'last-item',
    fit: (train) => lastItemBaseline(train),
    unfit: (_, { excludeSeen }) =>
      excludeSeen ? 'does not apply where items of the history are no candidates (evaluation.excludeSeen)' : undefined,
  }),
  define({ name: 'markov', fit: (train) => markovBaseline(train) }),
  define<RandomWalkOptions>({
    name: 'random-walk',
    fit: (train, { settings }) => randomWalkBaseline(train, settings),
  }),
  define<{ readonly lambda: number }>({
    name: 'ease',
    fit: (train, { settings: { lambda }, onProgress }) =>
      easeBaseline(train, { lambda, ...(onProgress && { onProgress }) }),
    steps: 'blocks',
    bytes: easeBytes,
    about: ({ interactions }) => `inverts ${count(interactions.numItems)} items at most`,
    unfit: ({ interactions }) =>
      tf.getBackend() === 'cpu' && interactions.numItems > CPU_ITEMS
        ? `would take minutes on the cpu backend, with ${count(interactions.numItems)} items; simd, wasm, webgpu and tensorflow take it`
        : undefined,
  }),
  define<SlimOptions & { readonly maxMemory?: number }>({
    name: 'slim',
    fit: (train, { settings: { maxMemory: _, ...settings }, onProgress }) =>
      slimBaseline(train, { ...settings, ...(onProgress && { onProgress }) }),
    steps: 'items',
    bytes: slimBytes,
  }),
];

function define<S extends object>(definition: BaselineDefinition<S>): BaselineDefinition<never> {
  return definition as unknown as BaselineDefinition<never>;
}
