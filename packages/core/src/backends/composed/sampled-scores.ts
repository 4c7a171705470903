import * as tf from '@tensorflow/tfjs-core';
import {
  SampledScores,
  SampledScoresGrad,
  type SampledScoresGradInputs,
  type SampledScoresInputs,
} from '../kernel-names.ts';
import { composedKernel, type TensorsOf } from './kernel.ts';

/** Floats of gathered vectors `[queries, R, D]` held at a time: 16 MiB. */
const BLOCK_FLOATS = 2 ** 22;

interface Block {
  readonly size: number;
  readonly q: tf.Tensor;
  /** `[size * R]`. */
  readonly ids: tf.Tensor1D;
  /** `[size, R, D]`. */
  readonly vectors: tf.Tensor;
}

/** Calls `use` for one block of queries after another, inside `tf.tidy`. */
function blockwise<T extends tf.TensorContainer>(
  { queries, items, ids }: TensorsOf<SampledScoresInputs>,
  use: (block: Block, start: number) => T,
): T[] {
  const [count, width] = queries.shape as [number, number];
  const each = ids.shape[1]!;
  const most = Math.max(1, Math.floor(BLOCK_FLOATS / Math.max(1, each * width)));
  return Array.from({ length: Math.ceil(count / most) }, (_, i) =>
    tf.tidy(() => {
      const start = i * most;
      const size = Math.min(most, count - start);
      const own = tf.reshape(tf.slice(ids, [start, 0], [size, each]), [size * each]) as tf.Tensor1D;
      const vectors = tf.reshape(tf.gather(items, own), [size, each, width]);
      return use({ size, q: tf.slice(queries, [start, 0], [size, width]), ids: own, vectors }, start);
    }),
  );
}

export const sampledScores = composedKernel<SampledScoresInputs, object>(SampledScores, (inputs) => {
  const [count, width] = inputs.queries.shape as [number, number];
  const each = inputs.ids.shape[1]!;
  if (count * each === 0) return tf.zeros([count, each]);
  const parts = blockwise(inputs, ({ size, q, vectors }) =>
    tf.reshape(tf.matMul(vectors, tf.reshape(q, [size, width, 1])), [size, each]),
  );
  return tf.concat(parts, 0);
});

export const sampledScoresGrad = composedKernel<SampledScoresGradInputs, object>(SampledScoresGrad, (inputs) => {
  const { queries, items, dScores } = inputs;
  const [count, width] = queries.shape as [number, number];
  const each = inputs.ids.shape[1]!;
  if (count * each === 0) return [tf.zeros([count, width]), tf.zeros(items.shape)];
  let dItems: tf.Tensor = tf.zeros(items.shape);
  const dQueries = blockwise(inputs, ({ size, q, ids, vectors }, start) => {
    const slopes = tf.slice(dScores, [start, 0], [size, each]);
    const rows = tf.mul(tf.reshape(slopes, [size, each, 1]), tf.reshape(q, [size, 1, width]));
    const sums = tf.unsortedSegmentSum(tf.reshape(rows, [size * each, width]), ids, items.shape[0]);
    const before = dItems;
    dItems = tf.keep(tf.add(before, sums));
    before.dispose();
    return tf.reshape(tf.matMul(tf.reshape(slopes, [size, 1, each]), vectors), [size, width]);
  });
  const whole = tf.add(dItems, 0);
  dItems.dispose();
  return [tf.concat(dQueries, 0), whole];
});
