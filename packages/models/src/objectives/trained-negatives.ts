import { knownHostValues, rememberHostValues } from '@seqrec/core';
import { type ExampleSet, trainingRows } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import type { DrawContext, DrawnItems, Objective } from './objective.ts';

/** The items that have a training event, ascending. */
export function trainedItemsOf(examples: ExampleSet): Int32Array {
  return Int32Array.from(trainingRows(examples).items, (row) => row + 1);
}

/**
 * The objective with negatives from `items` alone. An item without a training event is never a positive: as a
 * negative it would learn, by the features that it shares, that it is never right.
 */
export function withNegativesOf(objective: Objective, items: Int32Array): Objective {
  const { draw } = objective;
  if (draw === undefined) return objective;
  return {
    ...objective,
    settings: { ...objective.settings, negativeItems: 'trained' },
    draw(context: DrawContext): DrawnItems {
      const drawn = draw({ ...context, numItems: items.length });
      return Object.fromEntries(Object.entries(drawn).map(([name, places]) => [name, itemsAt(items, places)]));
    },
  };
}

/** `items[place - 1]` of each place, on the host where the places are. */
function itemsAt(items: Int32Array, places: tf.Tensor): tf.Tensor {
  const host = knownHostValues(places) as Int32Array | undefined;
  if (host === undefined) {
    const table = tf.concat([tf.zeros([1], 'int32'), tf.tensor1d(items, 'int32')]);
    return tf.gather(table, tf.cast(places, 'int32'));
  }
  const values = host.map((place) => items[place - 1]);
  return rememberHostValues(tf.tensor(values, places.shape, 'int32'), values);
}
