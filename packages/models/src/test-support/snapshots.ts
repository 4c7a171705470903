import type { Snapshot, Weight } from '../delta/snapshot.ts';
import { parametersDigest } from '../train/weights-digest.ts';
import { tinyConfigs } from './tiny.ts';

/** A base of some weights, under the configuration of a small model. */
export function snapshotOf(weights: ReadonlyMap<string, Weight>, { step = 0, numItems = 20, name = 'base' } = {}) {
  const base = parametersDigest(weights);
  return {
    name,
    state: {
      model: { ...tinyConfigs.sasrec },
      numItems,
      position: { epoch: 0, stepInEpoch: 0, globalStep: step, lossSum: 0, weight: 0 },
      iterations: step,
      training: {},
    },
    extra: {},
    weights,
    features: new Map(),
    place: { base, latest: base, deltas: 0 },
  } satisfies Snapshot;
}

/** A weight of these numbers. */
export function weightOf(shape: readonly number[], values: ArrayLike<number>): Weight {
  return { shape, data: Float32Array.from(values) };
}

/** The bits of all weights, by name. */
export function bitsOf(weights: ReadonlyMap<string, Weight>): Record<string, number[]> {
  return Object.fromEntries(
    Array.from(weights, ([name, { data }]) => [name, [...new Uint32Array(data.slice().buffer)]]),
  );
}
