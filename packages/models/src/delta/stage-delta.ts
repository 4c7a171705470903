import { assignRows } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { featureTensors } from '../features/store.ts';
import type { Model } from '../model.ts';
import { floatRows } from './apply-delta.ts';
import { checkChain, placeAfter } from './check-chain.ts';
import type { Delta } from './delta.ts';
import { featuresDigest } from './features-digest.ts';
import type { ChainPlace } from './snapshot.ts';

/** A delta that is ready to be put into a model. Either commit or dispose it. */
export interface StagedDelta {
  /** Where the weights of the model stand afterwards. */
  readonly place: ChainPlace;
  /** Puts dense weights and rows into the model, without a pause in which others could run. */
  commit(): void;
  /** Frees it; the model stays as it is. */
  dispose(): void;
}

/**
 * Checks a delta and makes its tensors beside the weights of a model that serves: what takes time is done before the
 * switch. The model must be between two passes when it is committed, and what was computed of the old weights must be
 * computed anew: `Scorer.update` does both.
 *
 * @param held the weights of `model`: their name for messages, and their place in a chain.
 * @throws DeltaError as `applyDelta` does; the model stays as it is.
 */
export function stageDelta(
  model: Model,
  held: { readonly name: string; readonly place: ChainPlace },
  delta: Delta,
): StagedDelta {
  const { config, numItems, sizes } = model;
  const features = model.features?.features.map((feature) => ({ ...feature }));
  const state = { model: { ...config }, numItems, ...(sizes && { sizes }), ...(features && { features }) };
  const digest = featuresDigest(featureTensors(model.features));
  checkChain('stageDelta', { ...held, state, weights: model.variables(), featuresDigest: digest }, delta);
  const dense = new Map<string, tf.Tensor>();
  const rows = new Map<string, tf.Tensor2D>();
  const dispose = (): void => tf.dispose([...dense.values(), ...rows.values()]);
  try {
    for (const [name, { data, shape }] of delta.dense) dense.set(name, tf.tensor(data, [...shape], 'float32'));
    for (const [name, table] of delta.tables) {
      if (table.ids.length > 0)
        rows.set(name, tf.tensor2d(floatRows(table), [table.ids.length, table.shape[1]], 'float32'));
    }
  } catch (error) {
    dispose();
    throw error;
  }
  return {
    place: placeAfter(delta),
    commit() {
      for (const [name, variable] of model.variables()) {
        const whole = dense.get(name);
        const some = rows.get(name);
        if (whole !== undefined) variable.assign(whole);
        // It frees the rows.
        if (some !== undefined) assignRows(variable, some, delta.tables.get(name)!.ids);
      }
      rows.clear();
      dispose();
    },
    dispose,
  };
}
